//! Checks Google's ID token, which names the person who signed in (Google, OpenID Connect, *Obtain user information
//! from the ID token*). The checks that all providers share are in `providers::id_token`; here are `iss`, `aud`, `azp`
//! and `hd`.

use serde_json::Value;

pub use crate::providers::id_token::NotProved;
use crate::{
    platform::{clock::Timestamp, randomness::Hash, text},
    providers::{Claim, Mismatch, RefusalKind, id_token, members::Members, shown_issuer, single_line},
};

/// The values that an ID token must have.
pub struct Expected<'a> {
    /// The client ID, `aud`.
    pub client_id: &'a str,
    pub issuer: &'a str,
    /// The Google Workspace domain of which the account must be, if the connector asks for one.
    pub hosted_domain: Option<&'a str>,
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

/// The person who signed in, as the ID token names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id of the account, which is never given to another one.
    pub subject: Option<String>,
    /// The email address, if Google says that it is the account's own (`email_verified`).
    pub email: Option<String>,
    /// The name of the person, in one line.
    pub name: Option<String>,
    /// The Google Workspace domain of the account, in lower case; `None` for a personal account.
    pub hosted_domain: Option<String>,
}

/// Maximum number of characters of a subject (OpenID Connect Core 1.0, 2).
const MAX_SUBJECT: usize = 255;
/// Maximum number of bytes of an email address (RFC 5321, 4.5.3.1).
const MAX_EMAIL: usize = 320;

/// Checks an ID token. Unused claims may be missing or have any value.
///
/// # Errors
/// [`NotProved`], by the first check that fails.
pub fn check(token: &str, expected: &Expected<'_>) -> Result<Identity, NotProved> {
    let claims = id_token::claims(token).ok_or_else(NotProved::garbled)?;
    check_issuer(&claims, expected)?;
    check_audience(&claims, expected)?;
    id_token::check_nonce(&claims, expected.nonce)?;
    id_token::check_time(&claims, expected.now, expected.provider_now)?;
    let hosted_domain = claims.text("hd").and_then(text::domain);
    if expected.hosted_domain.is_some_and(|wanted| hosted_domain.as_deref() != Some(wanted)) {
        let received = hosted_domain.or_else(|| claims.has("hd").then(|| "another value".to_owned()));
        let mismatch = Mismatch::new(Claim::Hd, expected.hosted_domain.map(str::to_owned), received);
        return Err(NotProved { why: RefusalKind::WrongDirectory, mismatch: Some(mismatch) });
    }
    let name = claims.text("name").map(|name| single_line(name, 200)).filter(|name| !name.is_empty());
    Ok(Identity {
        subject: claims.text("sub").and_then(subject),
        email: claims.text("email").filter(|_| is_verified(&claims)).and_then(email),
        name,
        hosted_domain,
    })
}

/// Whether two issuers are the same one. Google documents its own with and without `https://`.
pub fn is_same_issuer(configured: &str, issuer: &str) -> bool {
    issuer == configured || configured.strip_prefix("https://").is_some_and(|bare| bare == issuer)
}

fn check_issuer(claims: &Members, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let issuer = claims.text("iss").unwrap_or_default();
    let mismatch = |claim, received: &str| {
        let shown = (!received.is_empty()).then(|| shown_issuer(received, expected.issuer, expected.secrets));
        Mismatch::new(claim, Some(expected.issuer.to_owned()), shown)
    };
    if !is_same_issuer(expected.issuer, issuer) {
        return Err(mismatch(Claim::Iss, issuer));
    }
    match expected.callback_issuer {
        Some(announced) if !is_same_issuer(expected.issuer, announced) => {
            Err(mismatch(Claim::CallbackIss, announced))
        }
        _ => Ok(()),
    }
}

/// Checks `aud`, and `azp` if there is one: the client that asked for the token (OpenID Connect Core 1.0, 3.1.3.7).
fn check_audience(claims: &Members, expected: &Expected<'_>) -> Result<(), Mismatch> {
    let differs = |claim, found: &[&str]| {
        let shown: Vec<_> = found.iter().take(5).map(|text| shown_client_id(text)).collect();
        let received = (!shown.is_empty()).then(|| shown.join(", "));
        Mismatch::new(claim, Some(expected.client_id.to_owned()), received)
    };
    let audience = claims.list("aud");
    let texts: Vec<_> = audience.iter().filter_map(Value::as_str).collect();
    if audience.len() != 1 || texts != [expected.client_id] {
        return Err(differs(Claim::Aud, &texts));
    }
    let party = claims.list("azp");
    let texts: Vec<_> = party.iter().filter_map(Value::as_str).collect();
    if !party.is_empty() && (party.len() != 1 || texts != [expected.client_id]) {
        return Err(differs(Claim::Azp, &texts));
    }
    Ok(())
}

/// A client ID in a form that is safe to show. Any other text is not repeated.
fn shown_client_id(text: &str) -> String {
    let name = text.strip_suffix(".apps.googleusercontent.com").unwrap_or_default();
    let is_known_form = (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_known_form { text.to_owned() } else { "a value that is no Client ID of Google".to_owned() }
}

/// The text, if it has the form of a subject. It is compared with upper and lower case.
fn subject(text: &str) -> Option<String> {
    let is_sound = text.len() <= MAX_SUBJECT
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_sound.then(|| text.to_owned())
}

/// Whether Google has proved that the address belongs to the account. Some answers write the value as a text.
fn is_verified(claims: &Members) -> bool {
    match claims.list("email_verified") {
        [Value::Bool(is_verified)] => *is_verified,
        [Value::String(text)] => text == "true",
        _ => false,
    }
}

/// The text, if it has the form of an email address.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, domain) = text.rsplit_once('@')?;
    let is_sound = !name.is_empty()
        && !domain.is_empty()
        && text.len() <= MAX_EMAIL
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    is_sound.then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
