use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const SOUND: &str = "abc~.def-GHI_jkl";

fn refused(text: &str) -> &'static str {
    parse_client_secret(text, GUID).expect_err("no secret")
}

#[test]
fn a_guid_as_client_secret_is_named_secret_id_or_client_id() {
    let secret_id = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
    assert_eq!(refused(&format!(" {secret_id} ")), "This is the Secret ID. Copy the Value column instead.");
    assert!(refused(&format!("“{secret_id}”")).contains("Secret ID"));
    assert!(refused(&GUID.to_uppercase()).contains("Client ID again"));
}

#[test]
fn c29_an_id_with_its_label_is_no_client_secret() {
    let other = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
    for (text, words) in [
        (format!("Secret ID: {other}"), "This is the Secret ID"),
        (format!("Secret ID\t{other}"), "This is the Secret ID"),
        (format!("\"keyId\": \"{other}\","), "This is the Secret ID"),
        (format!("{{{other}}}"), "This is the Secret ID"),
        (format!("Application (client) ID: {GUID}"), "This is the Client ID again"),
        (format!("client_id={GUID}"), "This is the Client ID again"),
        (format!("api://{other}"), "This is an ID"),
        (format!("Directory (tenant) ID: {other}"), "This is an ID"),
        (format!("https://login.microsoftonline.com/{other}/v2.0"), "This is an address"),
        ("HTTPS://vault.example/secrets/mail".to_owned(), "This is an address"),
    ] {
        assert!(refused(&text).starts_with(words), "{text}: {}", refused(&text));
    }
    let labelled = format!("Application (client) ID: {GUID}.");
    assert!(parse_client_secret(GUID, &labelled).expect_err("no secret").contains("Client ID again"));
    // Microsoft does not document the characters of a secret: without a label this may be one.
    let unlabelled = format!("my:{other}");
    assert_eq!(parse_client_secret(&unlabelled, GUID), Ok((unlabelled.as_str(), None)));
}

#[test]
fn c23_a_secret_with_other_columns_or_its_name_is_refused() {
    let secret = format!("aB1c8Q~{}", "Not-a.Real_Secret".repeat(2));
    for text in [
        format!("Mail360\t11/23/2028\t{secret}\t2b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        format!("Value: {secret}"),
        format!("{secret}\u{a0}2b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        format!("client_secret={secret}"),
        format!("AZURE_CLIENT_SECRET: {SOUND}"),
        format!("\"ClientSecret\":\"{SOUND}\""),
        format!("{{\"client_secret\" : \"{SOUND}\"}}"),
        format!("grant_type=x&client_secret={SOUND}"),
    ] {
        assert!(refused(&text).starts_with("This contains more than the client secret"), "{text}");
    }
    for text in ["clientsecret-of-mail", "secret=1234567890", "abc:def=client-secret"] {
        assert!(parse_client_secret(text, GUID).is_ok(), "{text}");
    }
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
        assert!(refused(&inside).starts_with("This contains a"), "{sign:?}");
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
        ('\u{200b}', "invisible character"),
        ('\u{1b}', "invisible character"),
        ('\u{a0}', "unusual space"),
    ] {
        let words = refused(&SOUND.replace('~', &sign.to_string()));
        assert!(words.starts_with("This contains a"), "{words}");
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
    for mask in [
        "****",
        "••••••••",
        "***************",
        "●●●●●",
        "····",
        "∗∗∗∗",
        "…",
        "......",
        "....",
        "...",
        "***",
        "•••",
        "• • • •",
    ] {
        assert_eq!(
            refused(&format!("aB1{mask}")),
            "This is not the whole secret: Azure now shows only its beginning. Make a new secret.",
        );
    }
    for masked in ["......", "****", "...", "***", "•", "Value: aB1**********", "....-GHI_jkl~abcdef"] {
        refused(masked);
    }
    for sound in ["abc~.def-GHI_j...", "abc~....def-GHI_jkl", ".abc~.def-GHI_jkl."] {
        assert_eq!(parse_client_secret(sound, GUID), Ok((sound, None)), "full stops may be signs of it");
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

/// The warning about a text that is taken as it is.
fn warned(text: &str) -> &'static str {
    let (taken, warning) = parse_client_secret(text, GUID).expect("a secret");
    assert_eq!(taken, text);
    warning.expect("a warning")
}

#[test]
fn c25_a_client_secret_that_another_program_encoded_is_taken_and_warned_of() {
    for encoded in [
        "abc&amp;.def-GHI_jkl",
        "abc&lt;def-GHI_jkl",
        "abc&#39;.def-GHI_jkl",
        "abc&#x7E;.def-GHI_jkl",
        "&quot;abc~.def-GHI_jkl&quot;",
    ] {
        assert!(warned(encoded).contains("HTML"), "{encoded}");
    }
    for escaped in ["abc\\u007e.def-GHI_jkl", "abc\\~.def-GHI_jkl"] {
        assert!(warned(escaped).contains("backslash"), "{escaped}");
    }
    for wrapped in ["<abc~.def-GHI_jkl>", "{abc~.def-GHI_jkl}", "abc~.def-GHI_jkl,", "abc~.def-GHI_jkl;"] {
        assert!(warned(wrapped).contains("leave them out"), "{wrapped}");
    }
    for plain in ["abc&.def-GHI_jklm", "abc&def;GHI_jklmno", "abc<.def>GHI_jklm"] {
        assert_eq!(parse_client_secret(plain, GUID), Ok((plain, None)));
    }
}

#[test]
fn a_thumbprint_of_a_certificate_is_taken_and_warned_of() {
    for thumbprint in ["0123456789ABCDEF0123456789abcdef01234567", &"0a".repeat(32)] {
        assert!(warned(thumbprint).contains("thumbprint"), "{thumbprint}");
    }
}

proptest! {
    #[test]
    fn every_guid_is_no_secret(bytes in any::<[u8; 16]>()) {
        prop_assert!(parse_client_secret(&Uuid::from_bytes(bytes).to_string(), "").is_err());
    }

    #[test]
    fn c22_an_accepted_secret_is_visible_ascii_and_parses_to_itself(text in "(\\PC|[!-~]|\\p{Cf}){0,40}") {
        if let Ok((secret, warning)) = parse_client_secret(&text, "") {
            prop_assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(parse_client_secret(secret, ""), Ok((secret, warning)));
        }
    }

    #[test]
    fn c24_a_secret_as_microsoft_makes_them_is_taken_without_a_warning(
        secret in "[A-Za-z0-9][A-Za-z0-9~_.-]{5}Q~[A-Za-z0-9~_-]{20,30}",
    ) {
        prop_assume!(!secret.contains("...."));
        prop_assert_eq!(parse_client_secret(&secret, GUID), Ok((secret.as_str(), None)));
    }

    #[test]
    fn c24_the_beginning_of_a_secret_with_a_mask_is_refused(
        beginning in "[A-Za-z0-9~_-]{0,8}",
        mask in "(\\*{4,30}|\\.{4,30}|[*•●·]{4,30})",
    ) {
        let text = format!("{beginning}{mask}");
        prop_assert!(parse_client_secret(&text, GUID).expect_err("no secret").contains("not the whole secret"), "{}", text);
    }

    #[test]
    fn c29_no_id_with_a_label_is_a_secret(bytes in any::<[u8; 16]>(), label in "(Secret ID|Client ID|Object ID|appId|tenant)[ :=/\"]{1,3}") {
        let text = format!("{label}{}", Uuid::from_bytes(bytes));
        prop_assert!(parse_client_secret(&text, GUID).is_err());
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
