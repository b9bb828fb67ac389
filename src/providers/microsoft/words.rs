//! Reads Microsoft's errors: its own codes (AADSTS…), and the ids of the request and the sign-in. Both may be in the
//! description alone.

use serde_json::Value;

use crate::providers::{ProviderWords, RawError, guid};

/// The words of an error. Ids and codes that came nowhere else are read from the description.
pub fn read(raw: &RawError<'_>) -> ProviderWords {
    let within = |name| raw.description.and_then(|text| id_after(text, name));
    // Microsoft's ids are GUIDs; anything else may be any text.
    let id = |sent: Option<&str>, name| sent.and_then(guid).or_else(|| within(name).and_then(guid));
    let (trace, correlation) = (id(raw.trace_id, "trace id"), id(raw.correlation_id, "correlation id"));
    // The code of the description is added to the list, because the list is stored in clear.
    let code = raw.description.and_then(code_in).or_else(|| raw.error.and_then(code_in));
    ProviderWords::of(raw.error, raw.description, trace.as_deref(), correlation.as_deref())
        .with_codes(code)
        .with_codes(raw.codes.iter().filter_map(listed_code))
}

/// Reads one of the codes that Microsoft lists: a number, or a text with or without `AADSTS`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked before")]
fn listed_code(value: &Value) -> Option<u64> {
    let whole =
        |number: f64| ((0.0..1e12).contains(&number) && number.fract() == 0.0).then_some(number as u64);
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            let digits = text.strip_prefix("AADSTS").unwrap_or(text);
            digits.parse().ok().or_else(|| whole(digits.parse().ok()?))
        }
        _ => None,
    }
}

/// The GUID that follows a name and a colon, in any case: Microsoft ends its descriptions with such lines
/// (`Trace ID: …`).
pub fn id_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let rest = text.get(at..)?.trim_start_matches([':', ' ', '\t', '\u{a0}']);
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
    (end == 36).then(|| &rest[..end])
}

/// The first of Microsoft's codes in a text.
pub fn code_in(text: &str) -> Option<u64> {
    text.match_indices("AADSTS").find_map(|(at, mark)| {
        let digits = text[at + mark.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
        (4..=12).contains(&digits.len()).then(|| digits.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn said(error: &str, description: &str) -> ProviderWords {
        read(&RawError { error: Some(error), description: Some(description), ..RawError::default() })
    }

    #[test]
    fn a_description_becomes_one_line_of_bounded_length() {
        let words = said("invalid_client", "AADSTS7000215: wrong.\r\nTrace ID: 1\r\n\u{1b}[31mred");
        let description = words.description.expect("a description");
        assert_eq!(description, "AADSTS7000215: wrong. Trace ID: 1 [31mred");
        let long = said("invalid_client", &"x".repeat(9000));
        assert_eq!(long.description.expect("a description").chars().count(), 1001);
    }

    #[test]
    fn a_code_is_taken_from_the_list_and_otherwise_from_the_words() {
        let words = said("invalid_client", "AADSTS7000222: expired");
        assert_eq!(words.codes, [7_000_222]);
        assert_eq!(words.with_codes([7_000_215]).codes, [7_000_215]);
        assert!(said("x", "AADSTS: none, AADSTS12 is none").codes.is_empty());
        assert_eq!(said("AADSTS50011", "none").codes, [50_011]);
        assert_eq!(code_in("first AADSTS, then AADSTS50011: here"), Some(50_011));
    }

    #[test]
    fn c12_listed_codes_may_be_numbers_fractions_or_texts() {
        for code in [json!(7_000_215), json!("7000215"), json!("AADSTS7000215"), json!(7_000_215.0)] {
            let raw = RawError {
                error: Some("invalid_client"),
                description: Some("AADSTS70002: Error."),
                codes: &[json!(null), json!({}), json!("x"), code.clone()],
                ..RawError::default()
            };
            assert_eq!(read(&raw).codes, [7_000_215], "{code}");
        }
        let none = RawError {
            description: Some("AADSTS70002: Error."),
            codes: &[json!("x")],
            ..RawError::default()
        };
        assert_eq!(read(&none).codes, [70_002]);
    }

    #[test]
    fn ids_are_found_where_microsoft_writes_them_in_the_description_alone() {
        let (trace, correlation) =
            ("2b4e28ba-2fa1-11d2-883f-0016d3cca427", "3b4e28ba-2fa1-11d2-883f-0016d3cca427");
        let text = format!("AADSTS90094: Approve.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n");
        let words = said("access_denied", &text);
        assert_eq!(words.trace_id.as_deref(), Some(trace));
        assert_eq!(words.correlation_id.as_deref(), Some(correlation));
        let sent = RawError { description: Some(&text), trace_id: Some(correlation), ..RawError::default() };
        assert_eq!(read(&sent).trace_id.as_deref(), Some(correlation));
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_the_search_for_a_code_panic(text in "(AADSTS|\\PC){0,40}") {
            let _ = code_in(&text);
            let _ = said(&text, &text);
        }
    }
}
