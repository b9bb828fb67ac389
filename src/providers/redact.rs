//! Removes our secrets from a provider's answer. A provider may repeat what it received, in several encodings.
//!
//! A secret that is not recognised would be shown on a page. It is never stored in clear, because the free text of an
//! outcome is sealed.

use std::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// A longer text is cut to this number of bytes. The program keeps far shorter texts.
const READ: usize = 16 * 1024;
/// Fewer letters and digits than this do not count as a secret.
const SHORTEST: usize = 4;
/// A text with at least this number of letters and digits is removed as a whole if it is a part of a secret.
const SHORTEST_PIECE: usize = 8;
/// How often a text is decoded. Percent-encoding inside HTML entities, for example, needs two rounds.
const ROUNDS: usize = 2;

/// The text that replaces a secret.
const REMOVED: &str = "[removed]";

/// A character of a decoded text, and the range of bytes that encodes it in the original text.
#[derive(Clone)]
struct Unit {
    character: char,
    written: Range<usize>,
}

/// Removes these secrets from a text. It finds a secret that is plain, in another case, with other characters between
/// its letters, reversed, percent-encoded, or escaped for HTML or JSON. It also finds hexadecimal digits, base64 and
/// base64url, and secrets that are encoded twice. Call it before the text is shortened: a part of a secret is found
/// only at the end of the text.
///
/// Only letters and digits are compared, so escapes of other characters cannot hide a secret.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let text = &text[..text.floor_char_boundary(READ)];
    let patterns: Vec<_> = secrets.iter().flat_map(|secret| patterns(secret)).collect();
    let mut decoded: Vec<_> = text
        .char_indices()
        .map(|(at, character)| Unit { character, written: at..at + character.len_utf8() })
        .collect();
    let mut found = Vec::new();
    for round in 0..=ROUNDS {
        if round > 0 {
            decoded = decode(&decoded);
        }
        if find(&decoded, &patterns, &mut found) {
            return REMOVED.to_owned();
        }
    }
    // A secret with few letters and digits is only found in its plain form.
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST && letters(secret).len() < SHORTEST)
    {
        found.extend(text.match_indices(secret).map(|(at, secret)| at..at + secret.len()));
    }
    cut_out(text, found)
}

/// Adds the ranges in which a decoded text contains one of the patterns. Returns whether the whole text is a part of
/// a pattern.
fn find(decoded: &[Unit], patterns: &[String], found: &mut Vec<Range<usize>>) -> bool {
    let at: Vec<usize> = decoded
        .iter()
        .enumerate()
        .filter(|(_, unit)| unit.character.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let all: String = at.iter().map(|at| decoded[*at].character.to_ascii_lowercase()).collect();
    if all.len() >= SHORTEST_PIECE && patterns.iter().any(|pattern| pattern.contains(&all)) {
        return true;
    }
    for pattern in patterns {
        let whole = all.match_indices(pattern.as_str()).map(|(start, _)| start..start + pattern.len());
        let longest = pattern.len().min(all.len() + 1) - 1;
        let cut = (SHORTEST..=longest).rev().find(|length| all.ends_with(&pattern[..*length]));
        for range in whole.chain(cut.map(|length| all.len() - length..all.len())) {
            let Some((first, last)) = at.get(range.start).zip(at.get(range.end - 1)) else { continue };
            // The characters after the range may belong to the secret: `=` at the end of base64, or encoded
            // characters.
            let signs = decoded[*last + 1..]
                .iter()
                .take_while(|unit| !unit.character.is_alphanumeric() && !unit.character.is_whitespace())
                .take(4);
            let end = signs.last().unwrap_or(&decoded[*last]).written.end;
            found.push(decoded[*first].written.start..end);
        }
    }
    false
}

/// The patterns of a secret: the letters and digits of each way to write it, in lower case.
fn patterns(secret: &str) -> Vec<String> {
    let reversed: String = secret.chars().rev().collect();
    let mut patterns = Vec::new();
    for text in [secret, &reversed] {
        patterns.push(letters(text));
        patterns.push(text.bytes().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect());
        patterns.extend((0..3).map(|before| letters(&base64_within(text.as_bytes(), before))));
    }
    // The secret may also be reversed after it was encoded.
    let again: Vec<String> =
        patterns.iter().map(|pattern: &String| pattern.chars().rev().collect()).collect();
    patterns.extend(again);
    patterns.retain(|pattern| pattern.len() >= SHORTEST);
    patterns.sort();
    patterns.dedup();
    patterns
}

fn digit(value: u8) -> Option<char> {
    char::from_digit(value.into(), 16)
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The base64 characters that only this text determines, if `before` bytes (0 to 2) precede it in its group of three
/// bytes.
fn base64_within(text: &[u8], before: usize) -> String {
    let bytes = [&vec![0; before][..], text].concat();
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    encoded.get(first..last).unwrap_or_default().to_owned()
}

/// Decodes percent-encoding, HTML entities and JSON escapes once.
fn decode(text: &[Unit]) -> Vec<Unit> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let first = text[at].character;
        let encoded = ['%', '&', '\\'].contains(&first).then(|| {
            let rest: String = text[at..text.len().min(at + 12)].iter().map(|unit| unit.character).collect();
            escape(&rest)
        });
        let (character, length) = encoded.flatten().unwrap_or((first, 1));
        let last = (at + length).min(text.len()) - 1;
        decoded.push(Unit { character, written: text[at].written.start..text[last].written.end });
        at = last + 1;
    }
    decoded
}

/// Decodes an escape at the beginning of a text. Returns the character, and the length of the escape in characters.
fn escape(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 7] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&sol;", '/'),
        ("&plus;", '+'),
    ];
    let hexadecimal = |digits: Option<&str>| u32::from_str_radix(digits?, 16).ok().and_then(char::from_u32);
    if text.starts_with('%') {
        return hexadecimal(text.get(1..3)).map(|c| (c, 3));
    }
    if text.starts_with("\\u") {
        return hexadecimal(text.get(2..6)).map(|c| (c, 6));
    }
    if text.starts_with("\\x") {
        return hexadecimal(text.get(2..4)).map(|c| (c, 4));
    }
    if text.starts_with('\\') {
        // These escapes are white space, and not the letters n, r and t.
        return text.chars().nth(1).map(|c| (if ['n', 'r', 't'].contains(&c) { ' ' } else { c }, 2));
    }
    if let Some(number) = text.strip_prefix("&#") {
        let (number, _) = number.split_once(';')?;
        let character = match number.strip_prefix(['x', 'X']) {
            Some(digits) => hexadecimal(Some(digits)),
            None => number.parse().ok().and_then(char::from_u32),
        };
        return character.map(|c| (c, number.len() + 3));
    }
    NAMED.iter().find(|(name, _)| text.starts_with(name)).map(|(name, c)| (*c, name.len()))
}

fn cut_out(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| (range.start, range.end));
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for Range { start, end } in found {
        if start >= from {
            left.push_str(&text[from..start]);
            left.push_str(REMOVED);
        }
        from = from.max(end);
    }
    left.push_str(&text[from..]);
    left
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cret~v+/=&<\"'1";

    /// The encodings in which a provider might repeat a text, each with its name.
    pub fn written(text: &str) -> Vec<(&'static str, String)> {
        let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect::<String>();
        let percent: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        vec![
            ("plain", text.to_owned()),
            ("upper", text.to_uppercase()),
            ("percent", percent.clone()),
            ("percent, all", each(&|c| format!("%{:02x}", u32::from(c)))),
            ("percent, twice", url::form_urlencoded::byte_serialize(percent.as_bytes()).collect()),
            ("base64", STANDARD.encode(text)),
            ("base64, one byte before", STANDARD.encode(format!(":{text}"))),
            ("base64, two bytes before", STANDARD.encode(format!("x:{text}!"))),
            ("base64url", URL_SAFE_NO_PAD.encode(text)),
            ("hex", each(&|c| format!("{:02x}", u32::from(c)))),
            ("hex, upper, spaced", each(&|c| format!("{:02X} ", u32::from(c)))),
            ("HTML", html_escape::encode_quoted_attribute(text).into_owned()),
            ("HTML, decimal", each(&|c| format!("&#{};", u32::from(c)))),
            ("HTML, hexadecimal", each(&|c| format!("&#x{:x};", u32::from(c)))),
            ("JSON", serde_json::to_string(text).expect("JSON")),
            ("JSON, all", each(&|c| format!("\\u{:04x}", u32::from(c)))),
            ("reversed", text.chars().rev().collect()),
            ("base64 of reversed", STANDARD.encode(text.chars().rev().collect::<String>())),
            ("reversed base64", STANDARD.encode(text).chars().rev().collect()),
            ("spaced", each(&|c| format!("{c} "))),
            ("dashed", each(&|c| format!("{c}-"))),
            ("zero-width", each(&|c| format!("{c}\u{200b}"))),
            ("lines", each(&|c| format!("{c}\r\n"))),
        ]
    }

    #[test]
    fn n9_a_repeated_secret_is_removed_in_any_encoding() {
        for (how, written) in written(SECRET) {
            let left = redact(&format!("got {written} and no more"), &[SECRET]);
            assert!(!left.contains(written.trim()), "{how}: {left}");
            assert!(left.contains("[removed]") && left.len() < 40, "{how}: {left}");
            assert!(left.starts_with("got ") && left.ends_with(" and no more"), "{how}: {left}");
        }
    }

    #[test]
    fn s7_a_part_of_a_secret_at_the_end_of_a_text_is_removed_and_other_text_stays() {
        assert_eq!(redact("got s3cret", &[SECRET]), "got [removed]");
        assert_eq!(redact("an abc, an ab%zz", &["abcd"]), "an abc, an ab%zz");
        assert_eq!(redact("E7000215: Invalid client secret.", &[SECRET]), "E7000215: Invalid client secret.");
        assert_eq!(redact("a +-+-+ b", &["+-+-+"]), "a [removed] b");
        assert_eq!(redact("", &[SECRET]), "");
    }

    #[test]
    fn n9_a_text_that_is_a_piece_of_an_encoded_secret_is_removed() {
        let secret = "0123456789abcdef0123456789abcdef";
        let hex: String = secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(digit).collect();
        assert_eq!(redact(&hex[10..42], &[secret]), "[removed]");
    }

    proptest! {
        #[test]
        fn n9_no_encoding_of_a_secret_survives(
            before in "[a-z ]{0,20}",
            secret in "[A-Za-z0-9~._+/=-]{16,48}",
            way in 0..23_usize,
        ) {
            prop_assume!(letters(&secret).len() >= 8);
            let (how, written) = written(&secret).swap_remove(way);
            let left = redact(&format!("{before} {written} after"), &[&secret]);
            prop_assert!(!left.contains(written.trim()), "{}: {}", how, left);
        }

        #[test]
        fn n9_redacting_any_text_does_not_panic(text in "(%|&#|\\\\u|\\PC){0,60}", secret in "\\PC{0,20}") {
            let _ = redact(&text, &[&secret]);
        }
    }
}
