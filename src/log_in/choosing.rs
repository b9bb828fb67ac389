//! A visitor who is not logged in chooses a password through a link: an invitation, a new password, or the
//! set-up.
//!
//! Denial of service: the holder of such a link could have any number of passwords judged. So requests are
//! counted before anything is computed.

use secrecy::SecretString;

use super::service::{Browser, LogInService};
use crate::{
    people::model::Password,
    platform::{failure::Failure, randomness::Token},
};

/// Maximum number of passwords sent with one link within a window of the throttles.
const PER_LINK: i64 = 20;
/// Maximum number of passwords sent from one address (IPv6: one /64), with any links. Each wider network around it
/// may send four times the number.
const PER_ADDRESS: i64 = 50;

/// The result of choosing a password.
pub(super) enum Chosen {
    /// The password may be used.
    Password(Password),
    /// The password may not be used: words for the form.
    Refused(&'static str),
    /// Too many passwords were sent. This one was not judged.
    TooOften,
}

impl LogInService {
    /// Judges a password that was sent with a link. `about` is known about the person.
    pub(super) async fn choose_password(
        &self,
        link: &Token,
        browser: &Browser,
        text: SecretString,
        about: &[&str],
    ) -> Result<Chosen, Failure> {
        // Check networks first: a network over its limit must not use up the link's limit too.
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
