//! Reads an error that Google showed on its own page and an administrator pasted. Such errors (`redirect_uri_mismatch`,
//! `org_internal`, …) never come to the Redirect URI. The pasted text is never stored.

mod address;

use super::{codes, errors, words};
use crate::providers::{ProviderWords, RawError, diagnosis::Remedy, pasted_text, provider, single_line};

/// At most this number of characters of the text is read. Google's errors have a few hundred characters. A form sends a
/// character that is not ASCII in up to nine bytes; a text of this length still fits into a body.
const MAX: usize = 7000;

/// Hosts of Google. An address on one of them is not a Redirect URI.
const GOOGLE: [&str; 15] = [
    "accounts.google.com",
    "admin.google.com",
    "cloud.google.com",
    "console.cloud.google.com",
    "console.developers.google.com",
    "developers.google.com",
    "gmail.googleapis.com",
    "mail.google.com",
    "myaccount.google.com",
    "oauth2.googleapis.com",
    "people.googleapis.com",
    "policies.google.com",
    "support.google.com",
    "www.google.com",
    "www.googleapis.com",
];

/// Errors of the OAuth specifications that Google's page and its redirects have.
const STANDARD: [&str; 8] = [
    "invalid_client",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_grant",
    "invalid_request",
    "access_denied",
    "server_error",
];

/// The values that were read from the pasted text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// The name of the error in the table of codes, or an error of the OAuth specifications.
    code: Option<&'static str>,
    /// The error in a line such as `Error 400: something`, if this program does not know it.
    unknown: Option<String>,
    said: ProviderWords,
    /// The Redirect URIs in the text; Google's own addresses are left out.
    uris: Vec<String>,
}

/// Reads the pasted text, and explains the error in it.
pub fn explain(text: &str) -> provider::Pasted {
    let Found { code, unknown, said, uris } = read(text);
    let diagnosis = errors::of_shown(code);
    provider::Pasted {
        is_understood: code.is_some() || unknown.is_some(),
        is_about_redirect_uri: diagnosis.remedies().contains(&Remedy::RedirectUri),
        diagnosis,
        said,
        uris,
    }
}

/// Reads the pasted text. It may be Google's whole page or its source, the error alone, the JSON of the token endpoint or
/// of an API, or an address.
fn read(text: &str) -> Found {
    let text: String = text.chars().take(MAX).collect();
    let text = match address::error_in(&text) {
        Some(error) => format!("{text}\n{error}"),
        None => text,
    };
    // The text may be the address of a page.
    let text = if text.contains("%20") || text.contains("%3a") || text.contains("%3A") {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.flat_map(|(name, value)| [name, "=".into(), value, " ".into()]).collect()
    } else {
        text
    };
    let text = pasted_text::decode(&text);
    let plain = pasted_text::plain(&text);
    let lower = pasted_text::words(&plain);
    let unknown = numbered_error(&lower);
    let code = code(&lower);
    let error = code.map_or(unknown.as_deref(), |code| Some(codes::shown(code)));
    let description = error.and_then(|error| description(&plain, error));
    let said = words::read(&RawError {
        error,
        description: description.as_deref(),
        reason: code,
        ..RawError::default()
    });
    // The addresses keep every character of the pasted text, because they are compared.
    Found { code, said, uris: uris(&text), unknown: unknown.filter(|_| code.is_none()) }
}

/// The error in a text of small letters with one space between words.
fn code(lower: &str) -> Option<&'static str> {
    let own = || {
        let mut names = codes::table().flat_map(|entry| entry.codes).copied();
        names.find(|name| has_word(lower, &name.to_ascii_lowercase()))
    };
    // On Google's page this error has one cause. In the address of a callback it has many.
    let in_testing =
        || (numbered_error(lower).as_deref() == Some("access_denied")).then_some("app_in_testing");
    let standard = || STANDARD.into_iter().find(|name| has_word(lower, name));
    own().or_else(|| codes::name_in_words(lower)).or_else(in_testing).or_else(standard)
}

/// Whether a text has this name as a whole word that is not the name of a parameter.
fn has_word(text: &str, name: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.get(name.len()..).unwrap_or_default();
        !before.ends_with(is_letter) && !after.starts_with(|c: char| is_letter(c) || c == '=')
    })
}

/// The name behind a status of Google's page, in any language: `error 403: access_denied`.
fn numbered_error(lower: &str) -> Option<String> {
    lower.match_indices(':').find_map(|(at, _)| {
        let (before, rest) = lower.split_at(at);
        let status = before.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let name = rest.trim_start_matches([':', ' ']);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        let name = &name[..end];
        let is_status = status.len() == 3 && status.starts_with(['4', '5']);
        (is_status && name.contains('_') && name.len() <= 60).then(|| name.to_owned())
    })
}

/// The line of the text that names the error, from the error on. Behind these characters an address or JSON may go on with
/// secrets.
fn description(plain: &str, error: &str) -> Option<String> {
    let lower = plain.to_ascii_lowercase();
    let from = plain.get(lower.find(&error.to_ascii_lowercase())?..)?;
    let line = from.lines().next()?;
    let end = line.find(['&', '?', '#', '"']).unwrap_or(line.len());
    Some(single_line(&line[..end], 1_000))
}

/// The addresses in the text, that of the parameter `redirect_uri` first.
fn uris(text: &str) -> Vec<String> {
    let mut uris = pasted_text::uris(text, &GOOGLE);
    let named = |uri: &String| {
        let before = text.find(uri.as_str()).and_then(|at| text.get(..at)).unwrap_or_default();
        before.trim_end_matches(['=', ':', ' ', '"', '\'']).to_ascii_lowercase().ends_with("redirect_uri")
    };
    uris.sort_by_key(|uri| !named(uri));
    uris
}

#[cfg(test)]
mod tests;
