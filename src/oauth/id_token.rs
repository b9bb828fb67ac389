//! The ID token: who signed in, in whose tenant.
//!
//! It comes from the token endpoint over TLS, so its signature need not be checked (OpenID Connect Core
//! 1.0, 3.1.3.7 (6)); `aud`, `iss`, `exp` and `nonce` are.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use time::Duration;

use super::{microsoft::IssuerTemplate, model::Why};
use crate::platform::{clock::Timestamp, randomness::Hash};

/// How far the provider's clock and ours may be apart.
const SKEW: Duration = Duration::minutes(5);

/// What an ID token must say.
pub struct Expected<'a> {
    /// The client ID, `aud`.
    pub client_id: &'a str,
    /// Whose it may be.
    pub issuer: &'a IssuerTemplate,
    /// The tenant, where the connector's is a GUID.
    pub tenant: Option<&'a str>,
    /// The callback's `iss`, where there was one.
    pub callback_issuer: Option<&'a str>,
    /// The hash of the attempt's nonce.
    pub nonce: Hash,
    /// The present.
    pub now: Timestamp,
}

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The tenant, where the token names one.
    pub tenant: Option<String>,
    /// What people call the account, where the token says it.
    pub username: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    iss: String,
    exp: i64,
    nonce: Option<String>,
    tid: Option<String>,
    preferred_username: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Checks an ID token.
///
/// # Errors
/// [`Why::WrongTenant`] where everything is right but the tenant, [`Why::Garbled`] where it is no ID
/// token, [`Why::IdentityNotProved`] where it is not the one for this sign-in.
pub fn check(token: &str, expected: &Expected<'_>) -> Result<Identity, Why> {
    let claims = parse(token).ok_or(Why::Garbled)?;
    let for_us = match &claims.aud {
        Audience::One(aud) => aud == expected.client_id,
        Audience::Several(all) => all.len() == 1 && all[0] == expected.client_id,
    };
    let from_them = match &claims.tid {
        Some(tenant) => claims.iss == expected.issuer.for_tenant(tenant),
        None => !expected.issuer.names_tenant() && claims.iss == expected.issuer.0,
    };
    let fresh = expected.now.minus(SKEW).seconds() < claims.exp;
    let this_one = claims.nonce.is_some_and(|nonce| Hash::of(nonce.as_bytes()) == expected.nonce);
    let as_announced = expected.callback_issuer.is_none_or(|issuer| issuer == claims.iss);
    if !(for_us && from_them && fresh && this_one && as_announced) {
        return Err(Why::IdentityNotProved);
    }
    match expected.tenant {
        Some(tenant) if claims.tid.as_deref() != Some(tenant) => Err(Why::WrongTenant),
        _ => Ok(Identity { tenant: claims.tid, username: claims.preferred_username }),
    }
}

/// The claims of a JSON Web Token in its compact form (RFC 7519).
fn parse(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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

    fn judge(claims: &Value, tenant: Option<&str>, callback_issuer: Option<&str>) -> Result<Identity, Why> {
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
            },
        )
    }

    #[test]
    fn a_sound_token_says_who_signed_in() {
        let identity = judge(&sound(), Some(TID), None).expect("an identity");
        assert_eq!(identity.username.as_deref(), Some("ada@example.com"));
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
            assert_eq!(judge(&claims, None, None), Err(Why::IdentityNotProved), "{claim}");
        }
        let elsewhere = judge(&sound(), None, Some("https://login.example/other/v2.0"));
        assert_eq!(elsewhere, Err(Why::IdentityNotProved));
    }

    #[test]
    fn another_tenant_is_told_apart_from_a_forged_token() {
        let other = "3b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(judge(&sound(), Some(other), None), Err(Why::WrongTenant));
    }

    #[test]
    fn what_is_no_token_is_garbled() {
        let issuer = IssuerTemplate(String::new());
        let expected = Expected {
            client_id: CLIENT,
            issuer: &issuer,
            tenant: None,
            callback_issuer: None,
            nonce: Hash::of(b""),
            now: NOW,
        };
        for text in ["", "a.b", "a.b.c", "a.b.c.d", &token(&json!({})), &token(&json!([]))] {
            assert_eq!(check(text, &expected), Err(Why::Garbled), "{text}");
        }
    }
}
