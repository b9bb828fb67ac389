//! Checks the ID token, which names the person who signed in and their tenant.
//!
//! The checks that all providers share are in `providers::id_token`; here are `iss`, `aud` and `tid`.

use serde_json::Value;

use super::endpoints::IssuerTemplate;
pub use crate::providers::id_token::NotProved;
use crate::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::{Claim, Mismatch, RefusalKind, guid, id_token, members::Members, shown_guid, shown_issuer},
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

/// Checks an ID token. Unused claims may be missing or have any value.
///
/// # Errors
/// [`NotProved`], by the first check that fails.
pub fn check(token: &str, expected: &Expected<'_>) -> Result<Identity, NotProved> {
    let claims = id_token::claims(token).ok_or_else(NotProved::garbled)?;
    let tid = claims.text("tid").and_then(guid);
    check_issuer(&claims, tid.as_deref(), expected)?;
    check_audience(&claims, expected)?;
    id_token::check_nonce(&claims, expected.nonce)?;
    id_token::check_time(&claims, expected.now, expected.provider_now)?;
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

#[cfg(test)]
mod tests;
