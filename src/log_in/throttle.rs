//! Limits how often a password or a code may be tried. Start with [`Throttles`].
//!
//! An attempt is counted before anything is hashed, in rows that all processes share. An attempt over a limit
//! is refused by reading these rows, without a write. The applicable limits depend on the browser
//! ([`Guesser`]). A browser with a device cookie and a logged-in session have counts of their own, so that an
//! attacker's guesses cannot lock the owner out.

pub(super) mod keys;

use std::net::IpAddr;

use time::Duration;

use self::keys::{Keys, Limit};
use super::store::{devices, throttles};
use crate::{
    jobs::service::Lease,
    people::service::Code,
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError},
        failure::Failure,
        id::UserId,
        randomness::Hash,
    },
    vault::Vault,
};

/// Length of a window; counts start again after it.
pub const WINDOW: Duration = Duration::minutes(5);
/// Number of windows that one transaction erases, so that each transaction is short.
const SWEPT_AT_ONCE: u64 = 1_000;

/// The person or address that makes an attempt. It decides which counts the attempt uses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// An unknown browser at this address. The attempts for one user name from all addresses together are
    /// limited too.
    Stranger(Option<IpAddr>),
    /// A browser with a device cookie of the user: the cookie's hash.
    Device(Hash),
    /// A session in which the user is logged in: the hash of the log-in.
    Session(Hash),
    /// A browser with a one-time link: the hash of its token.
    Link(Hash),
}

/// A counted attempt, which can be subtracted again.
#[derive(Clone, Debug)]
pub struct Counted {
    keys: Vec<Hash>,
    device: Option<Hash>,
    right: Option<Hash>,
}

/// Whether an attempt is allowed.
#[derive(Clone, Debug)]
pub enum Admission {
    /// The attempt is allowed, and counted.
    Admitted(Counted),
    /// The attempt is not allowed before this time has passed.
    TooMany(Duration),
    /// The device cookie is void. The browser counts as unknown.
    DeviceVoid,
}

/// Rolls a transaction back, so that its counts do not stay.
enum Refused {
    TooMany(Duration),
    DeviceVoid,
    Failed(DatabaseError),
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error)
    }
}

/// Counts attempts, for all processes that share the database.
#[derive(Clone)]
pub struct Throttles {
    database: Database,
    clock: SharedClock,
    keys: Keys,
}

impl Throttles {
    /// Throttles in this database. The vault's key hides the counted texts from a reader of the database.
    pub fn new(database: Database, clock: SharedClock, vault: Vault) -> Self {
        Self { database, clock, keys: Keys::new(vault) }
    }

    /// Counts an attempt at the password of `account`: a text that is the same for all spellings of
    /// organisation and email.
    pub async fn admit_password(&self, guesser: Guesser, account: &str) -> Result<Admission, Failure> {
        let right = self.keys.right_passwords(guesser, account);
        self.admit(guesser, self.keys.password(guesser, account), right).await
    }

    /// Counts an attempt at a code of a user's second factor.
    pub async fn admit_code(
        &self,
        guesser: Guesser,
        user: UserId,
        code: &Code,
    ) -> Result<Admission, Failure> {
        self.admit(guesser, self.keys.code(guesser, user, code), None).await
    }

    async fn admit(
        &self,
        guesser: Guesser,
        limits: Vec<Limit>,
        right: Option<Limit>,
    ) -> Result<Admission, Failure> {
        let now = self.clock.now();
        let looked_at: Vec<Limit> = limits.iter().chain(&right).copied().collect();
        let all: Vec<Hash> = looked_at.iter().map(|limit| limit.key).collect();
        let counts = throttles::open_counts(&self.database.read(), &all, now, WINDOW).await?;
        let over = looked_at.iter().filter_map(|limit| {
            let (count, since) = counts.get(&limit.key)?;
            (*count >= limit.max).then(|| remaining_time(*since, now))
        });
        if let Some(wait) = over.max() {
            return Ok(Admission::TooMany(wait));
        }
        let device = if let Guesser::Device(hash) = guesser { Some(hash) } else { None };
        let counted = self
            .database
            .write(async |tx| {
                if let Some(device) = device
                    && !devices::count_failure(&tx, device, super::devices::MAX_FAILURES).await?
                {
                    return Err(Refused::DeviceVoid);
                }
                for limit in &limits {
                    let (count, since) = throttles::count(&tx, limit.key, now, WINDOW).await?;
                    if count > limit.max {
                        // Concurrent attempts reached the limit first. The transaction is rolled back, so
                        // this attempt is not counted.
                        return Err(Refused::TooMany(remaining_time(since, now)));
                    }
                }
                Ok(())
            })
            .await;
        match counted {
            Ok(()) => {
                let keys = limits.into_iter().map(|limit| limit.key).collect();
                Ok(Admission::Admitted(Counted { keys, device, right: right.map(|limit| limit.key) }))
            }
            Err(Refused::TooMany(wait)) => Ok(Admission::TooMany(wait)),
            Err(Refused::DeviceVoid) => {
                if let Some(device) = device {
                    self.database.write(async |tx| devices::erase(&tx, device).await).await?;
                }
                Ok(Admission::DeviceVoid)
            }
            Err(Refused::Failed(error)) => Err(error.into()),
        }
    }

    /// Counts an event other than a log-in. `what` begins with the kind of event.
    ///
    /// # Returns
    /// Whether it is within `limit` in the window. An event over the limit is not counted.
    pub async fn is_within(&self, what: &str, limit: i64) -> Result<bool, Failure> {
        let limits = vec![Limit { key: self.keys.other(what), max: limit }];
        let admission = self.admit(Guesser::Stranger(None), limits, None).await?;
        Ok(matches!(admission, Admission::Admitted(_)))
    }

    /// Subtracts an attempt that was not tried, for example because the server was busy.
    pub async fn take_back(&self, counted: &Counted) -> Result<(), Failure> {
        self.settle(counted, None).await
    }

    /// Subtracts an attempt whose password or code was right, and counts the right ones.
    pub async fn note_right(&self, counted: &Counted) -> Result<(), Failure> {
        self.settle(counted, counted.right).await
    }

    async fn settle(&self, counted: &Counted, right: Option<Hash>) -> Result<(), Failure> {
        let now = self.clock.now();
        self.database
            .write(async |tx| {
                for &key in &counted.keys {
                    throttles::take_back(&tx, key).await?;
                }
                if let Some(device) = counted.device {
                    devices::take_failure_back(&tx, device).await?;
                }
                if let Some(right) = right {
                    throttles::count(&tx, right, now, WINDOW).await?;
                }
                Ok(())
            })
            .await
    }

    /// Erases windows that are over.
    pub async fn erase_old_windows(&self, lease: &Lease) -> Result<(), Failure> {
        loop {
            let now = self.clock.now();
            let started = now.minus(WINDOW);
            let erased = self
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(throttles::erase_old_windows(&tx, now, started, SWEPT_AT_ONCE).await?)
                })
                .await?;
            if erased < SWEPT_AT_ONCE {
                return Ok(());
            }
        }
    }
}

/// The remaining time of a window that began at `since`: between a second and a whole window.
fn remaining_time(since: Timestamp, now: Timestamp) -> Duration {
    since.plus(WINDOW).since(now).clamp(Duration::SECOND, WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n7_no_wait_is_longer_than_a_window_even_after_a_wrong_clock() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        assert_eq!(remaining_time(now, now), WINDOW);
        assert_eq!(remaining_time(now.plus(Duration::days(30)), now), WINDOW);
        assert_eq!(remaining_time(now.minus(Duration::days(30)), now), Duration::SECOND);
        assert_eq!(remaining_time(now.minus(Duration::minutes(4)), now), Duration::minutes(1));
    }
}
