//! Parses a pasted client secret, and recognises values that are often pasted in its place.

#[cfg(test)]
mod tests;

use super::{
    client_file,
    fields::{SUFFIX, parse_client_id},
};
use crate::{platform::text, providers::form::SecretAndWarning};

/// The beginning of Google's client secrets. Those that were made before 2021 do not have it.
const PREFIX: &str = "GOCSPX-";
/// The words of the browser for every mistake, and for every warning: the bundle has little room.
const NO_SECRET: &str = "This is not a client secret. Copy the secret of your OAuth client, which begins with GOCSPX-, and \
                         nothing else.";
const UNUSUAL: &str = "Google’s client secrets begin with GOCSPX- and have 35 characters. Check that you copied the whole \
                       secret, and nothing else.";
/// The fewest characters of a secret with [`PREFIX`] for which no warning is given. They have 35.
const SHORTEST: usize = 30;
/// Maximum number of bytes of a client secret. Google's secrets are much shorter.
const MAX: usize = 256;

/// Beginnings of other values of Google, and the message for each.
const OTHERS: [(&str, &str); 5] = [
    ("http", "This is an address and not a client secret. Copy the secret of your OAuth client."),
    ("AIza", "This is an API key and not a client secret. Copy the secret of your OAuth client."),
    (
        "1//",
        "This is a refresh token, which belongs to one mailbox. Copy the secret of your OAuth client. The mailbox is \
         connected with a sign-in later.",
    ),
    ("4/", "This is the code of a sign-in and not a client secret. Copy the secret of your OAuth client."),
    ("ya29.", "This is an access token and not a client secret. Copy the secret of your OAuth client."),
];

/// Parses a client secret, or takes it from the file of the client. Blanks, quotation marks and brackets around it are
/// removed. `client_id` is the text in the field for the client ID.
///
/// # Returns
/// The secret, and a warning if it does not look like one of Google's secrets.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub fn parse_client_secret<'a>(text: &'a str, client_id: &str) -> Result<SecretAndWarning<'a>, &'static str> {
    let Some(file) = client_file::read(text) else { return parse_alone(text) };
    let file = file?;
    if parse_client_id(client_id).is_ok_and(|typed| parse_client_id(file.client_id) != Ok(typed)) {
        return Err("This file belongs to another Client ID. Use the file of the same OAuth client.");
    }
    parse_alone(file.client_secret)
}

fn parse_alone(text: &str) -> Result<SecretAndWarning<'_>, &'static str> {
    let text = text::unwrapped(text);
    // The browser says only that something is wrong; the server says what.
    if !cfg!(feature = "ssr") {
        let may_be =
            text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains(SUFFIX) && text.len() <= MAX;
        let warning = (!text.starts_with(PREFIX) || text.len() < SHORTEST).then_some(UNUSUAL);
        return if may_be && !text.is_empty() { Ok((text, warning)) } else { Err(NO_SECRET) };
    }
    if text.is_empty() {
        return Err("Copy the client secret from your OAuth client in the Google Cloud console.");
    }
    let other = OTHERS.iter().find(|(beginning, _)| text.starts_with(beginning));
    if let Some(words) = other.map(|(_, words)| *words) {
        return Err(words);
    }
    if text.contains(SUFFIX) {
        return Err("This is the Client ID again. Copy the client secret, which Google shows below it.");
    }
    if text::is_masked(text) {
        return Err(
            "This is not the whole secret: Google now shows only its end. Add another secret to the OAuth client, and copy \
             it at once.",
        );
    }
    if text.find(PREFIX).is_some_and(|at| at > 0) {
        return Err(
            "This contains more than the client secret. Copy only the secret, which begins with GOCSPX-.",
        );
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err(
            "This contains a space or another character that no client secret has. Copy the secret again, with the button \
             beside it.",
        );
    }
    if text.len() > MAX {
        return Err("This is too long for a client secret. Copy only the secret, which begins with GOCSPX-.");
    }
    Ok((text, warning(text)))
}

/// The warning for a text that could be a secret but is unusual. Google does not document the form of its secrets, so
/// the text is accepted and the administrator is warned.
fn warning(text: &str) -> Option<&'static str> {
    if !text.starts_with(PREFIX) {
        return Some(
            "Google’s client secrets begin with GOCSPX-, except those made before 2021. This text does not. If the first \
             sign-in fails, add another secret to the OAuth client, and copy it.",
        );
    }
    let is_unusual = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    (text.len() < SHORTEST || text.contains(is_unusual)).then_some("Google’s client secrets have 35 letters, digits and the characters - and _. This text differs. Check that you \
         copied the whole secret, and nothing else.")
}

/// Whether a text contains one of Google's client secrets, or a file with a secret. Names do not. Invisible characters
/// are ignored, so they cannot disguise a secret. An old secret without [`PREFIX`] looks like any other text.
pub fn looks_like_secret(text: &str) -> bool {
    let plain = text::ascii(text);
    let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    plain.split(PREFIX).skip(1).any(|rest| rest.chars().take_while(is_part).count() >= 8)
        || ["\"client_secret\"", "\"private_key\"", "\"refresh_token\""]
            .iter()
            .any(|name| plain.contains(name))
}
