//! Parses a pasted client secret, and recognises values that are often pasted in its place.

#[cfg(test)]
mod tests;

use super::{
    fields::looks_like_secret,
    guid::{FoundGuid, GuidLabel, find_guid, parse_guid},
};
use crate::{platform::text, providers::form::SecretAndWarning};

/// Maximum number of bytes of a client secret. Microsoft's secrets are much shorter.
const MAX: usize = 256;
/// The fewest characters of Microsoft's secrets (Microsoft Graph, passwordCredential).
const SHORTEST: usize = 16;
/// Maximum number of characters of Microsoft's secrets (Microsoft Graph, passwordCredential).
const LONGEST: usize = 64;

/// Parses a client secret. Blanks and invisible characters at its ends are removed; all other characters stay.
/// `client_id` is the text in the field for the client ID.
///
/// # Returns
/// The secret, and a warning if it does not look like one of Microsoft's secrets.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub fn parse_client_secret<'a>(text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str> {
    let text = text::trim(text);
    if text.is_empty() {
        return Err("Copy the client secret from the Value column under Certificates & secrets.");
    }
    if holds_more_than_secret(text) {
        return Err("This contains more than the client secret. Copy only the Value.");
    }
    if ["https://", "http://"].iter().any(|scheme| begins_with(text, scheme)) {
        return Err(
            "This is an address and not a client secret. Copy the secret from the Value column under Certificates & \
             secrets.",
        );
    }
    if let Some(words) = about_id(text, client_id) {
        return Err(words);
    }
    if is_masked(text) {
        return Err("This is not the whole secret: Azure now shows only its beginning. Make a new secret.");
    }
    // A line of JSON or of a settings file has the secret in this form too.
    if text::is_quoted(text.trim_end_matches([',', ';'])) {
        return Err(
            "This has a quotation mark at both ends. A client secret has none: leave the quotation marks out.",
        );
    }
    // Microsoft Graph documents secretText as a string and names no set of characters. All known secrets are ASCII.
    if let Some(foreign) = text.chars().find(|c| !('!'..='~').contains(c)) {
        return Err(about_foreign(foreign));
    }
    if text.len() > MAX {
        return Err("This is too long for a client secret. Copy only the Value.");
    }
    Ok((text, warning(text)))
}

/// Whether a text begins with these ASCII characters, in capital or small letters.
fn begins_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|first| first.eq_ignore_ascii_case(beginning))
}

/// Whether a text contains a client secret and more text: a whole row of the portal's table, or a line of a settings
/// file with the name of the secret.
fn holds_more_than_secret(text: &str) -> bool {
    let mut words = text.split(text::is_blank);
    let is_row = text.contains(text::is_blank) && words.any(looks_like_secret);
    let signs = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '=' | ':'));
    let signs: String = signs.map(|c| c.to_ascii_lowercase()).collect();
    is_row || ["clientsecret=", "clientsecret:"].iter().any(|name| signs.contains(name))
}

/// The message for an ID that was pasted as a client secret. The portal shows both side by side, and the help pages of
/// many products confuse them.
fn about_id(text: &str, client_id: &str) -> Option<&'static str> {
    let FoundGuid::One { id, label } = find_guid(text) else { return None };
    // Without a label before it, a GUID among other characters may be a part of a secret.
    if label.is_none() && parse_guid(text).is_none() {
        return None;
    }
    let is_client_id = matches!(find_guid(client_id), FoundGuid::One { id: typed, .. } if typed == id);
    Some(match label {
        _ if is_client_id => {
            "This is the Client ID again. Copy the secret from the Value column under Certificates & secrets."
        }
        Some(GuidLabel::Client | GuidLabel::Tenant | GuidLabel::Object | GuidLabel::Other) => {
            "This is an ID and not the client secret. Copy the secret from the Value column under Certificates & \
             secrets."
        }
        Some(GuidLabel::Secret) | None => "This is the Secret ID. Copy the Value column instead.",
    })
}

/// Whether a text is the masked value that the portal shows of a secret. If the text is too short for a secret, three
/// mask characters at its end are enough.
fn is_masked(text: &str) -> bool {
    let last: Vec<char> = text.chars().rev().take(3).collect();
    let ends_in_mask = last.len() == 3 && last.iter().all(|c| text::is_mask_sign(*c) || *c == '.');
    text::is_masked(text) || (ends_in_mask && text.chars().count() < SHORTEST)
}

/// The message for a character that no client secret has. It depends on the program that may have inserted it.
fn about_foreign(c: char) -> &'static str {
    match c {
        ' ' | '\t' | '\r' | '\n' => "A client secret has no spaces. Copy only the Value.",
        c if text::is_blank(c) => {
            "This contains an unusual space. A client secret has no spaces. Copy the Value again."
        }
        c if text::is_hidden(c) => "This contains an invisible character. Copy the Value again.",
        c if text::is_dash(c) => {
            "This contains a dash that only looks like the character -, as word processors make it. Copy the Value \
             again."
        }
        c if text::is_tilde(c) => {
            "This contains a tilde that only looks like the character ~. Copy the Value again."
        }
        c if text::is_quotation_mark(c) => {
            "This contains a quotation mark. A client secret has none. Copy the Value again."
        }
        _ => {
            "This contains a character that no client secret has. A client secret has only the letters A to Z, digits, \
             and characters such as ~ . - _. Copy the Value again."
        }
    }
}

/// The warning for a text that could be a secret but is unusual. Microsoft does not document the characters of its
/// secrets, so the text is accepted and the administrator is warned.
fn warning(text: &str) -> Option<&'static str> {
    if text::is_percent_encoded(text) {
        return Some(
            "The text contains a % with two digits or letters after it. Perhaps the secret was percent-encoded: %7E \
             means ~. Unless Azure shows the same text in the Value column, copy the secret from there.",
        );
    }
    if text::is_html_encoded(text) {
        return Some(
            "The text contains a code of HTML. Perhaps the secret was copied from the source of a page: &amp; means \
             & and &#39; means '. Unless Azure shows the same text in the Value column, copy the secret from there.",
        );
    }
    if text.contains('\\') {
        return Some(
            "The text contains a backslash. Perhaps the secret was copied from a program: \\u007e means ~. Unless \
             Azure shows the same text in the Value column, copy the secret from there.",
        );
    }
    if text.starts_with(text::is_quotation_mark) || text.ends_with(text::is_quotation_mark) {
        return Some(
            "The text has a quotation mark at one end. Unless Azure shows the mark in the Value column, leave the \
             mark out.",
        );
    }
    if text::unwrapped(text) != text {
        return Some(
            "The text has brackets around it, or a comma or semicolon after it. Unless Azure shows them in the Value \
             column, leave them out.",
        );
    }
    if matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(
            "This looks like the thumbprint of a certificate. Unless Azure shows it in the Value column of Client secrets, \
             copy the secret from there.",
        );
    }
    (!(SHORTEST..=LONGEST).contains(&text.len())).then_some(
        "Microsoft's client secrets have 16 to 64 characters. This text does not. Check that you copied all of the \
         Value column.",
    )
}
