//! Reads the file `client_secret_….json`, which Google's console offers for an OAuth client. The browser reads it too,
//! so it is read without a JSON parser. The console writes an object without escapes, whose values are texts and lists
//! of texts.

#[cfg(test)]
mod tests;

use crate::{
    platform::text,
    providers::form::{FileValues, ListedUris},
};

/// Members of other files of the console, and why such a file cannot be used.
const OTHER_FILES: [(&str, &str); 3] = [
    (
        "\"installed\"",
        "This is the file of a Desktop app. Create another OAuth client of the type Web application, and use its file.",
    ),
    (
        "\"private_key\"",
        "This is the key of a service account, which people cannot sign in with. Create an OAuth client of the type Web \
         application, and use its file.",
    ),
    (
        "\"refresh_token\"",
        "This file belongs to one person's sign-in. Use the file that Google offers for an OAuth client of the type Web \
         application.",
    ),
];

/// Reads the file.
///
/// # Returns
/// Its values, which are not parsed yet; `None` if the text is not a JSON object.
///
/// # Errors
/// A sentence for the form that says why this file cannot be used.
pub fn read(text: &str) -> Option<Result<FileValues<'_>, &'static str>> {
    let text = text::trim(text);
    (text.starts_with('{') && text.contains('"')).then(|| read_object(text))
}

fn read_object(text: &str) -> Result<FileValues<'_>, &'static str> {
    let other = OTHER_FILES.iter().find(|(name, _)| after(text, name).is_some());
    if let Some(words) = other.map(|(_, words)| *words) {
        return Err(words);
    }
    // A part of the file could lack addresses that the file has.
    if text.matches('{').count() != text.matches('}').count() {
        return Err("This is only a part of the file. Copy the whole file, or choose it.");
    }
    let id = after(text, "\"web\"").and_then(|_| string(text, "\"client_id\""));
    let Some(client_id) = id else {
        return Err(
            "This is not the file of an OAuth client. Google offers the right file when you create an OAuth client of the \
             type Web application: Download JSON.",
        );
    };
    let Some(client_secret) = string(text, "\"client_secret\"") else {
        return Err(
            "This file has no secret, because Google shows a secret only when it is new. Add a secret to the OAuth client, \
             and copy the secret itself.",
        );
    };
    Ok(FileValues { client_id, client_secret, redirect_uris: list(text, "\"redirect_uris\"") })
}

/// The text after the colon of a member. The name has its quotation marks.
fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    Some(rest.trim_start().strip_prefix(':')?.trim_start())
}

/// The text that a member has. `None` if it is empty or has an escape, which no ID and no secret of Google's needs.
fn string<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (value, _) = after(text, name)?.strip_prefix('"')?.split_once('"')?;
    (!value.is_empty() && !value.contains('\\')).then_some(value)
}

/// The list of texts that a member has; empty if there is no such member.
fn list<'a>(text: &'a str, name: &str) -> ListedUris<'a> {
    let list = after(text, name).and_then(|rest| rest.strip_prefix('[')?.split_once(']'));
    list.map_or_else(ListedUris::default, |(list, _)| ListedUris(list))
}
