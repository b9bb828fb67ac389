//! What the provider says: it may be anything, and is kept as text of a line, without what it was sent.

use serde::{Deserialize, Serialize};

/// What the provider said, cut and without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderWords {
    /// The OAuth `error`.
    pub error: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Microsoft's id of the request.
    pub trace_id: Option<String>,
    /// Microsoft's id of the sign-in.
    pub correlation_id: Option<String>,
    /// Microsoft's own codes (AADSTS…): they choose words and decide nothing.
    #[serde(default)]
    pub codes: Vec<u64>,
}

impl ProviderWords {
    /// From what came in, which may be anything. Ids that came nowhere else are those of the description.
    pub fn new(
        error: Option<&str>,
        description: Option<&str>,
        trace_id: Option<&str>,
        correlation_id: Option<&str>,
    ) -> Self {
        let within = |name| description.and_then(|text| id_after(text, name));
        let trace_id = trace_id.or_else(|| within("trace id"));
        let correlation_id = correlation_id.or_else(|| within("correlation id"));
        Self {
            error: error.map(|text| tame(text, 100)),
            description: description.map(|text| tame(text, 1000)),
            trace_id: trace_id.map(|text| tame(text, 64)),
            correlation_id: correlation_id.map(|text| tame(text, 64)),
            codes: Vec::new(),
        }
    }

    /// The same with Microsoft's codes, of which there are most often one.
    #[must_use]
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = u64>) -> Self {
        self.codes = codes.into_iter().take(10).collect();
        self
    }

    /// Microsoft's code: of the list that came with the error, or as its description begins (`AADSTS50011: …`).
    pub fn code(&self) -> Option<u64> {
        let named = |text: &Option<String>| text.as_deref().and_then(code_in);
        self.codes.first().copied().or_else(|| named(&self.description)).or_else(|| named(&self.error))
    }
}

/// So much of a text is looked through: far more than is ever kept of one.
const LOOKED_THROUGH: usize = 16 * 1024;

/// A text without these secrets, plain or percent-encoded, whichever signs are and however their digits are written;
/// at its end also the beginning of one. Before anything is cut off it, for half a secret would not be found: a
/// provider that repeats what it was sent must not bring a secret, a code or a token into the database and onto a
/// page.
pub fn without(text: &str, secrets: &[&str]) -> String {
    let mut text = text[..text.floor_char_boundary(LOOKED_THROUGH)].to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        let mut left = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let length = repeated(rest.as_bytes(), secret.as_bytes());
            if let Some(after) = length.and_then(|length| rest.get(length..)) {
                left.push_str("[removed]");
                rest = after;
            } else {
                left.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        text = left;
    }
    text
}

/// How many bytes of a text repeat a secret at its beginning; at the end of the text four bytes of it will do.
fn repeated(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (matched, byte) in secret.iter().enumerate() {
        at += match text.get(at..).unwrap_or_default() {
            [] | [b'%'] | [b'%', _] => return (matched >= 4).then_some(text.len()),
            [b'%', high, low, ..] if decoded(*high, *low) == Some(*byte) => 3,
            [b'+', ..] if *byte == b' ' => 1,
            [same, ..] if same == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn decoded(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// The GUID that follows a name and a colon, in any case: Microsoft ends its descriptions with such lines
/// (`Trace ID: …`).
pub fn id_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let rest = text.get(at..)?.trim_start_matches([':', ' ', '\t', '\u{a0}']);
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
    (end == 36).then(|| &rest[..end])
}

/// The first code of Microsoft's that stands in a text.
pub fn code_in(text: &str) -> Option<u64> {
    text.match_indices("AADSTS").find_map(|(at, mark)| {
        let digits = text[at + mark.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
        (4..=12).contains(&digits.len()).then(|| digits.parse().ok())?
    })
}

/// One line of at most `max` characters: Microsoft's descriptions hold line ends, and whoever writes a
/// callback's address can put anything there (log injection).
pub fn tame(text: &str, max: usize) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let line: Vec<_> = words.collect();
    let line = line.join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_provider_says_becomes_one_line_of_bounded_length() {
        let words = ProviderWords::new(
            Some("invalid_client"),
            Some("AADSTS7000215: wrong.\r\nTrace ID: 1\r\n\u{1b}[31mred"),
            None,
            None,
        );
        let description = words.description.expect("a description");
        assert_eq!(description, "AADSTS7000215: wrong. Trace ID: 1 [31mred");
        let long = ProviderWords::new(None, Some(&"x".repeat(9000)), None, None);
        assert_eq!(long.description.expect("a description").chars().count(), 1001);
    }

    #[test]
    fn a_code_is_taken_from_the_list_and_otherwise_from_the_words() {
        let words = ProviderWords::new(Some("invalid_client"), Some("AADSTS7000222: expired"), None, None);
        assert_eq!(words.code(), Some(7_000_222));
        assert_eq!(words.clone().with_codes([7_000_215]).code(), Some(7_000_215));
        assert_eq!(
            ProviderWords::new(Some("x"), Some("AADSTS: none, AADSTS12 is none"), None, None).code(),
            None
        );
        assert_eq!(code_in("first AADSTS, then AADSTS50011: here"), Some(50_011));
    }

    #[test]
    fn s7_what_a_provider_repeats_of_a_secret_is_removed_however_it_is_written() {
        let text = "got client_secret=s3cret~v%2B%2F%3D, s3cret%7Ev%2B%2F%3D and s3cret~v+/=, and code=abcd";
        let left = without(text, &["s3cret~v+/=", "abcd"]);
        assert!(!left.contains("s3cret") && !left.contains("abcd"), "{left}");
        assert!(left.starts_with("got client_secret="), "{left}");
        for written in ["s3cret%7ev%2b%2f%3d", "%73%33cret%7Ev+%2f=", "s3cret~v%2"] {
            assert_eq!(without(&format!("got {written}"), &["s3cret~v+/="]), "got [removed]", "{written}");
        }
        assert_eq!(without("an abc, an ab%zz", &["abcd"]), "an abc, an ab%zz");
    }

    proptest! {
        #[test]
        fn s7_no_way_of_writing_a_secret_brings_it_through(
            before in "\\PC{0,20}",
            secret in "[!-~]{8,40}",
            ways in proptest::collection::vec(0..3_u8, 40),
            cut in 0..200_usize,
        ) {
            let write = |(byte, way): (u8, &u8)| match way {
                0 => char::from(byte).to_string(),
                1 => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            };
            let written: String = secret.bytes().zip(&ways).map(write).collect();
            let text = format!("{before} {written} after {}", "x".repeat(cut));
            let left = without(&text, &[&secret]);
            prop_assert!(!left.contains(&written), "{}", left);
            prop_assert!(left.len() < text.len() + "[removed]".len());
        }
    }

    #[test]
    fn ids_are_found_where_microsoft_writes_them_in_the_description_alone() {
        let (trace, correlation) =
            ("2b4e28ba-2fa1-11d2-883f-0016d3cca427", "3b4e28ba-2fa1-11d2-883f-0016d3cca427");
        let text = format!("AADSTS90094: Approve.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n");
        let words = ProviderWords::new(Some("access_denied"), Some(&text), None, None);
        assert_eq!(words.trace_id.as_deref(), Some(trace));
        assert_eq!(words.correlation_id.as_deref(), Some(correlation));
        let sent = ProviderWords::new(None, Some(&text), Some("sent"), None);
        assert_eq!(sent.trace_id.as_deref(), Some("sent"));
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_the_search_for_a_code_panic(text in "(AADSTS|\\PC){0,40}") {
            let _ = code_in(&text);
        }
    }
}
