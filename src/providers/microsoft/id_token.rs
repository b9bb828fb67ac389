//! Checks the ID token, which names the person who signed in and their tenant.
//!
//! The ID token comes from the token endpoint over TLS, so its signature need not be checked (OpenID Connect Core
//! 1.0, 3.1.3.7 (6)); `aud`, `iss`, `exp` and `nonce` are.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::endpoints::IssuerTemplate;
use crate::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::{
        Claim, Evidence, Mismatch, RefusalKind, TOLERATED_SKEW, guid, members::Members, shown_guid,
        shown_issuer,
    },
};

/// The values that an ID token must have.
pub struct Expected<'a> {
    /// The client ID, `aud`.
    pub client_id: &'a str,
    pub issuer: &'a IssuerTemplate,
    pub tenant: ExpectedTenant<'a>,
    /// The callback's `iss`, if it had one.
    pub callback_issuer: Option<&'a str>,
    /// The hash of the attempt's nonce.
    pub nonce: Hash,
    /// The present time of the server's clock.
    pub now: Timestamp,
    /// The present time of the provider's clock, if it is known.
    pub provider_now: Option<Timestamp>,
    /// The secrets that were sent to the provider. They must not be shown.
    pub secrets: &'a [&'a str],
}

/// The tenant that an ID token must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedTenant<'a> {
    /// Any tenant, or none.
    Any,
    /// Any tenant with a GUID, because the GUID of the connector's domain is not known yet.
    Some,
    Is(&'a str),
}

/// The person who signed in, as the ID token names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The tenant's GUID, if the token names one.
    pub tenant: Option<String>,
}

/// The reason why an ID token was refused: [`RefusalKind::WrongDirectory`] if only the tenant is wrong,
/// [`RefusalKind::Garbled`] if it is not an ID token, [`RefusalKind::IdentityNotProved`] if it is not for
/// this sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotProved {
    pub why: RefusalKind,
    /// The failed check, with both values.
    pub mismatch: Option<Mismatch>,
}

impl NotProved {
    fn of(mismatch: Mismatch) -> Self {
        Self { why: RefusalKind::IdentityNotProved, mismatch: Some(mismatch) }
    }

    /// There was no ID token.
    pub fn missing() -> Self {
        Self::of(Mismatch::new(Claim::IdToken, None, None))
    }

    /// The finding of this program.
    pub fn evidence(self) -> Option<Evidence> {
        self.mismatch.map(Evidence::Mismatch)
    }
}

/// Checks an ID token. Unused claims may be missing or have any value.
///
/// # Errors
/// [`NotProved`], by the first check that fails.
pub fn check(token: &str, expected: &Expected<'_>) -> Result<Identity, NotProved> {
    let claims = parse(token).ok_or(NotProved { why: RefusalKind::Garbled, mismatch: None })?;
    let tid = claims.text("tid").and_then(guid);
    check_issuer(&claims, tid.as_deref(), expected).map_err(NotProved::of)?;
    check_audience(&claims, expected).map_err(NotProved::of)?;
    let nonce = claims.text("nonce");
    if nonce.is_none_or(|nonce| Hash::of(nonce.as_bytes()) != expected.nonce) {
        let differs = nonce.map(|_| "it differs from the one that was sent".to_owned());
        return Err(NotProved::of(Mismatch::new(Claim::Nonce, None, differs)));
    }
    check_time(&claims, expected).map_err(NotProved::of)?;
    let right = match expected.tenant {
        ExpectedTenant::Any => true,
        ExpectedTenant::Some => tid.is_some(),
        ExpectedTenant::Is(tenant) => tid.as_deref() == Some(tenant),
    };
    if !right {
        let wanted = match expected.tenant {
            ExpectedTenant::Is(tenant) => tenant.to_owned(),
            _ => "a tenant’s GUID".to_owned(),
        };
        let mismatch = Mismatch::new(Claim::Tid, Some(wanted), claims.text("tid").map(shown_guid));
        return Err(NotProved { why: RefusalKind::WrongDirectory, mismatch: Some(mismatch) });
    }
    Ok(Identity { tenant: tid })
}

fn check_issuer(claims: &Members, tid: Option<&str>, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let template = expected.issuer;
    let issuer = claims.text("iss").unwrap_or_default();
    let right = match tid {
        Some(tenant) => template.for_tenant(tenant) == issuer,
        None => !template.names_tenant() && template.0 == issuer,
    };
    let shown =
        |issuer: &str| (!issuer.is_empty()).then(|| shown_issuer(issuer, &template.0, expected.secrets));
    if !right {
        let wanted = tid.map_or_else(|| template.0.clone(), |tenant| template.for_tenant(tenant));
        return Err(Mismatch::new(Claim::Iss, Some(wanted), shown(issuer)));
    }
    match expected.callback_issuer {
        Some(announced) if announced != issuer => {
            Err(Mismatch::new(Claim::CallbackIss, Some(issuer.to_owned()), shown(announced)))
        }
        _ => Ok(()),
    }
}

fn check_audience(claims: &Members, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let audience = claims.list("aud");
    let texts: Vec<_> = audience.iter().filter_map(Value::as_str).collect();
    if audience.len() == 1 && texts == [expected.client_id] {
        return Ok(());
    }
    let received: Vec<_> = texts.iter().take(5).map(|text| shown_guid(text)).collect();
    let received = (!received.is_empty()).then(|| received.join(", "));
    Err(Mismatch::new(Claim::Aud, Some(expected.client_id.to_owned()), received))
}

/// Checks `exp`, and `nbf` (or `iat` if there is no `nbf`). If a new token is out of date by this machine's clock, the
/// clock is wrong.
fn check_time(claims: &Members, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let now = expected.now.seconds();
    let (from, until, made) = (claims.seconds("nbf"), claims.seconds("exp"), claims.seconds("iat"));
    let provider_now = expected.provider_now.map(Timestamp::seconds).or(made);
    let clock_ahead = provider_now.map(|there| now.saturating_sub(there));
    let shown = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000)).for_machines();
    let mismatch = |claim, sign: &str, received: Option<i64>| Mismatch {
        clock_ahead,
        ..Mismatch::new(claim, Some(format!("{sign} {}", expected.now.for_machines())), received.map(shown))
    };
    if until.is_none_or(|until| until <= now.saturating_sub(TOLERATED_SKEW)) {
        return Err(mismatch(Claim::Exp, "later than", until));
    }
    match from.or(made) {
        Some(from) if from > now.saturating_add(TOLERATED_SKEW) => {
            Err(mismatch(Claim::Nbf, "not later than", Some(from)))
        }
        _ => Ok(()),
    }
}

/// The claims of a JSON Web Token in its compact form (RFC 7519).
fn parse(token: &str) -> Option<Members> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Members::read(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?)
}

#[cfg(test)]
mod tests {
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
        assert!(judge(&sound(), None, Some(&format!("https://login.example/{TID}/v2.0"))).is_ok());
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
}
