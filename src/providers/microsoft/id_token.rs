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
    /// The GUID of the account in its tenant, if the token names one.
    pub oid: Option<String>,
}

impl Identity {
    /// The id of the account at Microsoft: both GUIDs in lower case. Neither alone is unique (Microsoft, ID token
    /// claims reference: `oid`).
    pub fn subject(&self) -> Option<String> {
        Some(format!("{}:{}", self.tenant.as_ref()?, self.oid.as_ref()?))
    }
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
    Ok(Identity { tenant: tid, oid: claims.text("oid").and_then(guid) })
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
mod tests;
