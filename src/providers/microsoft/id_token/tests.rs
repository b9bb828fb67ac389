use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const CLIENT: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const TID: &str = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);

fn token(claims: &Value) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn sound() -> Value {
    json!({
        "aud": CLIENT, "iss": format!("https://login.example/{TID}/v2.0"), "tid": TID,
        "exp": NOW.seconds() + 3600, "nonce": "the nonce", "preferred_username": "ada@example.com",
    })
}

fn judged(
    claims: &Value,
    tenant: ExpectedTenant<'_>,
    callback_issuer: Option<&str>,
    provider_now: Option<Timestamp>,
) -> Result<Identity, NotProved> {
    let issuer = IssuerTemplate("https://login.example/{tenant}/v2.0".to_owned());
    check(
        &token(claims),
        &Expected {
            client_id: CLIENT,
            issuer: &issuer,
            tenant,
            callback_issuer,
            nonce: Hash::of(b"the nonce"),
            now: NOW,
            provider_now,
            secrets: &[],
        },
    )
}

fn judge(
    claims: &Value,
    tenant: Option<&str>,
    callback_issuer: Option<&str>,
) -> Result<Identity, RefusalKind> {
    let tenant = tenant.map_or(ExpectedTenant::Any, ExpectedTenant::Is);
    judged(claims, tenant, callback_issuer, None).map_err(|not| not.why)
}

/// The reason why a valid token with one changed claim is refused, in the words of the log.
fn mismatch(claim: &str, value: Value, provider_now: Option<Timestamp>) -> String {
    let mut claims = sound();
    claims[claim] = value;
    let not = judged(&claims, ExpectedTenant::Is(TID), None, provider_now).expect_err("not proved");
    not.mismatch.expect("a cause").to_string()
}

#[test]
fn c16_a_mismatch_names_the_claim_with_both_values_but_not_the_nonce() {
    let other = "3b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let (us, here) = ("https://login.example.us", "https://login.example");
    for (claim, value, message) in [
        ("aud", json!(other), format!("aud: expected {CLIENT}, received {other}")),
        ("aud", json!("any words"), format!("aud: expected {CLIENT}, received a value that is no GUID")),
        ("aud", json!(null), format!("aud: expected {CLIENT}, received none")),
        (
            "iss",
            json!(format!("{us}/{TID}/v2.0")),
            format!("iss: expected {here}/{TID}/v2.0, received {us}/{TID}/v2.0"),
        ),
        ("nonce", json!("s3cret"), "nonce: it differs from the one that was sent".to_owned()),
        ("nonce", json!(null), "nonce: missing".to_owned()),
        (
            "exp",
            json!(NOW.seconds() - 3_600),
            "exp: expected later than 2026-11-23T06:57:10Z, received 2026-11-23T05:57:10Z".to_owned(),
        ),
        ("exp", json!(null), "exp: expected later than 2026-11-23T06:57:10Z, received none".to_owned()),
    ] {
        assert_eq!(mismatch(claim, value, None), message);
    }
    let wrong = judged(&sound(), ExpectedTenant::Is(other), None, None).expect_err("another tenant");
    assert_eq!(
        wrong.mismatch.expect("a cause").to_string(),
        format!("tid: expected {other}, received {TID}")
    );
    let announced = judged(&sound(), ExpectedTenant::Any, Some(us), None).expect_err("another issuer");
    let message = format!("iss of the callback: expected {here}/{TID}/v2.0, received {us}/");
    assert_eq!(announced.mismatch.expect("a cause").to_string(), message);
}

#[test]
fn c16_the_message_names_the_error_of_the_clock() {
    let two_hours = time::Duration::hours(2);
    let ahead = mismatch("exp", json!(NOW.seconds() - 3_600), Some(NOW.minus(two_hours)));
    assert!(ahead.ends_with("the server’s clock is 2 hours ahead of the provider’s"), "{ahead}");
    let behind = mismatch("nbf", json!(NOW.seconds() + 7_200), Some(NOW.plus(two_hours)));
    assert!(behind.starts_with("nbf: expected not later than 2026-11-23T06:57:10Z"), "{behind}");
    assert!(behind.ends_with("the server’s clock is 2 hours behind the provider’s"), "{behind}");
    // If the answer has no date, the token's own time shows the error of the clock.
    let made = mismatch("iat", json!(NOW.seconds() + 5_400), None);
    assert!(made.ends_with("the server’s clock is 1 hour 30 minutes behind the provider’s"), "{made}");
    let same = mismatch("exp", json!(NOW.seconds() - 3_600), Some(NOW));
    assert!(same.ends_with("the server’s clock is the same as the provider’s"), "{same}");
}

#[test]
fn n13_a_single_tenant_whose_id_is_not_known_yet_takes_no_token_that_names_none() {
    let issuer = IssuerTemplate("https://login.example/v2.0".to_owned());
    let mut claims = sound();
    claims["iss"] = json!(issuer.0);
    for (tid, proved) in [(json!(TID), true), (json!("contoso.test"), false), (json!(null), false)] {
        claims["tid"] = tid;
        let expected = Expected {
            client_id: CLIENT,
            issuer: &issuer,
            tenant: ExpectedTenant::Some,
            callback_issuer: None,
            nonce: Hash::of(b"the nonce"),
            now: NOW,
            provider_now: None,
            secrets: &[],
        };
        assert_eq!(check(&token(&claims), &expected).is_ok(), proved, "{claims}");
    }
}

proptest! {
    #[test]
    fn c12_times_are_read_in_any_json_form_and_other_claims_do_not_count(
        way in 0..4_u8,
        name in "[a-z_]{1,9}",
        value in prop_oneof![Just(Value::Null), any::<f64>().prop_map(Value::from), "\\PC{0,9}".prop_map(Value::from)],
    ) {
        prop_assume!(!["aud", "iss", "tid", "exp", "nonce", "nbf", "iat"].contains(&name.as_str()));
        let write = |seconds: i64| match way {
            0 => json!(seconds),
            1 => json!(seconds.to_string()),
            2 => json!(format!("{seconds}.5")),
            _ => serde_json::from_str(&format!("{seconds}.0")).expect("a number"),
        };
        let mut claims = sound();
        claims["exp"] = write(NOW.seconds() + 3_600);
        claims["iat"] = write(NOW.seconds());
        claims["nbf"] = write(NOW.seconds());
        claims[name] = value;
        prop_assert!(judge(&claims, Some(TID), None).is_ok());
        claims["exp"] = write(NOW.seconds() - 3_600);
        prop_assert!(judge(&claims, Some(TID), None).is_err());
    }
}

#[test]
fn a_valid_token_names_the_account() {
    let identity = judge(&sound(), Some(TID), None).expect("an identity");
    assert_eq!(identity.tenant.as_deref(), Some(TID));
    assert_eq!(identity.subject(), None, "the token names no account");
    assert!(judge(&sound(), None, Some(&format!("https://login.example/{TID}/v2.0"))).is_ok());
}

/// The subject in a valid token whose `oid` has this value.
fn subject(oid: Value) -> Option<String> {
    let mut claims = sound();
    claims["oid"] = oid;
    judge(&claims, Some(TID), None).expect("an identity").subject()
}

#[test]
fn i4_an_account_is_named_by_its_tenant_and_its_id_there_and_both_are_guids() {
    let oid = "AAAAAAAA-7E57-4000-8000-00000000000B";
    assert_eq!(subject(json!(oid)), Some(format!("{TID}:{}", oid.to_lowercase())));
    for wrong in [
        json!(null),
        json!(7),
        json!(""),
        json!("ada@contoso.test"),
        json!("aaaaaaaa7e5740008000000000000000b"),
        json!("{aaaaaaaa-7e57-4000-8000-00000000000b}"),
        json!("aaaaaaaa-7e57-4000-8000-00000000000b/../x"),
        json!(["aaaaaaaa-7e57-4000-8000-00000000000b"]),
    ] {
        assert_eq!(subject(wrong.clone()), None, "{wrong}");
    }
    // A provider without tenants names no account in the form of Microsoft's.
    let no_tenant = Identity { tenant: None, oid: Some(oid.to_lowercase()) };
    assert_eq!(no_tenant.subject(), None);
}

proptest! {
    #[test]
    fn i4_a_text_that_is_no_guid_is_never_a_part_of_a_subject(
        oid in "([0-9a-fA-F-]{36}|\\PC{36}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    ) {
        let subject = subject(json!(oid));
        let parsed = uuid::Uuid::try_parse(&oid).ok().filter(|_| oid.len() == 36);
        prop_assert_eq!(subject, parsed.map(|id| format!("{TID}:{id}")));
    }
}

#[test]
fn a_token_for_another_client_sign_in_issuer_or_time_proves_nothing() {
    for (claim, value) in [
        ("aud", json!("3b4e28ba-2fa1-11d2-883f-0016d3cca427")),
        ("aud", json!([CLIENT, "other"])),
        ("iss", json!("https://evil.example/v2.0")),
        ("iss", json!("https://login.example/3b4e28ba-2fa1-11d2-883f-0016d3cca427/v2.0")),
        ("exp", json!(NOW.seconds() - 301)),
        ("nonce", json!("another nonce")),
        ("nonce", Value::Null),
        ("tid", Value::Null),
    ] {
        let mut claims = sound();
        claims[claim] = value;
        assert_eq!(judge(&claims, None, None), Err(RefusalKind::IdentityNotProved), "{claim}");
    }
    let elsewhere = judge(&sound(), None, Some("https://login.example/other/v2.0"));
    assert_eq!(elsewhere, Err(RefusalKind::IdentityNotProved));
}

#[test]
fn another_tenant_is_told_apart_from_a_forged_token() {
    let other = "3b4e28ba-2fa1-11d2-883f-0016d3cca427";
    assert_eq!(judge(&sound(), Some(other), None), Err(RefusalKind::WrongDirectory));
}

#[test]
fn a_text_that_is_no_token_is_garbled() {
    for text in ["", "a.b", "a.b.c", "a.b.c.d", &token(&json!([]))] {
        let issuer = IssuerTemplate(String::new());
        let expected = Expected {
            client_id: CLIENT,
            issuer: &issuer,
            tenant: ExpectedTenant::Any,
            callback_issuer: None,
            nonce: Hash::of(b""),
            now: NOW,
            provider_now: None,
            secrets: &[],
        };
        assert_eq!(check(text, &expected).expect_err("no token").why, RefusalKind::Garbled, "{text}");
    }
    assert_eq!(judge(&json!({}), None, None), Err(RefusalKind::IdentityNotProved));
}
