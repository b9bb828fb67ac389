//! Makes plain text of what people paste: other digits and look-alike letters become ASCII, signs that cannot be seen
//! are left out. And finds Microsoft's code in it, however it is written there.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::super::diagnosis::codes;

/// The zeros of the scripts whose digits are not ASCII's and that NFKC leaves as they are (Unicode, category Nd).
const ZEROS: [char; 21] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}',
];

/// The text in plain signs: compatibility forms composed (NFKC), every digit an ASCII one, nothing invisible.
pub(super) fn plain(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(&visible);
    composed.chars().map(|c| if matches!(c, '‘' | '’' | '′') { '\'' } else { ascii_digit(c) }).collect()
}

/// Soft hyphens, joiners, marks of direction and the like: they come along where text is copied from a page.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn ascii_digit(c: char) -> char {
    let value =
        ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

/// In small letters and with one space between words, to look for sentences in.
pub(super) fn words(plain: &str) -> String {
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first code of Microsoft's in a plain text: `AADSTS50011`, `AADSTS 50011`, `aadsts: 50011`, the address of
/// Microsoft's page about it, or a label with a number (`Error Code: 53003`, `Fehlercode: 53003`).
pub(super) fn code(plain: &str) -> Option<u64> {
    let lower = plain.to_ascii_lowercase();
    let after = |mark: &str, most: usize| {
        let mut found = lower.match_indices(mark).map(|(at, _)| &lower[at + mark.len()..]);
        found.find_map(|rest| number(skip(rest, most), 4))
    };
    after("aadsts", 3)
        .or_else(|| after("/error?code=", 0))
        .or_else(|| labelled(plain))
        .or_else(|| bare(plain))
}

/// Leaves out at most this many signs that separate a name from its number.
fn skip(text: &str, most: usize) -> &str {
    let separates = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—' | '_' | '.' | '#' | '(');
    let end = text.char_indices().take(most).take_while(|(_, c)| separates(*c)).last();
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
        // Not the port of an address, and not the beginning of a date or an id.
        let whole = ends.chars().next().is_none_or(char::is_whitespace) && !label.contains("//");
        (whole && (label.to_lowercase().contains("code") || codes::find(code).is_some())).then_some(code)
    })
}

/// A text that is a code and nothing else.
fn bare(plain: &str) -> Option<u64> {
    let text = plain.trim();
    let digits = (5..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
