//! Checks the credential of a call again while the call goes on. The attack: a credential was stolen and is revoked, but
//! a call that began before goes on for hours.

use std::time::Duration;

use super::{ApiClient, ClientService, cache::Remembered, checking::is_valid};
use crate::{people::access::Scope, platform::failure::Failure};

/// When a call is checked first. Most calls have ended by then.
const FIRST: Duration = Duration::from_millis(500);
/// The time between two checks of a call.
const EVERY: Duration = Duration::from_secs(4);
/// How long a check counts for other calls with the same credential.
const COUNTS: Duration = Duration::from_secs(3);
/// How long a check may take.
const MAX_TIME: Duration = Duration::from_secs(3);

impl ClientService {
    /// Waits until the credential of a call has ended or has lost this scope, at most ten seconds longer, in every
    /// process.
    ///
    /// # Errors
    /// [`Failure`] as soon as the credential cannot be checked, also in time. The call must end then too.
    pub async fn wait_until_invalid(&self, client: &ApiClient, scope: Scope) -> Result<(), Failure> {
        let monotonic = &self.dependencies().monotonic;
        let mut next = monotonic.now() + FIRST;
        loop {
            monotonic.sleep_until(next).await;
            let now = monotonic.now();
            next = now + EVERY;
            let checked = tokio::select! {
                biased;
                checked = self.is_still_valid(client, scope) => checked,
                () = monotonic.sleep_until(now + MAX_TIME) => {
                    let why = "the credential of a call could not be checked in time, and the call was ended";
                    return Err(Failure::Unavailable(why.to_owned()));
                }
            };
            if !checked? {
                return Ok(());
            }
        }
    }

    async fn is_still_valid(&self, client: &ApiClient, scope: Scope) -> Result<bool, Failure> {
        let checked = self.dependencies().monotonic.now();
        let known = match self.0.cache.get_within(COUNTS, &client.lookup(), checked) {
            Remembered::Valid(known) => Some(known),
            Remembered::Earlier | Remembered::Nothing => self.read(client.lookup(), checked).await?,
        };
        let now = self.dependencies().clock.now();
        Ok(known.is_some_and(|known| is_valid(&known, now) && known.scopes.contains(scope)))
    }
}
