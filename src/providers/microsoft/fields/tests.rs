use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const GUID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

#[test]
fn c29_a_client_id_is_a_guid_and_what_is_copied_with_it_is_forgiven() {
    for text in [
        GUID,
        &format!("  {GUID}\n"),
        &format!("{{{GUID}}}"),
        &GUID.to_uppercase(),
        &format!("{GUID}\u{200b}"),
        &format!("\u{feff}{GUID}\u{2060}\u{a0}"),
        &format!("\u{202a}{GUID}\u{202c}"),
        &format!("“{GUID}”"),
        &format!("\"{{{GUID}}}\","),
        &GUID.replace('-', "\u{2011}"),
        &GUID.replace('-', "–"),
        &GUID.replacen('-', "-\u{200b}", 1),
        &GUID.replace('1', "１").replace('a', "ａ"),
        &GUID.replace('4', "٤"),
    ] {
        assert_eq!(parse_client_id(text).expect("a client ID"), GUID, "{text:?}");
        assert_eq!(Tenant::parse(text).expect("a tenant").as_str(), GUID, "{text:?}");
    }
    for text in ["", "mail", &GUID[1..], &GUID.replace('-', ""), &format!("{GUID}0"), "{}"] {
        assert!(parse_client_id(text).is_err(), "{text:?} was accepted");
    }
}

/// Asserts that a text is read as `GUID` by both parsers.
fn assert_read_as_guid(text: &str) {
    assert_eq!(parse_client_id(text).as_deref(), Ok(GUID), "{text:?}");
    assert_eq!(Tenant::parse(text).map(|tenant| tenant.0).as_deref(), Ok(GUID), "{text:?}");
}

#[test]
fn c29_a_client_id_and_a_tenant_may_have_words_round_their_guid() {
    for text in [
        format!("{GUID}."),
        format!("{GUID},"),
        format!("It is {GUID}, I think."),
        format!("urn:uuid:{GUID}"),
        format!("id={GUID}&x=1"),
        format!("ID%3D{GUID}"),
        format!("<b>{GUID}</b>"),
        format!("&quot;{GUID}&quot;"),
        format!("{GUID} {GUID}"),
        GUID.replace('-', "-\r\n"),
        GUID.replace('a', "а").replace('b', "В").replace('c', "с").replace('e', "Е"),
    ] {
        assert_read_as_guid(&text);
    }
    for text in [
        format!("Application (client) ID: {GUID}"),
        format!("Application (client) ID\n{GUID}\nObject ID"),
        format!("api://{GUID}"),
        format!("api://{GUID}/.default"),
        format!("client_id={GUID}"),
        format!("\"appId\": \"{GUID}\","),
        format!("api%3A%2F%2F{GUID}"),
        format!(
            "https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/{GUID}\
             /isMSAApp~/false"
        ),
    ] {
        assert_eq!(parse_client_id(&text).as_deref(), Ok(GUID), "{text}");
        assert!(
            Tenant::parse(&text).expect_err("no tenant").contains("This is the Application (client) ID"),
            "{text}"
        );
    }
    for text in [
        format!("Directory (tenant) ID: {GUID}"),
        format!("tenant={GUID}"),
        format!("https://login.microsoftonline.com/{GUID}/oauth2/v2.0/authorize"),
        format!("https://sts.windows.net/{GUID}/"),
        format!("https://portal.azure.com/{GUID}"),
    ] {
        assert_eq!(Tenant::parse(&text).map(|tenant| tenant.0).as_deref(), Ok(GUID), "{text}");
        assert!(
            parse_client_id(&text).expect_err("no client ID").contains("This is the Directory (tenant) ID"),
            "{text}"
        );
    }
}

#[test]
fn c29_the_id_of_something_else_is_told_from_a_client_id_and_a_tenant() {
    for (label, words) in [
        ("Object ID: ", "This is the Object ID"),
        ("Secret ID: ", "This is the Secret ID"),
        ("/subscriptions/", "This is not the ID of your application"),
    ] {
        let text = format!("{label}{GUID}");
        assert!(parse_client_id(&text).expect_err("no client ID").starts_with(words), "{text}");
        assert!(
            Tenant::parse(&text).expect_err("no tenant").starts_with("This is not the ID of a tenant"),
            "{text}"
        );
    }
}

#[test]
fn c29_of_two_ids_the_right_one_is_asked_for() {
    let other = GUID.replacen('1', "2", 1);
    for text in [
        format!("{GUID} {other}"),
        format!("Application (client) ID: {GUID} Directory (tenant) ID: {other}"),
        format!("https://login.microsoftonline.com/{other}/oauth2/v2.0/authorize?client_id={GUID}"),
        format!("{GUID}.{other}"),
        format!("api%3A%2F%2F{GUID}%2F{other}"),
    ] {
        let words = parse_client_id(&text).expect_err("no client ID");
        assert!(
            words.contains("This text has more than one ID") && words.contains("(client)"),
            "{text}: {words}"
        );
        let words = Tenant::parse(&text).expect_err("no tenant");
        assert!(
            words.contains("This text has more than one ID") && words.contains("(tenant)"),
            "{text}: {words}"
        );
    }
}

#[test]
fn c29_a_guid_that_goes_on_is_no_client_id_and_no_tenant() {
    for text in [
        format!("{GUID}0"),
        format!("x{GUID}"),
        format!("{GUID}-2"),
        format!("ID_{GUID}"),
        format!("{GUID}@contoso.com"),
        format!("{GUID}\u{1b}[31m"),
        GUID.replace('a', "ж"),
        GUID.replace('-', ""),
    ] {
        assert!(
            parse_client_id(&text).expect_err("no client ID").starts_with("This is not a Client ID"),
            "{text}"
        );
        assert!(Tenant::parse(&text).expect_err("no tenant").starts_with("Write the Directory"), "{text}");
    }
    // For tenants such a name is a domain, and not the GUID in it.
    let domain = format!("{GUID}.onmicrosoft.com");
    assert_eq!(Tenant::parse(&domain).expect("a tenant").as_str(), domain);
    assert!(parse_client_id(&domain).is_err());
}

#[test]
fn c29_a_tenant_may_be_the_host_of_an_address_that_has_nothing_else() {
    for text in [
        "https://contoso.com/",
        "https://contoso.com",
        "HTTP://Contoso.com/",
        " <https://contoso.com/> ",
        "https://contoso.com./",
        "@contoso.com",
    ] {
        assert_eq!(Tenant::parse(text).expect("a tenant").as_str(), "contoso.com", "{text}");
    }
    assert_eq!(
        Tenant::parse("https://büro-süd.example/").expect("a tenant").as_str(),
        "xn--bro-sd-3yae.example"
    );
    for text in [
        "https://contoso.com/x",
        "https://contoso.com//",
        "https://contoso.com/?x",
        "https://contoso.com:8443/",
        "https://ada@contoso.com/",
        "ftp://contoso.com/",
        "://contoso.com",
        "//contoso.com",
        "contoso.com/",
        "https://",
        "https:///",
        "https://https://contoso.com/",
        "https://contoso.com https://fabrikam.com",
        "https://login.microsoftonline.com/contoso.com/v2.0",
        "https://login.microsoftonline.com/",
        "https://portal.azure.com/",
        "https://azure.com",
        "ada@contoso.com",
        "@@contoso.com",
        "@",
    ] {
        assert!(Tenant::parse(text).expect_err("no tenant").starts_with("Write the Directory"), "{text}");
    }
    assert_eq!(Tenant::parse("https://notazure.com/").expect("a tenant").as_str(), "notazure.com");
}

#[test]
fn a_secret_of_microsofts_is_told_from_a_name() {
    let secret = format!("{}Q~{}", "aB1c8", "Not-a.Real_Secret".repeat(2));
    assert!(looks_like_secret(&secret));
    let disguised = format!("„{}“", secret.replace('-', "\u{200b}–").replace('~', "\u{2dc}"));
    assert!(looks_like_secret(&disguised));
    for name in ["Mail~archive of the 2nd Floor, and some more words", "mail-archive-of-2026~production-eu"] {
        assert!(!looks_like_secret(name), "{name:?}");
    }
}

#[test]
fn a_tenant_is_a_guid_or_a_domain_and_no_keyword() {
    for domain in [
        " Contoso.COM ",
        "“contoso.com”",
        "contoso.com.",
        "con\u{ad}toso.com\u{200b}",
        "ｃｏｎｔｏｓｏ．ｃｏｍ",
    ] {
        assert_eq!(Tenant::parse(domain).expect("a tenant").as_str(), "contoso.com");
    }
    for domain in ["büro-süd.example", "bu\u{308}ro–su\u{308}d.example", "xn--bro-sd-3yae.example"] {
        assert_eq!(Tenant::parse(domain).expect("a tenant").as_str(), "xn--bro-sd-3yae.example", "{domain}");
    }
    assert!(Tenant::parse(GUID).expect("a tenant").is_guid());
    for wrong in [
        "",
        "common",
        "organizations",
        "a..b",
        "-a.com",
        "a.com/x",
        "a b.com",
        "a.com?x",
        "ä.com/x",
        "ä%2ecom",
        "ä.com:1",
        "ä@a.com",
    ] {
        assert!(Tenant::parse(wrong).is_err(), "{wrong:?} was accepted");
    }
}

proptest! {
    #[test]
    fn a_parsed_value_parses_to_itself(text in "\\PC{0,70}") {
        if let Ok(tenant) = Tenant::parse(&text) {
            prop_assert_eq!(Tenant::parse(tenant.as_str()), Ok(tenant.clone()));
        }
    }

    #[test]
    fn every_guid_is_a_client_id_and_never_a_secret(bytes in any::<[u8; 16]>()) {
        let guid = Uuid::from_bytes(bytes).to_string();
        prop_assert!(parse_client_id(&guid).is_ok());
    }

    #[test]
    fn c29_values_are_the_same_whatever_cannot_be_seen_round_them(
        guid in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{12}",
        domain in "[a-zA-Z0-9äöüß]{1,20}\\.[a-z]{2,10}",
        before in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
        after in "[\\p{Default_Ignorable_Code_Point}\\p{White_Space}]{0,5}",
    ) {
        let around = |text: &str| format!("{before}{text}{after}");
        prop_assert_eq!(parse_client_id(&around(&guid)), parse_client_id(&guid));
        prop_assert_eq!(Tenant::parse(&around(&guid)), Tenant::parse(&guid));
        prop_assert!(Tenant::parse(&domain).is_ok());
        prop_assert_eq!(Tenant::parse(&around(&domain)), Tenant::parse(&domain));
    }

    #[test]
    fn c29_values_are_the_same_with_words_round_them(
        bytes in any::<[u8; 16]>(),
        domain in "[a-z]{1,20}\\.[a-z]{2,10}",
        before in "[G-Zg-z ]{0,20}[ :=/(\"']",
        after in "[ ,;)\"'/?][G-Zg-z ]{0,20}",
    ) {
        let id = Uuid::from_bytes(bytes).to_string();
        // Every label has one of the letters a to f.
        let text = format!("x {before}{id}{after}");
        prop_assert_eq!(parse_client_id(&text), Ok(id.clone()));
        prop_assert_eq!(Tenant::parse(&text).map(|tenant| tenant.0), Ok(id));
        prop_assert_eq!(Tenant::parse(&format!("https://{domain}/")), Tenant::parse(&domain));
        let with_path = format!("{domain}/{}", after.trim_matches('/'));
        prop_assert!(Tenant::parse(&with_path).is_err());
    }

    #[test]
    fn a_tenant_can_always_stand_in_a_path(text in ".{0,40}") {
        if let Ok(tenant) = Tenant::parse(&text) {
            let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            prop_assert!(tenant.as_str().chars().all(sound));
        }
    }
}
