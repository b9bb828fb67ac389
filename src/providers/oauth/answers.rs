//! Reads the answers of the token endpoint into the types that the `oauth2` crate needs.

use std::{fmt, time::Duration};

use http::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use oauth2::{
    AccessToken, ErrorResponse, HttpResponse, RefreshToken, Scope, TokenResponse, basic::BasicTokenType,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

use crate::{
    platform::clock::Timestamp,
    providers::{
        Evidence, NoConnection, ProviderWords, RawError, RefusalKind,
        members::{self, Members, without_mark},
        redact,
    },
};

/// A text that is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Hidden(pub(super) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Tokens (RFC 6749, 5.1), and the ID token of OpenID Connect. `token_type` is not used and `expires_in` is read apart
/// ([`lifetime`]), so they may be missing or have any value.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tokens {
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    scopes: Option<Vec<Scope>>,
    pub(super) id_token: Option<Hidden>,
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        let text = |name| members.text(name).map(str::to_owned);
        let access_token = text("access_token").ok_or_else(|| D::Error::missing_field("access_token"))?;
        let scopes: Vec<_> = members.list("scope").iter().filter_map(Value::as_str).collect();
        // A text (RFC 6749) or a list of texts. Any other value says nothing about the permissions.
        let said = members.list("scope").iter().any(Value::is_string);
        let scopes =
            scopes.iter().flat_map(|text| text.split_whitespace()).map(|scope| Scope::new(scope.to_owned()));
        Ok(Self {
            access_token: AccessToken::new(access_token),
            refresh_token: text("refresh_token").map(RefreshToken::new),
            scopes: said.then(|| scopes.collect()),
            id_token: text("id_token").map(Hidden),
        })
    }
}

impl TokenResponse for Tokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scopes.as_ref()
    }
}

/// An error of the token endpoint (RFC 6749, 5.2), with ids and codes that a provider may add. Only `error` is
/// required.
#[derive(Clone, Serialize)]
pub(super) struct TokenError {
    pub(super) error: String,
    description: Option<String>,
    /// A more precise name of the error.
    reason: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    /// The provider's own codes, as they came.
    codes: Vec<Value>,
}

impl<'de> Deserialize<'de> for TokenError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        let text = |name| members.text(name).map(str::to_owned);
        Ok(Self {
            error: text("error").ok_or_else(|| D::Error::missing_field("error"))?,
            description: text("error_description"),
            reason: text("error_subtype"),
            trace_id: text("trace_id"),
            correlation_id: text("correlation_id"),
            codes: members.list("error_codes").to_vec(),
        })
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenError")
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token endpoint refused")
    }
}

impl ErrorResponse for TokenError {}

impl TokenError {
    /// The kind of refusal. The OAuth `error` alone decides it, because codes of a provider's own change.
    pub(super) fn why(&self) -> RefusalKind {
        match self.error.as_str() {
            // Some providers have errors of their own for an application that is gone or switched off.
            "invalid_client" | "deleted_client" | "disabled_client" => RefusalKind::CredentialsRejected,
            "unauthorized_client" => RefusalKind::ApplicationRefused,
            "invalid_scope" => RefusalKind::PermissionsRefused,
            "invalid_grant" => RefusalKind::CodeRefused,
            "temporarily_unavailable" | "server_error" => RefusalKind::Unavailable,
            _ => RefusalKind::ExchangeRefused,
        }
    }

    /// The words of the error, as `read` reads them, without the sent secrets.
    pub(super) fn words(
        &self,
        request_id: Option<&str>,
        secrets: &[&SecretString],
        read: fn(&RawError<'_>) -> ProviderWords,
    ) -> ProviderWords {
        let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
        let clean = |text: &str| redact(text, &secrets);
        let codes = self.codes.iter().map(|code| match code {
            Value::String(text) => clean(text).into(),
            other => other.clone(),
        });
        let codes: Vec<_> = codes.collect();
        read(&RawError {
            error: Some(&clean(&self.error)),
            description: self.description.as_deref().map(clean).as_deref(),
            reason: self.reason.as_deref().map(clean).as_deref(),
            trace_id: self.trace_id.as_deref().or(request_id).map(clean).as_deref(),
            correlation_id: self.correlation_id.as_deref().map(clean).as_deref(),
            codes: &codes,
        })
    }
}

/// No access token is believed to be valid for longer.
const MAX_LIFETIME: Duration = Duration::from_hours(31 * 24);

/// How long the access token in an answer is valid (`expires_in`), if the answer says so in any way.
pub(super) fn lifetime(body: &[u8]) -> Option<Duration> {
    let seconds = members::expires_in(body).and_then(|seconds| u64::try_from(seconds).ok())?;
    (seconds > 0).then(|| Duration::from_secs(seconds).min(MAX_LIFETIME))
}

/// No grant is believed to last for longer. The end of a longer one is of no use to anyone.
const MAX_GRANT: Duration = Duration::from_hours(10 * 366 * 24);

/// How long the grant in an answer lasts, if the answer says that it ends.
pub(super) fn grant_lifetime(body: &[u8]) -> Option<Duration> {
    let seconds = members::refresh_token_expires_in(body).and_then(|seconds| u64::try_from(seconds).ok())?;
    (seconds > 0).then(|| Duration::from_secs(seconds)).filter(|lifetime| *lifetime <= MAX_GRANT)
}

/// Changes an answer so that the `oauth2` crate does not refuse it for its type or status. The crate requires the type
/// JSON and the status 200, but an error may come with other values.
pub(super) fn made_plain(mut answer: HttpResponse) -> HttpResponse {
    let Some(members) = Members::read(answer.body()) else { return answer };
    let body = without_mark(answer.body()).to_vec();
    *answer.body_mut() = body;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if answer.status().is_success() {
        let refused = members.text("error").is_some() && !members.has("access_token");
        *answer.status_mut() = if refused { http::StatusCode::BAD_REQUEST } else { http::StatusCode::OK };
    }
    answer
}

/// The values of an answer besides its body.
#[derive(Clone, Debug, Default)]
pub struct ResponseMeta {
    pub status: u16,
    /// `Retry-After` in seconds (RFC 9110, 10.2.3), at most a day. Its other form, a date, is compared with the
    /// provider's clock, and not read if the answer does not have that.
    pub retry_after: Option<u32>,
    /// The provider's id of the request. The header has it even if the provider did not write the body.
    pub request_id: Option<String>,
    /// The provider's clock (RFC 9110, 6.6.1), to the second.
    pub date: Option<Timestamp>,
    /// The error that a challenge names (RFC 6750, 3).
    pub challenge: Option<String>,
}

impl ResponseMeta {
    /// Reads them from an answer.
    pub fn of(answer: &HttpResponse) -> Self {
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let date = header("date").and_then(read_date);
        let mut challenges =
            answer.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        Self {
            status: answer.status().as_u16(),
            retry_after: header("retry-after").and_then(|text| read_retry_after(text.trim(), date)),
            request_id: header("x-ms-request-id").or_else(|| header("request-id")).map(str::to_owned),
            date,
            challenge: challenges.find_map(challenge_error).map(str::to_owned),
        }
    }

    /// The kind of refusal, if the status alone decides it.
    pub const fn why(&self) -> Option<RefusalKind> {
        match self.status {
            // Only a proxy sends this status (RFC 9110, 15.5.8).
            407 => Some(RefusalKind::Unreachable),
            429 => Some(RefusalKind::Throttled(self.retry_after)),
            500.. => Some(RefusalKind::Unavailable),
            _ => None,
        }
    }

    /// The finding, if the status alone gives one. `host` is the host that got the request.
    pub fn evidence(&self, host: &str) -> Option<Evidence> {
        (self.status == 407)
            .then(|| Evidence::NoConnection { host: host.to_owned(), why: NoConnection::ProxyLogin })
    }
}

/// The error of a challenge: `Bearer realm="", error="insufficient_claims"`. The value may be without quotation marks
/// (RFC 9110, 11.2).
pub fn challenge_error(challenge: &str) -> Option<&str> {
    challenge.split(',').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        // The first parameter is behind the name of the scheme.
        let name = name.trim().rsplit(char::is_whitespace).next()?;
        name.eq_ignore_ascii_case("error").then(|| value.trim().trim_matches('"'))
    })
}

/// The seconds to wait: at least one, at most a day.
fn read_retry_after(text: &str, provider_now: Option<Timestamp>) -> Option<u32> {
    let until = || Some(read_date(text)?.since(provider_now?).whole_seconds());
    let seconds: i64 = text.parse().ok().or_else(until)?;
    (seconds > 0).then(|| u32::try_from(seconds.min(86_400)).ok())?
}

fn read_date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests;
