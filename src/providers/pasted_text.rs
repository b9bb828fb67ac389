//! Makes plain text of a pasted text by the rules of [`crate::platform::text`]: invisible characters are removed, other
//! digits and look-alike characters become ASCII. It also finds the addresses in a text.

use crate::platform::text;

/// Decodes the character references of HTML, which sources of pages have, and the escapes of JSON, which the token
/// endpoint and logs have.
pub(super) fn decode(text: &str) -> String {
    let text = html_escape::decode_html_entities(text);
    let mut decoded = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('\\') {
        decoded.push_str(before);
        let (sign, length) = read_escape(after).unwrap_or(('\\', 0));
        decoded.push(sign);
        rest = &after[length..];
    }
    decoded + rest
}

/// Reads the rest of a JSON escape after its backslash (RFC 8259, 7). Returns the character, and the number of bytes
/// of `after` that belong to the escape. `None` if it is not a JSON escape.
fn read_escape(after: &str) -> Option<(char, usize)> {
    match after.chars().next()? {
        sign @ ('"' | '/' | '\\') => Some((sign, 1)),
        'n' => Some(('\n', 1)),
        'r' => Some(('\r', 1)),
        't' => Some(('\t', 1)),
        'u' => {
            let sign = char::from_u32(u32::from_str_radix(after.get(1..5)?, 16).ok()?)?;
            Some((sign, 5))
        }
        _ => None,
    }
}

/// The text in plain characters, line by line: in the form NFKC, with ASCII in place of other digits and look-alike
/// characters, and without invisible characters.
pub(super) fn plain(text: &str) -> String {
    let visible = text::without_invisible(text);
    let composed = text::nfkc(&visible);
    composed.lines().map(text::ascii).collect::<Vec<_>>().join("\n")
}

/// The text in small letters with one space between words, for finding sentences.
pub(super) fn words(plain: &str) -> String {
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The addresses in a text, each once and at most five. Those on a host of `own` are left out: they are the provider's.
pub(super) fn uris(text: &str, own: &[&str]) -> Vec<String> {
    let mut uris: Vec<String> = Vec::new();
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | '`' | '’' | '”' | ')' | ']');
    for (at, _) in text.match_indices("http") {
        let before = text[..at].chars().next_back();
        let rest = &text[at..];
        if before.is_some_and(char::is_alphanumeric)
            || !(rest.starts_with("http://") || rest.starts_with("https://"))
        {
            continue;
        }
        let uri = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let uri = uri.trim_end_matches(['.', ',', ';', ':']);
        let host = uri.split("://").nth(1).and_then(|rest| rest.split(['/', ':', '?', '#']).next());
        let host = host.unwrap_or_default().to_lowercase();
        if !host.is_empty() && !own.contains(&host.as_str()) && !uris.iter().any(|known| known == uri) {
            uris.push(uri.to_owned());
        }
    }
    uris.truncate(5);
    uris
}
