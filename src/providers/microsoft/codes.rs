//! Explanations of Microsoft's own codes (AADSTS…), from its reference (reference-error-codes) and from reports of
//! users. The codes choose words, but they decide nothing, because Microsoft warns that they change.

mod account;
mod application;
mod credentials;
mod permissions;
mod rules;
mod service;
mod sign_in;
mod tenant;

use crate::providers::diagnosis::{Cause, Remedy, Who};

/// The explanation of some codes.
pub struct Entry {
    /// The codes, without `AADSTS`.
    pub codes: &'static [u64],
    /// What happened, in a line.
    pub title: &'static str,
    /// What it means: no more than Microsoft says by the code.
    pub what: &'static str,
    /// The possible causes: at least one, the most likely first.
    pub causes: &'static [Cause],
}

/// The table, by subject.
const TABLES: [&[Entry]; 8] = [
    credentials::TABLE,
    application::TABLE,
    tenant::TABLE,
    permissions::TABLE,
    rules::TABLE,
    account::TABLE,
    sign_in::TABLE,
    service::TABLE,
];

/// General codes that Microsoft sends beside a more precise one.
pub const GENERAL: [u64; 6] = [70_000, 70_002, 65_005, 90_014, 90_023, 9_002_313];

/// Every entry.
pub fn table() -> impl Iterator<Item = &'static Entry> {
    TABLES.into_iter().flatten()
}

/// The entry of a code.
pub fn find(code: u64) -> Option<&'static Entry> {
    table().find(|entry| entry.codes.contains(&code))
}

/// Microsoft's own page about a code.
pub fn page(code: u64) -> String {
    format!("https://login.microsoftonline.com/error?code={code}")
}

#[cfg(test)]
mod tests;
