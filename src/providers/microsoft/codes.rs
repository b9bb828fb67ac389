//! Explanations of Microsoft's own codes (AADSTS…), from its reference (reference-error-codes) and from reports of
//! users. The codes choose words, but they decide nothing, because Microsoft warns that they change.

mod account;
mod application;
mod credentials;
mod outages;
mod permissions;
mod rules;
mod sign_in;
mod tenant;

use crate::providers::diagnosis::{Cause, Remedy, Who};

/// The codes that prove a mistake in the credentials: secret, public client, application, disabled application, tenant.
/// Other codes may come from a request for a token of the application's own, and prove nothing about a sign-in.
pub const CREDENTIALS: [u64; 16] = [
    7_000_215, 70_002, 50_012, 7_000_222, 7_000_218, 7_000_216, 700_025, 90_023, 700_016, 700_011, 70_001,
    7_000_112, 90_112, 650_059, 90_002, 900_023,
];

/// The cause that a new secret or application is not yet known to all of Microsoft's servers.
pub(super) const fn just_made(when: &'static str, remedy: Remedy) -> Cause {
    let next = "Wait a minute and try again. Microsoft needs a few minutes to apply a change on all its servers. \
                You need not repeat the change.";
    Cause::one(when, Who::NoOne, next, remedy)
}

/// The explanation of some codes.
pub struct CodeEntry {
    /// The codes, without `AADSTS`.
    pub codes: &'static [u64],
    /// The event, in a line.
    pub title: &'static str,
    /// The meaning of the code: no more than Microsoft says by it.
    pub what: &'static str,
    /// The possible causes: at least one, the most likely first.
    pub causes: &'static [Cause],
}

/// The table, by subject.
const TABLES: [&[CodeEntry]; 8] = [
    credentials::TABLE,
    application::TABLE,
    tenant::TABLE,
    permissions::TABLE,
    rules::TABLE,
    account::TABLE,
    sign_in::TABLE,
    outages::TABLE,
];

/// General codes that Microsoft sends beside a more precise one.
pub const GENERAL: [u64; 6] = [70_000, 70_002, 65_005, 90_014, 90_023, 9_002_313];

/// Every entry.
pub fn table() -> impl Iterator<Item = &'static CodeEntry> {
    TABLES.into_iter().flatten()
}

pub fn find(code: u64) -> Option<&'static CodeEntry> {
    table().find(|entry| entry.codes.contains(&code))
}

/// Microsoft's own page about a code.
pub fn page(code: u64) -> String {
    format!("https://login.microsoftonline.com/error?code={code}")
}

#[cfg(test)]
mod tests;
