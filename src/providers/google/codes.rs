//! Explanations of Google's own errors: those of its page, of the token endpoint, and of its APIs. From Google's pages
//! about OAuth 2.0 for web server applications, the Gmail API (resolve errors) and `google.rpc.ErrorInfo`, and from
//! reports of users. The errors choose words; the OAuth `error` and the status decide.
//!
//! The errors of the OAuth specifications, such as `access_denied`, have many causes: they are in `general`.

mod api;
mod client;
mod grant;
mod page;
mod people;

pub(super) use people::TRUST;

use crate::providers::diagnosis::{Cause, Remedy, Who};

/// The errors that prove a mistake in the Client ID, the secret or the list of Redirect URIs at Google.
pub const CREDENTIALS: [&str; 5] = [
    "client_not_found",
    "client_secret_invalid",
    "deleted_client",
    "disabled_client",
    "redirect_uri_mismatch",
];

/// The errors of an API that is not enabled in the project of the application.
pub const API_DISABLED: [&str; 2] = ["SERVICE_DISABLED", "accessNotConfigured"];

/// Names of this program for errors that Google names only in sentences, each with the OAuth `error` or the `reason`
/// that Google sends with it.
const NAMED_HERE: [(&str, &str); 10] = [
    ("account_deleted", "invalid_grant"),
    ("app_blocked", "access_denied"),
    ("app_in_testing", "access_denied"),
    ("app_not_verified", "access_denied"),
    ("client_not_found", "invalid_client"),
    ("client_secret_invalid", "invalid_client"),
    ("mail_service_not_enabled", "failedPrecondition"),
    ("oauth_policy", "invalid_request"),
    ("request_is_invalid", "invalid_request"),
    ("token_expired_or_revoked", "invalid_grant"),
];

/// The cause that a change is not yet known to all of Google's servers.
pub(super) const fn just_made(when: &'static str, remedy: Remedy) -> Cause {
    let next = "Wait five minutes and try again. Google needs from five minutes to a few hours to apply a change on all \
                its servers. You need not repeat the change.";
    Cause::one(when, Who::NoOne, next, remedy)
}

/// The explanation of some errors.
pub struct CodeEntry {
    /// Google's names of the error, or names of this program ([`NAMED_HERE`]).
    pub codes: &'static [&'static str],
    /// English sentences of Google that name the error, in small letters with one space between words. Some texts have
    /// the sentence without the name.
    pub phrases: &'static [&'static str],
    /// The event, in a line.
    pub title: &'static str,
    /// The meaning of the error: no more than Google says by it.
    pub what: &'static str,
    /// The possible causes: at least one, the most likely first.
    pub causes: &'static [Cause],
}

/// The table, by subject.
const TABLES: [&[CodeEntry]; 5] = [client::TABLE, page::TABLE, people::TABLE, grant::TABLE, api::TABLE];

/// Every entry.
pub fn table() -> impl Iterator<Item = &'static CodeEntry> {
    TABLES.into_iter().flatten()
}

/// The entry of an error.
pub fn find(code: &str) -> Option<&'static CodeEntry> {
    table().find(|entry| entry.codes.contains(&code))
}

/// The name in the table of an error that may be written in another case.
pub fn name(code: &str) -> Option<&'static str> {
    table().flat_map(|entry| entry.codes).copied().find(|known| known.eq_ignore_ascii_case(code))
}

/// The error that a sentence of Google names. `words` are in small letters, with one space between words.
pub fn name_in_words(words: &str) -> Option<&'static str> {
    let has_phrase = |entry: &&CodeEntry| entry.phrases.iter().any(|phrase| words.contains(phrase));
    table().find(has_phrase).and_then(|entry| entry.codes.first()).copied()
}

/// The error as Google writes it.
pub fn shown(code: &str) -> &str {
    NAMED_HERE.iter().find(|(name, _)| *name == code).map_or(code, |(_, googles)| *googles)
}

#[cfg(test)]
mod tests;
