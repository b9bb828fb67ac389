//! Choosing a password by a link, without being logged in: an invitation, a new password, or the set-up. A holder of
//! such a link could have passwords judged without end, so the requests are counted before anything computes.

use secrecy::SecretString;

use super::service::{Browser, LogInService};
use crate::{
    people::model::Password,
    platform::{failure::Failure, randomness::Token},
};

/// The most passwords that are sent by one link within a window of the throttles.
const PER_LINK: i64 = 20;
/// The most that are sent from one address (IPv6: one /64), by any links; from each wider network around it four times
/// as many.
const PER_ADDRESS: i64 = 50;

/// What came of choosing a password.
pub(super) enum Chosen {
    /// It may be used.
    Password(Password),
    /// What to change.
    Refused(&'static str),
    /// Too many were sent: nothing was judged.
    TooOften,
}

impl LogInService {
    /// Judges a password that was sent by a link, by a person about whom `about` is known.
    pub(super) async fn choose_password(
        &self,
        link: &Token,
        browser: &Browser,
        text: SecretString,
        about: &[&str],
    ) -> Result<Chosen, Failure> {
        // Networks first: one that sends too much must not use up the link's number too.
        let mut limit = PER_ADDRESS;
        for network in browser.asker().networks().into_iter().rev() {
            if !self.throttles.is_within(&format!("chosen\0{network}"), limit).await? {
                return Ok(Chosen::TooOften);
            }
            limit *= 4;
        }
        if !self.throttles.is_within(&format!("chosen\0{}", link.hash()), PER_LINK).await? {
            return Ok(Chosen::TooOften);
        }
        let chosen = self.people.choose_password(browser.asker(), text, about).await?;
        Ok(chosen.map_or_else(Chosen::Refused, Chosen::Password))
    }
}
