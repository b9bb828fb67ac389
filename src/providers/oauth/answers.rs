//! Reads the answers of the token endpoint into the types that the `oauth2` crate needs.

use std::fmt;

use http::header::{CONTENT_TYPE, HeaderValue};
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
        members::{Members, without_mark},
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

/// Tokens (RFC 6749, 5.1), and the ID token of OpenID Connect. `token_type` and `expires_in` are not used, so they may
/// be missing or have any value.
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

    fn expires_in(&self) -> Option<std::time::Duration> {
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
    error: String,
    description: Option<String>,
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
            "invalid_client" => RefusalKind::CredentialsRejected,
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
            trace_id: self.trace_id.as_deref().or(request_id).map(clean).as_deref(),
            correlation_id: self.correlation_id.as_deref().map(clean).as_deref(),
            codes: &codes,
        })
    }
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
    /// `Retry-After` in seconds (RFC 9110, 10.2.3), at most a day. Its other form, a date, is not read.
    pub retry_after: Option<u32>,
    /// The provider's id of the request. The header has it even if the provider did not write the body.
    pub request_id: Option<String>,
    /// The provider's clock (RFC 9110, 6.6.1), to the second.
    pub date: Option<Timestamp>,
}

impl ResponseMeta {
    /// Reads them from an answer.
    pub fn of(answer: &HttpResponse) -> Self {
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        Self {
            status: answer.status().as_u16(),
            retry_after: retry_after.filter(|seconds| (1..=86_400).contains(seconds)),
            request_id: header("x-ms-request-id").or_else(|| header("request-id")).map(str::to_owned),
            date: header("date").and_then(date),
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

fn date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text.trim()).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Reads the words as a provider without codes of its own does.
    fn read(raw: &RawError<'_>) -> ProviderWords {
        ProviderWords::of(raw.error, raw.description, raw.trace_id, raw.correlation_id)
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            Just(json!("3599")),
            Just(json!(3599.0)),
            Just(json!("bEaReR")),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                    .prop_map(|map| Value::from_iter(map.into_iter().collect::<Vec<_>>())),
            ]
        })
    }

    /// A valid answer in which some members have another value or are left out.
    fn with(sound: Value, changes: Vec<(String, Option<Value>)>) -> Value {
        let Value::Object(mut answer) = sound else { return sound };
        for (name, value) in changes {
            match value {
                Some(value) => drop(answer.insert(name, value)),
                None => drop(answer.remove(&name)),
            }
        }
        answer.into()
    }

    fn changes(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(String, Option<Value>)>> {
        let name = prop_oneof![prop::sample::select(names).prop_map(str::to_owned), "[a-z]{1,4}-[a-z]{1,4}",];
        prop::collection::vec((name, prop::option::of(any_value())), 0..6)
    }

    proptest! {
        #[test]
        fn c12_tokens_are_read_with_any_values_of_unused_members(
            changes in changes(&["token_type", "expires_in", "ext_expires_in", "expires_on", "not_before", "foci"]),
        ) {
            let sound = json!({
                "token_type": "Bearer", "expires_in": 3599, "access_token": "a", "refresh_token": "r",
                "id_token": "i", "scope": "User.Read Mail.Read",
            });
            let tokens: Tokens = serde_json::from_value(with(sound, changes)).expect("tokens");
            prop_assert_eq!(tokens.access_token().secret(), "a");
            prop_assert!(tokens.refresh_token().is_some() && tokens.id_token.is_some());
            prop_assert_eq!(tokens.scopes().map(Vec::len), Some(2));
        }

        #[test]
        fn c12_an_error_is_read_with_any_values_of_other_members(
            changes in changes(&[
                "error_description", "error_codes", "trace_id", "correlation_id", "timestamp", "error_uri", "claims",
            ]),
        ) {
            let error: TokenError = serde_json::from_value(with(json!({ "error": "invalid_client" }), changes)).expect("an error");
            prop_assert_eq!(error.why(), RefusalKind::CredentialsRejected);
            let _ = error.words(None, &[], read);
        }

        #[test]
        fn c12_no_answer_at_all_makes_the_parsers_panic(value in any_value()) {
            let _ = serde_json::from_value::<Tokens>(value.clone());
            let _ = serde_json::from_value::<TokenError>(value);
        }
    }

    #[test]
    fn c12_codes_come_to_the_provider_as_they_were_sent_in_a_list_or_alone() {
        fn count(raw: &RawError<'_>) -> ProviderWords {
            ProviderWords::default().with_codes([1_000 + raw.codes.len() as u64])
        }
        for (codes, expected) in [
            (json!([7_000_215]), 1),
            (json!("7000215"), 1),
            (json!([null, {}, "x", "7000215"]), 4),
            (json!([]), 0),
            (json!(null), 0),
        ] {
            let error = json!({ "error": "invalid_client", "error_codes": codes });
            let error: TokenError = serde_json::from_value(error).expect("an error");
            assert_eq!(error.words(None, &[], count).code(), Some(1_000 + expected), "{codes}");
        }
    }

    #[test]
    fn c12_permissions_may_be_a_text_or_a_list_and_other_values_are_ignored() {
        for (scope, granted) in [
            (json!("User.Read  Mail.Read"), Some(2)),
            (json!(["User.Read", "Mail.Read"]), Some(2)),
            (json!(""), Some(0)),
            (json!(null), None),
            (json!(1), None),
            (json!({}), None),
        ] {
            let tokens: Tokens =
                serde_json::from_value(json!({ "access_token": "a", "scope": scope })).expect("tokens");
            assert_eq!(tokens.scopes().map(Vec::len), granted, "{scope}");
        }
        for wrong in [json!({}), json!({ "access_token": "" }), json!({ "access_token": 1 }), json!([])] {
            assert!(serde_json::from_value::<Tokens>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn c12_type_and_status_of_an_answer_are_read_no_more_strictly_than_needed() {
        let answer = |status: u16, kind: &str, body: &str| {
            let answer = http::Response::builder().status(status).header("content-type", kind);
            made_plain(answer.body(body.as_bytes().to_vec()).expect("an answer"))
        };
        let tokens = answer(201, "text/html", "\u{feff}{\"access_token\":\"a\"}");
        assert_eq!(
            (tokens.status().as_u16(), tokens.headers()["content-type"].as_bytes()),
            (200, &b"application/json"[..])
        );
        assert!(tokens.body().starts_with(b"{"));
        assert_eq!(answer(200, "text/plain", r#"{"error":"invalid_grant"}"#).status().as_u16(), 400);
        assert_eq!(answer(401, "text/plain", r#"{"error":"invalid_client"}"#).status().as_u16(), 401);
        assert_eq!(answer(200, "text/html", "<html>").headers()["content-type"].as_bytes(), b"text/html");
    }

    #[test]
    fn c16_the_clock_of_the_provider_is_read_from_its_answer() {
        let answer = |date: &str| {
            let answer = http::Response::builder().header("date", date).body(Vec::new()).expect("an answer");
            ResponseMeta::of(&answer).date
        };
        let expected = Timestamp::from_micros(1_795_417_030_000_000);
        assert_eq!(answer("Mon, 23 Nov 2026 06:57:10 GMT"), Some(expected));
        assert_eq!(answer("now"), None);
        assert_eq!(answer("Mon, 01 Jan 1900 00:00:00 GMT"), None);
    }

    #[test]
    fn s7_an_answer_of_the_token_endpoint_prints_no_token() {
        let answer = r#"{"token_type":"Bearer","access_token":"canary-1","refresh_token":"canary-2","id_token":"canary-3"}"#;
        let tokens: Tokens = serde_json::from_str(answer).expect("tokens");
        let printed = format!("{tokens:?}");
        assert!(printed.contains("[redacted]") && !printed.contains("canary"), "{printed}");
    }
}
