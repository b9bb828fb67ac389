use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CLIENT: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const OTHER: &str = "210987654321-zyx9wvu8.apps.googleusercontent.com";
const ISSUER: &str = "https://accounts.google.com";
const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

fn token(claims: &Value) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn sound() -> Value {
    json!({
        "aud": CLIENT, "azp": CLIENT, "iss": ISSUER, "sub": "110169484474386276334", "nonce": "the nonce",
        "exp": NOW.seconds() + 3600, "iat": NOW.seconds(), "email": "Ada@contoso.test", "email_verified": true,
        "name": " Ada\nLovelace ", "hd": "Contoso.test",
    })
}

fn judged(
    claims: &Value,
    hosted_domain: Option<&str>,
    callback_issuer: Option<&str>,
) -> Result<Identity, NotProved> {
    check(
        &token(claims),
        &Expected {
            client_id: CLIENT,
            issuer: ISSUER,
            hosted_domain,
            callback_issuer,
            nonce: Hash::of(b"the nonce"),
            now: NOW,
            provider_now: None,
            secrets: &["s3cret-value"],
        },
    )
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = sound();
    claims[claim] = value;
    claims
}

/// The reason why a valid token with one changed claim is refused, in the words of the log.
fn mismatch(claim: &str, value: Value) -> String {
    let not = judged(&with(claim, value), None, None).expect_err("not proved");
    assert_eq!(not.why, RefusalKind::IdentityNotProved);
    not.mismatch.expect("a cause").to_string()
}

#[test]
fn a_valid_token_names_the_account() {
    let identity = judged(&sound(), None, Some(ISSUER)).expect("an identity");
    assert_eq!(
        identity,
        Identity {
            subject: Some("110169484474386276334".to_owned()),
            email: Some("Ada@contoso.test".to_owned()),
            name: Some("Ada Lovelace".to_owned()),
            hosted_domain: Some("contoso.test".to_owned()),
        }
    );
    let bare = json!({
        "aud": [CLIENT], "iss": ISSUER, "nonce": "the nonce", "exp": (NOW.seconds() + 60).to_string(),
    });
    let nothing = Identity { subject: None, email: None, name: None, hosted_domain: None };
    assert_eq!(judged(&bare, None, None), Ok(nothing));
}

#[test]
fn both_documented_forms_of_the_issuer_are_google_and_no_other_text_is() {
    assert!(judged(&with("iss", json!("accounts.google.com")), None, None).is_ok());
    assert!(judged(&sound(), None, Some("accounts.google.com")).is_ok());
    for wrong in [
        "http://accounts.google.com",
        "https://accounts.google.com/",
        "https://accounts.google.com.evil.example",
        "google.com",
        "",
    ] {
        assert!(!is_same_issuer(ISSUER, wrong), "{wrong}");
    }
    assert!(!is_same_issuer("http://127.0.0.1:4371", "127.0.0.1:4371"));
}

#[test]
fn c16_a_mismatch_names_the_claim_with_both_values_but_not_the_nonce() {
    for (claim, value, message) in [
        ("aud", json!(OTHER), format!("aud: expected {CLIENT}, received {OTHER}")),
        ("aud", json!([CLIENT, OTHER]), format!("aud: expected {CLIENT}, received {CLIENT}, {OTHER}")),
        ("aud", json!("words"), format!("aud: expected {CLIENT}, received a value that is no Client ID of Google")),
        ("aud", json!(null), format!("aud: expected {CLIENT}, received none")),
        ("azp", json!(OTHER), format!("azp: expected {CLIENT}, received {OTHER}")),
        ("iss", json!("https://evil.example"), format!("iss: expected {ISSUER}, received https://evil.example/")),
        ("iss", json!(null), format!("iss: expected {ISSUER}, received none")),
        ("nonce", json!("s3cret"), "nonce: it differs from the one that was sent".to_owned()),
        ("nonce", json!(null), "nonce: missing".to_owned()),
        (
            "exp",
            json!(NOW.seconds() - 3_600),
            "exp: expected later than 2026-11-23T06:57:10Z, received 2026-11-23T05:57:10Z; the server’s clock is the \
             same as the provider’s"
                .to_owned(),
        ),
    ] {
        assert_eq!(mismatch(claim, value), message);
    }
    let announced = judged(&sound(), None, Some("https://evil.example")).expect_err("another issuer");
    let message = format!("iss of the callback: expected {ISSUER}, received https://evil.example/");
    assert_eq!(announced.mismatch.expect("a cause").to_string(), message);
}

#[test]
fn o19_a_token_for_another_client_sign_in_issuer_or_time_proves_nothing() {
    for (claim, value) in [
        ("aud", json!(OTHER)),
        ("aud", json!([CLIENT, OTHER])),
        ("aud", json!([])),
        ("azp", json!([CLIENT, OTHER])),
        ("azp", json!(7)),
        ("iss", json!("https://evil.example")),
        ("exp", json!(NOW.seconds() - 301)),
        ("exp", Value::Null),
        ("iat", json!(NOW.seconds() + 301)),
        ("nbf", json!(NOW.seconds() + 301)),
        ("nonce", json!("another nonce")),
        ("nonce", Value::Null),
    ] {
        let not = judged(&with(claim, value.clone()), None, None).expect_err(claim);
        assert_eq!(not.why, RefusalKind::IdentityNotProved, "{claim} {value}");
    }
    for (claim, value) in [("exp", json!(NOW.seconds() - 299)), ("iat", json!(NOW.seconds() + 300))] {
        assert!(judged(&with(claim, value), None, None).is_ok(), "a difference of the clocks: {claim}");
    }
}

#[test]
fn an_account_of_another_domain_is_told_apart_from_a_forged_token() {
    assert!(judged(&sound(), Some("contoso.test"), None).is_ok());
    for (hd, received) in [
        (json!("fabrikam.test"), Some("fabrikam.test")),
        (json!("contoso.test.evil.example"), Some("contoso.test.evil.example")),
        (json!("no domain"), Some("another value")),
        (Value::Null, None),
    ] {
        let not = judged(&with("hd", hd.clone()), Some("contoso.test"), None).expect_err("another domain");
        assert_eq!(not.why, RefusalKind::WrongDirectory, "{hd}");
        let mismatch = not.mismatch.expect("a cause");
        assert_eq!((mismatch.claim, mismatch.received.as_deref()), (Claim::Hd, received), "{hd}");
    }
}

#[test]
fn i4_a_subject_has_a_fixed_form_and_an_email_is_never_one() {
    let of = |sub: Value| judged(&with("sub", sub), None, None).expect("an identity").subject;
    for right in ["1", "110169484474386276334", "Aa-1_b.2", &"1".repeat(255)] {
        assert_eq!(of(json!(right)).as_deref(), Some(right));
    }
    for wrong in [
        json!(""),
        json!(null),
        json!(7),
        json!("ada@contoso.test"),
        json!("1/2"),
        json!("1\n2"),
        json!("1".repeat(256)),
    ] {
        assert_eq!(of(wrong.clone()), None, "{wrong}");
    }
}

#[test]
fn an_address_that_google_has_not_proved_is_not_the_accounts() {
    let of = |claim: &str, value: Value| judged(&with(claim, value), None, None).expect("an identity").email;
    assert!(of("email_verified", json!("true")).is_some());
    for unproved in [json!(false), json!("false"), json!(null), json!(1), json!([true, true])] {
        assert_eq!(of("email_verified", unproved.clone()), None, "{unproved}");
    }
    for wrong in [
        json!("ada"),
        json!("@contoso.test"),
        json!("a b@contoso.test"),
        json!(7),
        json!("a".repeat(400) + "@b"),
    ] {
        assert_eq!(of("email", wrong.clone()), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn c12_claims_that_are_not_used_do_not_count(
        name in "[a-z_]{1,9}",
        value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from)],
    ) {
        let used = ["aud", "azp", "iss", "exp", "nonce", "nbf", "iat", "sub", "email", "name", "hd"];
        prop_assume!(!used.contains(&name.as_str()));
        let identity = judged(&with(&name, value), Some("contoso.test"), Some(ISSUER));
        prop_assert!(identity.is_ok());
    }

    #[test]
    fn i4_no_text_at_all_makes_a_subject_with_other_characters(sub in "\\PC{0,300}") {
        let subject = judged(&with("sub", json!(sub)), None, None).expect("an identity").subject;
        let is_plain = |text: &str| text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it));
        prop_assert!(subject.is_none_or(|subject| subject == sub && is_plain(&subject)));
    }
}

#[test]
fn a_text_that_is_no_token_is_garbled() {
    let expected = Expected {
        client_id: CLIENT,
        issuer: ISSUER,
        hosted_domain: None,
        callback_issuer: None,
        nonce: Hash::of(b""),
        now: NOW,
        provider_now: None,
        secrets: &[],
    };
    for text in ["", "a.b", "a.b.c", "a.b.c.d", &token(&json!([]))] {
        assert_eq!(check(text, &expected).expect_err("no token").why, RefusalKind::Garbled, "{text}");
    }
}
