//! The keys that the throttles count under, and the limit of each. A key is a keyed hash, which hides the
//! text from a reader of the database.

use std::net::{IpAddr, Ipv6Addr};

use super::Guesser;
use crate::{
    people::service::Code,
    platform::{id::UserId, randomness::Hash},
    vault::Vault,
};

/// Passwords from one address. A wider IPv6 network has a higher limit: a customer gets a /64, a /56 or a
/// /48, each with any number of addresses.
const PER_ADDRESS: i64 = 50;
const PER_IPV6_56: i64 = 100;
const PER_IPV6_48: i64 = 200;
/// Passwords for one user name from one address.
const PER_ACCOUNT_AND_ADDRESS: i64 = 10;
/// Passwords for one user name from all strangers together.
const PER_ACCOUNT: i64 = 50;
/// Passwords in one session, or with one link.
const PER_SESSION: i64 = 10;
/// Right passwords for one user name. Each costs a run of argon2 too.
const RIGHT_PASSWORDS: i64 = 30;
/// Codes for one user from one address or in one session. Only a browser that has given the password gets
/// this far.
const PER_CODE: i64 = 5;
/// App codes for one user from all strangers together: fewer than a hundred in an hour (ASVS 6.3.1), because
/// three of a million codes are valid at a time. Recovery codes cannot be guessed and do not count here, so
/// that an attacker who has the password cannot lock the owner out.
const PER_CODE_ANYWHERE: i64 = 8;

/// A counted key and its limit in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) key: Hash,
    pub(super) max: i64,
}

/// Derives the keys.
#[derive(Clone)]
pub(super) struct Keys(Vault);

impl Keys {
    pub(super) fn new(vault: Vault) -> Self {
        Self(vault)
    }

    fn limit(&self, max: i64, parts: &[&str]) -> Limit {
        Limit { key: self.key(parts), max }
    }

    fn key(&self, parts: &[&str]) -> Hash {
        let parts: Vec<&[u8]> =
            std::iter::once(&b"throttle"[..]).chain(parts.iter().map(|part| part.as_bytes())).collect();
        self.0.keyed_hash(&parts)
    }

    /// The limits of an attempt at a password. Wider networks come first, so that a network over its limit
    /// adds no rows for emails.
    pub(super) fn password(&self, guesser: Guesser, account: &str) -> Vec<Limit> {
        match guesser {
            Guesser::Stranger(address) => {
                let networks = networks(address);
                let address = networks.last().map(|(network, _)| network.clone()).unwrap_or_default();
                networks
                    .iter()
                    .map(|(network, max)| self.limit(*max, &["password", network]))
                    .chain([
                        self.limit(PER_ACCOUNT_AND_ADDRESS, &["password", &address, account]),
                        self.limit(PER_ACCOUNT, &["password of account", account]),
                    ])
                    .collect()
            }
            // The row of the cookie counts.
            Guesser::Device(_) => Vec::new(),
            Guesser::Session(id) => vec![self.limit(PER_SESSION, &["password in session", &id.to_string()])],
            Guesser::Link(token) => vec![self.limit(PER_SESSION, &["password by link", &token.to_string()])],
        }
    }

    /// The limit of right passwords, if this guesser has one.
    pub(super) fn right_passwords(&self, guesser: Guesser, account: &str) -> Option<Limit> {
        match guesser {
            Guesser::Stranger(_) => Some(self.limit(RIGHT_PASSWORDS, &["right password", account])),
            Guesser::Device(_) => Some(self.limit(RIGHT_PASSWORDS, &["right password by device", account])),
            Guesser::Session(id) => {
                Some(self.limit(RIGHT_PASSWORDS, &["right password in session", &id.to_string()]))
            }
            Guesser::Link(_) => None,
        }
    }

    /// The limits of an attempt at a code. Recovery codes have counts of their own.
    pub(super) fn code(&self, guesser: Guesser, user: UserId, code: &Code) -> Vec<Limit> {
        let (user, of_app) = (user.to_string(), matches!(code, Code::App(_)));
        let kind = if of_app { "code" } else { "recovery code" };
        match guesser {
            Guesser::Stranger(address) => {
                let address = networks(address).pop().map(|(network, _)| network).unwrap_or_default();
                let here = self.limit(PER_CODE, &[kind, &user, &address]);
                let anywhere = of_app.then(|| self.limit(PER_CODE_ANYWHERE, &[kind, &user]));
                std::iter::once(here).chain(anywhere).collect()
            }
            Guesser::Device(_) => Vec::new(),
            Guesser::Session(id) | Guesser::Link(id) => {
                vec![self.limit(PER_CODE, &[kind, "in session", &id.to_string()])]
            }
        }
    }

    /// The key of an event other than a log-in.
    pub(super) fn other(&self, what: &str) -> Hash {
        self.key(&["other", what])
    }
}

/// The networks that count an address, each with its limit, the widest first.
pub(in crate::log_in) fn networks(address: Option<IpAddr>) -> Vec<(String, i64)> {
    match address.map(|address| address.to_canonical()) {
        None => vec![(String::new(), PER_ADDRESS)],
        Some(IpAddr::V4(address)) => vec![(address.to_string(), PER_ADDRESS)],
        Some(IpAddr::V6(address)) => [(48, PER_IPV6_48), (56, PER_IPV6_56), (64, PER_ADDRESS)]
            .map(|(length, max)| {
                let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length)));
                (format!("{network}/{length}"), max)
            })
            .to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Vec<(String, i64)> {
        networks(Some(address.parse().expect("an address")))
    }

    #[test]
    fn n4_an_ipv6_address_is_counted_in_its_networks_of_64_56_and_48_bits() {
        let one = of("2001:db8:1:203::1");
        let names: Vec<&str> = one.iter().map(|(network, _)| network.as_str()).collect();
        assert_eq!(names, ["2001:db8:1::/48", "2001:db8:1:200::/56", "2001:db8:1:203::/64"]);
        assert_eq!(one, of("2001:db8:1:203:ffff::9"), "any address of one /64 counts as one");
        let same = |other: &str| one.iter().zip(of(other)).filter(|(one, other)| *one == other).count();
        assert_eq!(same("2001:db8:1:204::1"), 2, "another /64 of the same /56");
        assert_eq!(same("2001:db8:1:303::1"), 1, "another /56 of the same /48");
        assert_eq!(same("2001:db8:2:203::1"), 0, "another /48");
    }

    #[test]
    fn an_ipv4_address_is_counted_by_itself_also_where_it_is_written_as_ipv6() {
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1").len(), 1);
    }
}
