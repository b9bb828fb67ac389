//! How often a password or a code may be tried.
//!
//! A try is counted before anything is hashed, in rows that all processes share. A try over a limit is refused by a
//! look at these rows, without a write. Which limits apply depends on what is known of the browser ([`Guesser`]):
//! guesses from elsewhere must not lock an owner out (no lock-out weapon), so a browser with a device cookie and a
//! session in which the user is logged in have counts of their own.

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

/// Counts begin again after this long.
pub const WINDOW: Duration = Duration::minutes(5);
/// Windows erased in one transaction: each is short, however many there are.
const SWEPT_AT_ONCE: u64 = 1_000;

/// Who tries: it decides which counts a try uses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// A browser that nothing is known of, at this address. Over all addresses, the tries for one account are limited
    /// too.
    Stranger(Option<IpAddr>),
    /// A browser with a device cookie of the user, by the cookie's hash.
    Device(Hash),
    /// A session in which the user is logged in, by the hash of its id.
    Session(Hash),
    /// A browser that was sent here by a one-time link, by the hash of its token.
    Link(Hash),
}

/// A try that was counted, and may be taken back.
#[derive(Clone, Debug)]
pub struct Counted {
    keys: Vec<Hash>,
    device: Option<Hash>,
    right: Option<Hash>,
}

/// Whether a password or a code may be tried.
#[derive(Clone, Debug)]
pub enum Admission {
    /// It may be tried.
    Admitted(Counted),
    /// It may not be tried before this long has passed.
    TooMany(Duration),
    /// The device cookie is void: the browser is a stranger like others.
    Void,
}

/// Ends a transaction without keeping what it counted.
enum Refused {
    TooMany(Duration),
    Void,
    Failed(DatabaseError),
}

impl From<DatabaseError> for Refused {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error)
    }
}

/// Counts tries, for all processes that share the database.
#[derive(Clone)]
pub struct Throttles {
    database: Database,
    clock: SharedClock,
    keys: Keys,
}

impl Throttles {
    /// In this database. The vault's key hides what is counted from a reader of the database.
    pub fn new(database: Database, clock: SharedClock, vault: Vault) -> Self {
        Self { database, clock, keys: Keys::new(vault) }
    }

    /// Counts a try of the password of `account`, a text that is the same for all ways to type one account.
    pub async fn admit_password(&self, guesser: Guesser, account: &str) -> Result<Admission, Failure> {
        let right = self.keys.right_passwords(guesser, account);
        self.admit(guesser, self.keys.password(guesser, account), right).await
    }

    /// Counts a try of a code of a user's second factor.
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
            (*count >= limit.max).then(|| left(*since, now))
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
                    return Err(Refused::Void);
                }
                for limit in &limits {
                    let (count, since) = throttles::count(&tx, limit.key, now, WINDOW).await?;
                    if count > limit.max {
                        // Others were faster. The transaction is undone, so this try leaves nothing.
                        return Err(Refused::TooMany(left(since, now)));
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
            Err(Refused::Void) => {
                if let Some(device) = device {
                    self.database.write(async |tx| devices::erase(&tx, device).await).await?;
                }
                Ok(Admission::Void)
            }
            Err(Refused::Failed(error)) => Err(error.into()),
        }
    }

    /// Counts one more of something else than log-ins, by a name that begins with what it is.
    ///
    /// # Returns
    /// Whether it is within `limit` in the window. What is over the limit is not counted.
    pub async fn is_within(&self, what: &str, limit: i64) -> Result<bool, Failure> {
        let limits = vec![Limit { key: self.keys.other(what), max: limit }];
        let admission = self.admit(Guesser::Stranger(None), limits, None).await?;
        Ok(matches!(admission, Admission::Admitted(_)))
    }

    /// Takes a try back that was not looked at, as where the program had too much to do.
    pub async fn take_back(&self, counted: &Counted) -> Result<(), Failure> {
        self.settle(counted, None).await
    }

    /// Takes a try back because the password or the code was right, and counts the right ones.
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

    /// Erases what no longer counts.
    pub async fn sweep(&self, lease: &Lease) -> Result<(), Failure> {
        loop {
            let now = self.clock.now();
            let started = now.minus(WINDOW);
            let erased = self
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(throttles::sweep(&tx, now, started, SWEPT_AT_ONCE).await?)
                })
                .await?;
            if erased < SWEPT_AT_ONCE {
                return Ok(());
            }
        }
    }
}

/// How long a window that began at `since` still lasts: between a second and a whole window.
fn left(since: Timestamp, now: Timestamp) -> Duration {
    since.plus(WINDOW).since(now).clamp(Duration::SECOND, WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n7_no_wait_is_longer_than_a_window_however_wrong_the_clock_was() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        assert_eq!(left(now, now), WINDOW);
        assert_eq!(left(now.plus(Duration::days(30)), now), WINDOW);
        assert_eq!(left(now.minus(Duration::days(30)), now), Duration::SECOND);
        assert_eq!(left(now.minus(Duration::minutes(4)), now), Duration::minutes(1));
    }
}
