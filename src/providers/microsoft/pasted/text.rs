//! Finds Microsoft's code in a pasted text, in the ways in which it is written.

use crate::providers::microsoft::codes;
pub(super) use crate::providers::pasted_text::{decode, plain, words};

/// The first code of Microsoft's in a plain text: `AADSTS50011`, `AADSTS 50011`, `aadsts: 50011`, the address of
/// Microsoft's page about it, or a label with a number (`Error Code: 53003`, `Fehlercode: 53003`).
pub(super) fn code(plain: &str) -> Option<u64> {
    let lower = plain.to_ascii_lowercase();
    let after = |mark: &str, max: usize| {
        let mut found = lower.match_indices(mark).map(|(at, _)| &lower[at + mark.len()..]);
        found.find_map(|rest| number(skip_separators(rest, max), 4))
    };
    after("aadsts", 3)
        .or_else(|| after("/error?code=", 0))
        .or_else(|| labelled(plain))
        .or_else(|| bare(plain))
}

/// Skips at most `max` characters that separate a name from its number.
fn skip_separators(text: &str, max: usize) -> &str {
    let separates = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '_' | '.' | '#' | '(');
    let end = text.char_indices().take(max).take_while(|(_, c)| separates(*c)).last();
    end.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}

/// The number at the beginning of a text, if it has at least `least` digits and no more than any code.
fn number(text: &str, least: usize) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (least..=12).contains(&end).then(|| text[..end].parse().ok())?
}

/// The number after a label. In other languages than English the label is not known, so its number must be a code
/// that has words.
fn labelled(plain: &str) -> Option<u64> {
    plain.match_indices(':').find_map(|(at, _)| {
        let label = plain[..at].trim_end().rsplit(char::is_whitespace).next().unwrap_or_default();
        let value = plain[at + 1..].trim_start_matches([' ', '\t']);
        let code = number(value, 5)?;
        let ends = value.trim_start_matches(|c: char| c.is_ascii_digit());
        // The number must not be the port of an address, or the beginning of a date or an id.
        let whole = ends.chars().next().is_none_or(char::is_whitespace) && !label.contains("//");
        (whole && (label.to_lowercase().contains("code") || codes::find(code).is_some())).then_some(code)
    })
}

/// The code in a text that has only a code.
fn bare(plain: &str) -> Option<u64> {
    let text = plain.trim();
    let digits = (5..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
