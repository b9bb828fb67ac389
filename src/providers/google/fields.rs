//! Parses the values of the form that only Google has. The parser of client secrets is in `secret`.

#[cfg(test)]
mod tests;

use super::client_file;
use crate::platform::text;

/// The end of every client ID.
pub const SUFFIX: &str = ".apps.googleusercontent.com";
/// The words of the browser for every mistake.
const NO_ID: &str =
    "This is not a Client ID. Copy the one of your OAuth client, which ends in .apps.googleusercontent.com.";

/// Parses a client ID, such as `123456789012-abc0def1.apps.googleusercontent.com`, or takes it from the file of the
/// client. The text may contain other words, a label or an address, if it has only one client ID.
///
/// # Returns
/// The client ID, in lower case.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub fn parse_client_id(text: &str) -> Result<String, &'static str> {
    match client_file::read(text) {
        Some(file) => find_client_id(file?.client_id),
        None => find_client_id(text),
    }
}

fn find_client_id(text: &str) -> Result<String, &'static str> {
    let plain = text::ascii(text).to_ascii_lowercase();
    // The browser says only that something is wrong; the server says what.
    if !cfg!(feature = "ssr") {
        let id = text::unwrapped(&plain);
        let is_id = id.ends_with(SUFFIX) && !id.contains(' ');
        return if is_id { Ok(id.to_owned()) } else { Err(NO_ID) };
    }
    let mut found = None;
    // Everything that may be in a name in front of the suffix, so that no part of another name is taken.
    for word in plain.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '@'))) {
        let word = word.trim_end_matches('.');
        if !word.ends_with(SUFFIX) || found == Some(word) {
            continue;
        }
        if found.is_some() {
            return Err("This text has more than one Client ID. Copy only the one of your OAuth client.");
        }
        found = Some(word);
    }
    match found.and_then(|word| word.strip_suffix(SUFFIX)) {
        Some(name) if is_name(name) => Ok([name, SUFFIX].concat()),
        _ => Err(mistake(text::unwrapped(&plain))),
    }
}

/// Whether a text is the part of a client ID in front of its suffix: the number of the project, and in all but the
/// oldest ones letters and digits.
fn is_name(name: &str) -> bool {
    let (number, rest) = name.split_once('-').unwrap_or((name, "0"));
    is_number(number) && is_alphanumeric(rest) && name.len() <= 200
}

/// Whether a text is a number of a project.
fn is_number(text: &str) -> bool {
    text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The message for a text that is no client ID. The text is in lower case.
fn mistake(text: &str) -> &'static str {
    let number = text.split(['-', '.']).next().unwrap_or_default();
    if text.is_empty() {
        "Copy the Client ID from your OAuth client in the Google Cloud console."
    } else if text.contains('@') {
        "This is an email address, perhaps that of a service account. Copy the Client ID of your OAuth client: it ends in \
         .apps.googleusercontent.com."
    } else if text.contains("gocspx-") {
        "This is the client secret. Put it into the field Client Secret, and the Client ID here."
    } else if text.starts_with("aiza") {
        "This is an API key. With an API key no one can sign in: create an OAuth client, and copy its Client ID."
    } else if is_number(text) {
        "This is only a number, perhaps that of your project. Copy the Client ID of your OAuth client: it ends in \
         .apps.googleusercontent.com."
    } else if is_number(number) && !text.ends_with(SUFFIX) {
        "The end is missing. Copy the whole Client ID, with .apps.googleusercontent.com at its end."
    } else {
        "This is not a Client ID. A Client ID looks like 123456789012-abc0def1.apps.googleusercontent.com."
    }
}

/// Parses the domain whose accounts may sign in. It may have the @ or the name of an email in front of it, or be an
/// address without a path.
///
/// # Returns
/// The domain in lower case; empty if the text is empty, so that every account may sign in.
///
/// # Errors
/// A sentence for the form that says what the user must change.
pub fn parse_hosted_domain(text: &str) -> Result<String, &'static str> {
    if !cfg!(feature = "ssr") {
        return Ok(text.to_owned());
    }
    let plain = text::ascii(text);
    let bare = text::unwrapped(&plain);
    if bare.is_empty() {
        return Ok(String::new());
    }
    let (_, domain) = bare.rsplit_once('@').or_else(|| bare.split_once("://")).unwrap_or(("", bare));
    match text::domain(domain.trim_end_matches('/')) {
        Some(domain) if ["gmail.com", "googlemail.com"].contains(&domain.as_str()) => {
            Err("Accounts of gmail.com belong to no Google Workspace. Leave this empty to let them sign in.")
        }
        Some(domain) => Ok(domain),
        None => {
            Err("Write the main domain of your Google Workspace, such as contoso.com, or leave this empty.")
        }
    }
}
