use proptest::prelude::*;

use super::*;

const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const SECRET: &str = "GOCSPX-not-a_real-Secret00000000000";

fn refused(text: &str) -> &'static str {
    parse_client_secret(text, ID).expect_err("no secret")
}

/// The warning about a text that is taken.
fn warned(text: &str) -> &'static str {
    let (taken, warning) = parse_client_secret(text, ID).expect("a secret");
    assert_eq!(taken, text);
    warning.expect("a warning")
}

/// The file of the client with this ID.
fn file_of(id: &str) -> String {
    format!("{{\"web\":{{\"client_id\":\"{id}\",\"client_secret\":\"{SECRET}\"}}}}")
}

#[test]
fn c22_a_secret_may_have_blanks_and_quotation_marks_around_it() {
    for text in [
        SECRET.to_owned(),
        format!("  {SECRET}\u{200b}\n"),
        format!("\"{SECRET}\","),
        format!("“{SECRET}”"),
        format!("\u{feff}{SECRET}\u{a0}"),
    ] {
        assert_eq!(parse_client_secret(&text, ID), Ok((SECRET, None)), "{text:?}");
    }
}

#[test]
fn c29_other_values_of_google_are_named() {
    for (text, words) in [
        ("", "Copy the client secret"),
        (" ", "Copy the client secret"),
        (ID, "This is the Client ID again"),
        ("AIzaSyNotARealKeyNotARealKeyNotARealKey", "This is an API key"),
        ("1//0gNotARealToken", "This is a refresh token"),
        ("4/0AfNotARealCode", "This is the code of a sign-in"),
        ("ya29.a0NotARealToken", "This is an access token"),
        ("https://console.cloud.google.com/auth/clients", "This is an address"),
        ("****oOOw", "This is not the whole secret"),
        ("GOCSPX-••••", "This is not the whole secret"),
        ("client_secret=GOCSPX-not-a-real-secret", "This contains more than the client secret"),
        ("GOCSPX-not a real secret", "This contains a space"),
        ("GOCSPX–not-a-real-secret", "This contains a space or another character"),
        ("{\"installed\":{\"client_secret\":\"x\"}}", "This is the file of a Desktop app"),
    ] {
        assert!(refused(text).starts_with(words), "{text}: {}", refused(text));
    }
    assert!(refused(&"x".repeat(257)).starts_with("This is too long"));
}

#[test]
fn the_secret_is_taken_from_the_file_of_the_same_client() {
    let file = file_of(ID);
    for typed in [ID, "", "not an id"] {
        assert_eq!(parse_client_secret(&file, typed), Ok((SECRET, None)), "{typed}");
    }
    let other = file_of(&ID.replacen('1', "2", 1));
    assert!(refused(&other).starts_with("This file belongs to another Client ID."));
}

#[test]
fn an_unusual_secret_is_taken_and_warned_of() {
    for old in ["d-FLnotARealSecretHd0Ty1", "x"] {
        assert!(warned(old).contains("before 2021"), "{old}");
    }
    for unusual in ["GOCSPX-short", &format!("{SECRET}="), &format!("{SECRET}%20")] {
        assert!(warned(unusual).contains("35"), "{unusual}");
    }
}

#[test]
fn c22_a_secret_is_found_in_other_text_and_in_files() {
    for text in [
        SECRET,
        &format!("My mail {SECRET}"),
        &SECRET.replace('-', "–"),
        &SECRET.replacen('n', "\u{200b}n", 1),
        &file_of(ID),
        &file_of(ID).replace(SECRET, "old-secret-without-prefix"),
        "{“private_key”: “x”}",
        "{\"refresh_token\":\"1//x\"}",
    ] {
        assert!(looks_like_secret(text), "{text}");
    }
    for text in
        ["", "Mail archive", ID, "GOCSPX-", "Secrets begin with GOCSPX-", "client_secret", "my secret key"]
    {
        assert!(!looks_like_secret(text), "{text}");
    }
}

proptest! {
    #[test]
    fn c24_a_secret_as_google_makes_them_is_taken_without_a_warning(rest in "[A-Za-z0-9_-]{28}") {
        let secret = format!("{PREFIX}{rest}");
        prop_assert_eq!(parse_client_secret(&secret, ID), Ok((secret.as_str(), None)));
        prop_assert!(looks_like_secret(&secret));
    }

    #[test]
    fn c22_an_accepted_secret_is_visible_ascii_and_parses_to_itself(text in "(\\PC|[!-~]|\\p{Cf}){0,40}") {
        if let Ok((secret, warning)) = parse_client_secret(&text, "") {
            prop_assert!(secret.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(parse_client_secret(secret, ""), Ok((secret, warning)));
        }
    }

    #[test]
    fn c24_a_masked_secret_is_refused(end in "[A-Za-z0-9_-]{0,6}", mask in "(\\*{4,30}|[•●·]{4,30})") {
        let text = format!("{mask}{end}");
        prop_assert!(refused(&text).starts_with("This is not the whole secret"), "{}", text);
    }
}
