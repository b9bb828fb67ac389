//! Against guessing: how often a password may be tried. Counted are e-mail and address together, so that
//! whoever guesses keeps nobody else from logging in (no lock-out weapon), and the address alone, against
//! one who tries many e-mails.

use std::net::{IpAddr, Ipv6Addr};

use time::Duration;

use super::store::throttles;
use crate::people::service::Code;
use crate::platform::{
    clock::{SharedClock, Timestamp},
    database::Database,
    failure::Failure,
    id::UserId,
    randomness::Hash,
};

/// Counts begin anew after this long.
pub const WINDOW: Duration = Duration::minutes(5);
/// So many tries of one e-mail from one address within a window.
const PER_EMAIL: i64 = 10;
/// So many tries of an app's code of one user from one address within a window: only who has the password gets
/// so far.
const PER_CODE: i64 = 5;
/// And so many from anywhere, fewer than a hundred in an hour (ASVS 6.3.1): of the million codes three are right
/// at a time. Whoever tries on cannot keep the user out, for a recovery code is not counted here.
const PER_CODE_ANYWHERE: i64 = 8;
/// So many tries from one address within a window.
const PER_ADDRESS: i64 = 50;

/// Counts tries, for all processes that share the database.
#[derive(Clone)]
pub struct Throttles {
    database: Database,
    clock: SharedClock,
}

/// A try that was counted, and may be taken back.
#[derive(Clone, Debug)]
pub struct Counted(Vec<Hash>);

/// Whether a password may be tried.
#[derive(Clone, Debug)]
pub enum Admission {
    /// It may.
    Admitted(Counted),
    /// Not before this long has passed.
    TooMany(Duration),
}

impl Throttles {
    /// In this database.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock }
    }

    /// Counts a try, before anything is hashed for it: committed, whatever comes of it.
    pub async fn admit(&self, email: &str, address: Option<IpAddr>) -> Result<Admission, Failure> {
        let [email, address] = keys(email, address);
        let counted = Counted(vec![email, address]);
        let now = self.clock.now();
        let wait = self
            .database
            .write(async |tx| {
                let (count, since) = throttles::count(&tx, email, now, WINDOW).await?;
                if count > PER_EMAIL {
                    // Not counted for the address too: others may share it.
                    return Ok::<_, Failure>(Some(left(since, now)));
                }
                let (count, since) = throttles::count(&tx, address, now, WINDOW).await?;
                Ok((count > PER_ADDRESS).then(|| left(since, now)))
            })
            .await?;
        Ok(wait.map_or(Admission::Admitted(counted), Admission::TooMany))
    }

    /// Counts a try of a user's second factor. Recovery codes cannot be guessed: they are counted apart, by
    /// address, so that wrong ones cost us little.
    pub async fn admit_code(
        &self,
        user: UserId,
        address: Option<IpAddr>,
        code: &Code,
    ) -> Result<Admission, Failure> {
        let address = address.map(network).map(|address| address.to_string()).unwrap_or_default();
        let kind = if matches!(code, Code::App(_)) { "code" } else { "recovery" };
        let here = Hash::of(format!("{kind}\0{user}\0{address}").as_bytes());
        let anywhere = Hash::of(format!("{kind}\0{user}").as_bytes());
        let now = self.clock.now();
        let wait = self
            .database
            .write(async |tx| {
                let (count, since) = throttles::count(&tx, here, now, WINDOW).await?;
                if count > PER_CODE {
                    return Ok::<_, Failure>(Some(left(since, now)));
                }
                if matches!(code, Code::Recovery(_)) {
                    return Ok(None);
                }
                let (count, since) = throttles::count(&tx, anywhere, now, WINDOW).await?;
                Ok((count > PER_CODE_ANYWHERE).then(|| left(since, now)))
            })
            .await?;
        let counted = Counted(if kind == "code" { vec![here, anywhere] } else { vec![here] });
        Ok(wait.map_or(Admission::Admitted(counted), Admission::TooMany))
    }

    /// Counts one more of something else than log-ins, by a name that begins with what it is: whether that is
    /// no more than `limit` within a window.
    pub async fn is_within(&self, what: &str, limit: i64) -> Result<bool, Failure> {
        let (key, now) = (Hash::of(what.as_bytes()), self.clock.now());
        self.database.write(async |tx| Ok(throttles::count(&tx, key, now, WINDOW).await?.0 <= limit)).await
    }

    /// Takes a try back that was none: its password was right, or was not looked at.
    pub async fn take_back(&self, counted: &Counted) -> Result<(), Failure> {
        self.database
            .write(async |tx| {
                for &key in &counted.0 {
                    throttles::take_back(&tx, key).await?;
                }
                Ok(())
            })
            .await
    }

    /// Erases what no longer counts.
    pub async fn sweep(&self) -> Result<(), Failure> {
        let started = self.clock.now().minus(WINDOW);
        self.database.write(async |tx| Ok(throttles::sweep(&tx, started).await?)).await
    }
}

fn left(since: Timestamp, now: Timestamp) -> Duration {
    since.plus(WINDOW).since(now).max(Duration::SECOND)
}

/// What is counted: e-mail with address, and address alone, each by its hash.
fn keys(email: &str, address: Option<IpAddr>) -> [Hash; 2] {
    let address = address.map(network).map(|address| address.to_string()).unwrap_or_default();
    let email = email.trim().to_lowercase();
    [
        Hash::of(format!("log-in\0{address}\0{email}").as_bytes()),
        Hash::of(format!("log-in\0{address}").as_bytes()),
    ]
}

/// Of an IPv6 address the network: whoever has one address of a /64 has them all.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let key = |address: &str| keys("ada@contoso.test", address.parse().ok())[1];
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn an_e_mail_counts_as_one_however_it_is_written() {
        let key = |email: &str| keys(email, None)[0];
        assert_eq!(key(" Ada@Contoso.test "), key("ada@contoso.test"));
        assert_ne!(key("ada@contoso.test"), key("bob@contoso.test"));
        assert_ne!(keys("", None)[0], keys("", None)[1]);
    }
}
