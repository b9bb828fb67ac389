use proptest::prelude::*;

use super::*;

const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";

/// The message for a text that is no client ID.
fn refused(text: &str) -> &'static str {
    parse_client_id(text).expect_err("no client ID")
}

#[test]
fn c29_a_client_id_may_have_other_words_around_it() {
    for text in [
        ID.to_owned(),
        format!("  {ID}\n"),
        format!("“{ID}”,"),
        ID.to_uppercase(),
        format!("{ID}\u{200b}"),
        format!("\u{feff}{ID}\u{a0}"),
        ID.replace('-', "–"),
        ID.replace('1', "１"),
        format!("Client ID: {ID}."),
        format!("client_id={ID}&response_type=code"),
        format!("https://accounts.google.com/o/oauth2/v2/auth?client_id={ID}&scope=openid"),
        format!("https://console.cloud.google.com/auth/clients/{ID}?project=mail-archive-1"),
        format!("{ID} {ID}"),
        format!("{{\"web\":{{\"client_id\":\"{ID}\",\"client_secret\":\"GOCSPX-not-a-real-secret\"}}}}"),
    ] {
        assert_eq!(parse_client_id(&text).as_deref(), Ok(ID), "{text:?}");
    }
}

#[test]
fn the_oldest_client_ids_are_only_a_number() {
    let old = "123456789012.apps.googleusercontent.com";
    assert_eq!(parse_client_id(old).as_deref(), Ok(old));
}

#[test]
fn c29_what_is_often_pasted_in_place_of_a_client_id_is_named() {
    for (text, words) in [
        ("", "Copy the Client ID"),
        (" \u{200b}", "Copy the Client ID"),
        ("123456789012", "This is only a number"),
        ("104567890123456789012", "This is only a number"),
        ("mail@project-1.iam.gserviceaccount.com", "This is an email address"),
        ("AIzaSyNotARealKeyNotARealKeyNotARealKey", "This is an API key"),
        ("GOCSPX-not-a-real-secret", "This is the client secret"),
        ("123456789012-abc0def1", "The end is missing"),
        ("123456789012-abc0def1.apps.googleusercontent", "The end is missing"),
        ("mail-archive-1", "This is not a Client ID"),
        ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", "This is not a Client ID"),
        (".apps.googleusercontent.com", "This is not a Client ID"),
        ("abc.apps.googleusercontent.com", "This is not a Client ID"),
        ("123456789012-.apps.googleusercontent.com", "This is not a Client ID"),
        ("123456789012-a-b.apps.googleusercontent.com", "This is not a Client ID"),
        ("x@123456789012-abc.apps.googleusercontent.com", "This is an email address"),
        ("{\"installed\":{\"client_id\":\"x\"}}", "This is the file of a Desktop app"),
    ] {
        assert!(refused(text).starts_with(words), "{text}: {}", refused(text));
    }
    let two = format!("{ID} {}", ID.replacen('1', "2", 1));
    assert!(refused(&two).starts_with("This text has more than one Client ID"));
}

#[test]
fn a_hosted_domain_is_a_domain_or_empty() {
    for (text, domain) in [
        ("", ""),
        (" \u{200b}", ""),
        (" Contoso.COM ", "contoso.com"),
        ("@contoso.com", "contoso.com"),
        ("ada@contoso.com", "contoso.com"),
        ("https://contoso.com/", "contoso.com"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(parse_hosted_domain(text).as_deref(), Ok(domain), "{text}");
    }
    for text in ["contoso", "*", "contoso.com/mail", "contoso com", "a b@c d"] {
        assert!(parse_hosted_domain(text).expect_err(text).starts_with("Write the main domain"), "{text}");
    }
    for text in ["gmail.com", "ada@GMAIL.com", "googlemail.com"] {
        assert!(parse_hosted_domain(text).expect_err(text).contains("Leave this empty"), "{text}");
    }
}

proptest! {
    #[test]
    fn every_client_id_of_google_is_taken(number in "[0-9]{6,20}", rest in "[a-z0-9]{1,40}") {
        let id = format!("{number}-{rest}{SUFFIX}");
        prop_assert_eq!(parse_client_id(&id), Ok(id));
    }

    #[test]
    fn an_accepted_client_id_parses_to_itself(text in "(\\PC|[0-9a-z.-]){0,40}", ends in any::<bool>()) {
        let text = if ends { format!("{text}{SUFFIX}") } else { text };
        if let Ok(id) = parse_client_id(&text) {
            prop_assert!(id.ends_with(SUFFIX) && id.is_ascii());
            prop_assert_eq!(parse_client_id(&id), Ok(id.clone()));
        }
    }

    #[test]
    fn an_accepted_domain_parses_to_itself(text in "(\\PC|[a-z.@/:-]){0,30}") {
        if let Ok(domain) = parse_hosted_domain(&text) {
            prop_assert_eq!(parse_hosted_domain(&domain), Ok(domain.clone()));
        }
    }
}
