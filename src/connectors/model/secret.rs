//! What is pasted as a client secret.

use super::fields::guid;
use crate::platform::text;

/// The most bytes of a client secret: none of Microsoft's is nearly as long.
const MAX: usize = 256;

/// Parses a client secret: blanks and invisible signs at its ends are left out, everything else stays sign by sign.
/// `client_id` is what the field for the client ID has.
///
/// # Returns
/// The secret, and a warning where it is unlike the secrets that Microsoft makes.
///
/// # Errors
/// What to change, in the reader's words.
pub fn parse_client_secret<'a>(
    text: &'a str,
    client_id: &str,
) -> Result<(&'a str, Option<&'static str>), &'static str> {
    let text = text::trim(text);
    if text.is_empty() {
        return Err("Copy the client secret from the Value column under Certificates & secrets.");
    }
    if let Some(id) = guid(text) {
        // The portal shows the two side by side, and the help pages of many products confuse them.
        return Err(if guid(client_id).is_some_and(|client_id| client_id == id) {
            "This is the Client ID again. Copy the secret from the Value column under Certificates & \
             secrets."
        } else {
            "This is the Secret ID. Copy the Value column instead."
        });
    }
    if text::is_masked(text) {
        return Err("This is not the whole secret: Azure shows only its beginning by now; make a new one.");
    }
    // As it is in a line of JSON or of a settings file, too.
    if text::is_quoted(text.trim_end_matches([',', ';'])) {
        return Err(
            "There is a quotation mark at both ends, and a client secret has none: leave the quotation marks out.",
        );
    }
    // Microsoft Graph gives secretText as a string without saying of which signs; all that were ever seen are ASCII.
    if let Some(foreign) = text.chars().find(|c| !('!'..='~').contains(c)) {
        return Err(about_foreign(foreign));
    }
    if text.len() > MAX {
        return Err("This is longer than any client secret. Copy the Value column alone.");
    }
    Ok((text, warning(text)))
}

/// Whether a text holds what was pasted as a client secret: such a text is neither stored nor shown. Quotation marks round
/// the secret, invisible signs and dashes of a word processor do not disguise it.
pub fn holds_secret(text: &str, secret: &str) -> bool {
    let secret = text::ascii(secret);
    let secret = text::unwrapped(&secret);
    secret.len() >= 8 && text::ascii(text).contains(secret)
}

/// What is said of a sign that no client secret has, by what may have put it there.
fn about_foreign(c: char) -> &'static str {
    match c {
        ' ' | '\t' | '\r' | '\n' => {
            "There is a blank in it; a client secret has none. Copy the Value column once more."
        }
        c if text::is_blank(c) => {
            "There is a sign in it that no client secret has: a blank of another kind. Copy the Value column once more."
        }
        c if text::is_hidden(c) => {
            "There is a sign in it that no client secret has, and that cannot be seen. Copy the Value column once more."
        }
        c if text::is_dash(c) => {
            "There is a sign in it that no client secret has: a dash that only looks like the sign -, as word processors \
             make it. Copy the Value column once more."
        }
        c if text::is_tilde(c) => {
            "There is a sign in it that no client secret has: a tilde that only looks like the sign ~. Copy the Value \
             column once more."
        }
        c if text::is_quotation_mark(c) => {
            "There is a sign in it that no client secret has: a quotation mark. Copy the Value column once more."
        }
        _ => {
            "There is a sign in it that no client secret has: the letters A to Z, digits and signs such as ~ . - _ are all \
             that there are. Copy the Value column once more."
        }
    }
}

/// What is unusual about a secret that could be one.
fn warning(text: &str) -> Option<&'static str> {
    if text::is_percent_encoded(text) {
        return Some(
            "There is a % with two digits or letters after it, as where a secret was percent-encoded: %7E stands for ~. \
             Unless Azure shows it so in the Value column, copy it from there.",
        );
    }
    if text.starts_with(text::is_quotation_mark) || text.ends_with(text::is_quotation_mark) {
        return Some(
            "There is a quotation mark at one end. Unless Azure shows it in the Value column, leave it out.",
        );
    }
    // Microsoft Graph, passwordCredential: secretText has 16 to 64 characters.
    let usual = (16..=64).contains(&text.len());
    (!usual).then_some(
        "Microsoft's client secrets have 16 to 64 characters; this one does not. Check that you copied \
         all of the Value column.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    const SOUND: &str = "abc~.def-GHI_jkl";

    fn refused(text: &str) -> &'static str {
        parse_client_secret(text, GUID).expect_err("no secret")
    }

    #[test]
    fn a_guid_as_client_secret_is_called_what_it_is() {
        let secret_id = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(
            refused(&format!(" {secret_id} ")),
            "This is the Secret ID. Copy the Value column instead."
        );
        assert!(refused(&format!("“{secret_id}”")).contains("Secret ID"));
        assert!(refused(&GUID.to_uppercase()).contains("Client ID again"));
    }

    #[test]
    fn a_client_secret_of_unusual_length_is_warned_of_and_taken() {
        assert_eq!(parse_client_secret(SOUND, GUID), Ok((SOUND, None)));
        for unusual in ["abc", &"x".repeat(65), &"x".repeat(256)] {
            assert!(matches!(parse_client_secret(unusual, GUID), Ok((text, Some(_))) if text == unusual));
        }
        for wrong in ["", "   ", "two words and more", "abc\u{7}def", &"x".repeat(257)] {
            refused(wrong);
        }
    }

    #[test]
    fn c22_a_sign_that_no_client_secret_has_is_left_out_at_the_ends_and_refused_inside() {
        for sign in [
            '\u{200b}',
            '\u{feff}',
            '\u{2060}',
            '\u{ad}',
            '\u{200e}',
            '\u{2066}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{a0}',
            '\u{3000}',
        ] {
            let around = format!("{sign}{SOUND}{sign} {sign}");
            assert_eq!(parse_client_secret(&around, GUID), Ok((SOUND, None)), "{sign:?}");
            let inside = SOUND.replace('.', &sign.to_string());
            assert!(
                refused(&inside).starts_with("There is a sign in it that no client secret has"),
                "{sign:?}"
            );
        }
        for (sign, kind) in [
            ('\u{2dc}', "tilde"),
            ('\u{223c}', "tilde"),
            ('～', "tilde"),
            ('–', "dash"),
            ('\u{2011}', "dash"),
            ('−', "dash"),
            ('”', "quotation mark"),
            ('é', "A to Z"),
            ('а', "A to Z"),
            ('ａ', "A to Z"),
            ('\u{200b}', "cannot be seen"),
            ('\u{1b}', "cannot be seen"),
            ('\u{a0}', "blank of another kind"),
        ] {
            let words = refused(&SOUND.replace('~', &sign.to_string()));
            assert!(words.starts_with("There is a sign in it that no client secret has"), "{words}");
            assert!(words.contains(kind), "{sign:?}: {words}");
        }
    }

    #[test]
    fn c23_a_client_secret_in_quotation_marks_is_refused_and_told_to_leave_them_out() {
        for (open, close) in [
            ("\"", "\""),
            ("'", "'"),
            ("`", "`"),
            ("“", "”"),
            ("„", "“"),
            ("‘", "’"),
            ("«", "»"),
            ("»", "«"),
            ("＂", "＂"),
            (" \"", "\"\u{200b}"),
        ] {
            assert!(
                refused(&format!("{open}{SOUND}{close}")).contains("leave the quotation marks out"),
                "{open}"
            );
        }
        assert!(
            matches!(parse_client_secret(&format!("\"{SOUND}"), GUID), Ok((_, Some(words))) if words.contains("quotation mark"))
        );
    }

    #[test]
    fn c24_a_masked_client_secret_is_refused_with_what_azure_does() {
        for mask in ["****", "••••••••", "******************", "●●●●●", "····", "∗∗∗∗", "…"]
        {
            assert_eq!(
                refused(&format!("aB1{mask}")),
                "This is not the whole secret: Azure shows only its beginning by now; make a new one.",
            );
        }
        assert_eq!(
            parse_client_secret("abc***def-GHI_jkl", GUID),
            Ok(("abc***def-GHI_jkl", None)),
            "three may be signs of it"
        );
    }

    #[test]
    fn c25_a_percent_encoded_client_secret_is_taken_and_warned_of() {
        for encoded in ["abc%7E.def-GHI_jkl", "abc%7e.def-GHI_jkl", "abcdefghijklmnop%2B"] {
            let taken = parse_client_secret(encoded, GUID);
            assert!(
                matches!(taken, Ok((text, Some(words))) if text == encoded && words.contains("percent-encoded")),
                "{taken:?}"
            );
        }
        for plain in ["abc%.def-GHI_jklm", "abcdefghijklmno%2", "100%sure-of-this.1"] {
            assert_eq!(parse_client_secret(plain, GUID), Ok((plain, None)));
        }
    }

    #[test]
    fn c22_a_secret_that_is_pasted_into_another_field_is_found_however_it_is_disguised() {
        for text in [SOUND, "abc~.def\u{200b}–GHI_jkl", "My “abc~.def-GHI_jkl”"] {
            for secret in [SOUND, "\"abc~.def-GHI_jkl\"", "\u{feff}abc~.def-GHI\u{ad}_jkl "] {
                assert!(holds_secret(text, secret), "{text} {secret}");
            }
        }
        assert!(
            !holds_secret("Mail archive", SOUND)
                && !holds_secret("archive", "archive")
                && !holds_secret("", "")
        );
    }

    proptest! {
        #[test]
        fn every_guid_is_no_secret(bytes in any::<[u8; 16]>()) {
            prop_assert!(parse_client_secret(&Uuid::from_bytes(bytes).to_string(), "").is_err());
        }

        #[test]
        fn c22_what_is_taken_is_ascii_that_can_be_seen_and_parses_to_itself(text in "(\\PC|[!-~]|\\p{Cf}){0,40}") {
            if let Ok((secret, warning)) = parse_client_secret(&text, "") {
                prop_assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(parse_client_secret(secret, ""), Ok((secret, warning)));
            }
        }

        #[test]
        fn c22_a_secret_is_the_same_whatever_cannot_be_seen_round_it(
            secret in "[A-Za-z0-9~_.-]{1,64}",
            before in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
            after in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
        ) {
            let alone = parse_client_secret(&secret, "");
            let around = format!("{before}{secret}{after}");
            prop_assert_eq!(parse_client_secret(&around, ""), alone);
        }
    }
}
