//! Reads the address of Google's error page. Its parameter `authError` has the error in a binary form (Protocol Buffers)
//! as base64 (unconfirmed: Google does not document it).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Accepts base64 with and without `=` at its end, also if a part was not copied.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const PARAMETER: &str = "autherror=";

/// What addresses have in place of the characters of base64 (RFC 4648, 5; RFC 3986, 2.1).
const WRITTEN: [(&str, &str); 9] = [
    ("-", "+"),
    ("_", "/"),
    ("%2B", "+"),
    ("%2b", "+"),
    ("%2F", "/"),
    ("%2f", "/"),
    ("%3D", ""),
    ("%3d", ""),
    ("=", ""),
];

/// The texts in the parameter `authError`, each in a line of its own; `None` if the text has no such parameter.
pub(super) fn error_in(text: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find(PARAMETER)?;
    let rest = text.get(at..)?.get(PARAMETER.len()..)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_+/=%".contains(c)).unwrap_or(rest.len());
    let mut base64 = rest[..end].to_owned();
    for (written, meant) in WRITTEN {
        base64 = base64.replace(written, meant);
    }
    // A single character of the last group has no whole byte.
    let whole = if base64.len() % 4 == 1 { base64.get(..base64.len() - 1)? } else { &base64 };
    let bytes = LENIENT.decode(whole).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.replace(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER, "\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "https://accounts.google.com/signin/oauth/error?authError=\
        ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2ggkAMyAggB&client_id=1-a.apps.googleusercontent.com";

    #[test]
    fn the_name_of_the_error_is_read_from_the_address() {
        let error = error_in(ADDRESS).expect("an error");
        assert!(error.contains("redirect_uri_mismatch"), "{error:?}");
        assert_eq!(error_in("https://accounts.google.com/signin/oauth/error"), None);
        // A part was not copied.
        let cut = error_in("?AUTHERROR=ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gg%3D").expect("an error");
        assert!(cut.contains("redirect_uri_mismatch"), "{cut:?}");
    }

    proptest! {
        #[test]
        fn no_address_makes_reading_panic(value in "(authError=|[A-Za-z0-9+/_-]|%3D|%|=|\\PC){0,60}") {
            let _ = error_in(&value);
        }
    }
}
