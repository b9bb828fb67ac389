//! The code for tokens, and the tokens for who it was: what is said to the provider, and how its
//! answers are understood.

use std::{fmt, pin::Pin, sync::Mutex};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, ErrorResponse, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenIntrospectionResponse, StandardTokenResponse, TokenResponse,
    TokenUrl,
    basic::{BasicRevocationErrorResponse, BasicTokenType},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    http::{HttpFailure, ProviderHttp},
    microsoft::Endpoints,
    model::{ProviderWords, Why, without},
    store::Attempt,
};
use crate::platform::{failure::Failure, randomness::Token};

/// A text that is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What Microsoft answers beyond RFC 6749: the ID token of OpenID Connect.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OpenIdFields {
    id_token: Option<Hidden>,
}

impl ExtraTokenFields for OpenIdFields {}

type Tokens = StandardTokenResponse<OpenIdFields, BasicTokenType>;

/// An error of the token endpoint, with what Microsoft adds to RFC 6749, 5.2.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TokenError {
    error: String,
    error_description: Option<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    /// Numbers, as far as is known; whatever else stands there must not hide the error itself.
    error_codes: Option<serde_json::Value>,
}

impl TokenError {
    fn codes(&self) -> impl Iterator<Item = u64> + '_ {
        let codes = self.error_codes.as_ref().and_then(serde_json::Value::as_array);
        codes.into_iter().flatten().filter_map(serde_json::Value::as_u64)
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token endpoint refused")
    }
}

impl ErrorResponse for TokenError {}

type OAuthClient = Client<
    TokenError,
    Tokens,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Why the provider did not give what was asked for, and what it said.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// What it said.
    pub words: Option<Box<ProviderWords>>,
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        Self { why, words: None }
    }
}

/// A grant as it comes from the token endpoint.
pub struct Grant {
    /// Opens Graph for some minutes.
    pub access_token: SecretString,
    /// Whether the grant can be kept alive.
    pub has_refresh_token: bool,
    /// The ID token.
    pub id_token: Option<SecretString>,
    /// What was granted, where the provider says it.
    pub scopes: Option<Vec<String>>,
}

fn client(client_id: &str, endpoints: &Endpoints) -> Result<OAuthClient, Failure> {
    let wrong = |error: url::ParseError| Failure::unexpected(&error);
    Ok(Client::new(ClientId::new(client_id.to_owned()))
        .set_auth_uri(AuthUrl::new(endpoints.authorize.clone()).map_err(wrong)?)
        .set_token_uri(TokenUrl::new(endpoints.token.clone()).map_err(wrong)?)
        // In the body, form-encoded: Microsoft's secrets hold signs that Basic would need encoded twice.
        .set_auth_type(AuthType::RequestBody))
}

fn of_attempt(attempt: &Attempt) -> Result<OAuthClient, Failure> {
    let redirect_uri =
        RedirectUrl::new(attempt.redirect_uri.clone()).map_err(|error| Failure::unexpected(&error))?;
    Ok(client(&attempt.client_id, &attempt.endpoints)?.set_redirect_uri(redirect_uri))
}

/// [`ProviderHttp`] as the `oauth2` crate asks for it; it keeps what that crate does not hand on.
struct Adapter<'a> {
    http: &'a dyn ProviderHttp,
    manner: Mutex<Option<Manner>>,
}

impl<'c> AsyncHttpClient<'c> for Adapter<'_> {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.http.send(request).await?;
            if let Ok(mut manner) = self.manner.lock() {
                *manner = Some(Manner::of(&answer));
            }
            Ok(answer)
        })
    }
}

/// What an answer says besides its body.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds (RFC 9110, 10.2.3), at most a day. Its other form, a date, Microsoft does not send.
    pub retry_after: Option<u32>,
    /// Microsoft's id of the request, which stands here also where the body is none of its own.
    pub request_id: Option<String>,
}

impl Manner {
    /// Of an answer.
    pub fn of(answer: &HttpResponse) -> Self {
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        Self {
            status: answer.status().as_u16(),
            retry_after: retry_after.filter(|seconds| (1..=86_400).contains(seconds)),
            request_id: header("x-ms-request-id").or_else(|| header("request-id")).map(str::to_owned),
        }
    }

    /// What the status alone decides, whatever the body says.
    pub const fn why(&self) -> Option<Why> {
        match self.status {
            429 => Some(Why::Throttled(self.retry_after)),
            500.. => Some(Why::Unavailable),
            _ => None,
        }
    }
}

/// The address at which people sign in.
///
/// # Errors
/// Where an address of the attempt cannot be read, which the configuration rules out.
pub fn authorize_url(
    attempt: &Attempt,
    state: &Token,
    nonce: &Token,
    verifier: &SecretString,
) -> Result<String, Failure> {
    let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
    let client = of_attempt(attempt)?;
    let (url, _) = client
        .authorize_url(|| CsrfToken::new(state.expose().to_owned()))
        .add_scopes(attempt.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        // Not form_post: that would be a cross-site POST, on which Lax cookies are missing.
        .add_extra_param("response_mode", "query")
        .add_extra_param("nonce", nonce.expose().to_owned())
        // Not consent: where users may not consent, that is an endless loop.
        .add_extra_param("prompt", "select_account")
        .url();
    Ok(url.into())
}

/// Exchanges the code.
///
/// # Errors
/// [`Refusal`]; the OAuth `error` alone decides which, for Microsoft warns that its own codes change.
pub async fn exchange(
    http: &dyn ProviderHttp,
    attempt: &Attempt,
    secret: &SecretString,
    verifier: &SecretString,
    code: &SecretString,
) -> Result<Grant, Refusal> {
    let client = of_attempt(attempt)
        .map_err(|_| Refusal::from(Why::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let adapter = Adapter::new(http);
    let answer = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&adapter)
        .await;
    let tokens = answer.map_err(|error| adapter.refusal(error, &[secret, code, verifier]))?;
    let id_token = tokens.extra_fields().id_token.clone();
    Ok(Grant {
        access_token: SecretString::from(tokens.access_token().secret().clone()),
        has_refresh_token: tokens.refresh_token().is_some(),
        id_token: id_token.map(|Hidden(token)| SecretString::from(token)),
        scopes: tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
    })
}

/// Asks for an access of the application's own, which is thrown away at once: whether its credentials are right.
///
/// # Errors
/// [`Refusal`].
pub async fn credentials(
    http: &dyn ProviderHttp,
    endpoints: &Endpoints,
    client_id: &str,
    secret: &SecretString,
) -> Result<(), Refusal> {
    let graph = endpoints.graph.split('/').take(3).collect::<Vec<_>>().join("/");
    let client = client(client_id, endpoints)
        .map_err(|_| Refusal::from(Why::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let adapter = Adapter::new(http);
    let answer = client
        .exchange_client_credentials()
        .add_scope(Scope::new(format!("{graph}/.default")))
        .request_async(&adapter)
        .await;
    answer.map(drop).map_err(|error| adapter.refusal(error, &[secret]))
}

impl<'a> Adapter<'a> {
    fn new(http: &'a dyn ProviderHttp) -> Self {
        Self { http, manner: Mutex::default() }
    }

    /// Why a request for tokens came to nothing. `secrets` is what was sent, which must not come back.
    fn refusal(
        &self,
        error: RequestTokenError<HttpFailure, TokenError>,
        secrets: &[&SecretString],
    ) -> Refusal {
        let manner = self.manner.lock().ok().and_then(|manner| manner.clone()).unwrap_or_default();
        let said = match error {
            RequestTokenError::ServerResponse(error) => Some(error),
            RequestTokenError::Request(failure) => return why(failure).into(),
            // The rest holds the raw body: it goes no further.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => None,
        };
        let why = manner.why().unwrap_or_else(|| said.as_ref().map_or(Why::Garbled, TokenError::why));
        let words = if let Some(said) = said {
            said.words(manner.request_id.as_deref(), secrets)
        } else {
            let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
            let id = manner.request_id.map(|id| without(&id, &secrets));
            ProviderWords::new(None, None, id.as_deref(), None)
        };
        Refusal { why, words: (words != ProviderWords::default()).then(|| Box::new(words)) }
    }
}

impl TokenError {
    /// The OAuth `error` alone decides, for Microsoft warns that its own codes change.
    fn why(&self) -> Why {
        match self.error.as_str() {
            "invalid_client" => Why::CredentialsRejected,
            "unauthorized_client" => Why::ApplicationRefused,
            "invalid_scope" => Why::PermissionsRefused,
            "invalid_grant" => Why::CodeRefused,
            "temporarily_unavailable" | "server_error" => Why::Unavailable,
            _ => Why::ExchangeRefused,
        }
    }

    fn words(&self, request_id: Option<&str>, secrets: &[&SecretString]) -> ProviderWords {
        let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
        let clean = |text: &str| without(text, &secrets);
        let trace_id = self.trace_id.as_deref().or(request_id).map(clean);
        ProviderWords::new(
            Some(&clean(&self.error)),
            self.error_description.as_deref().map(clean).as_deref(),
            trace_id.as_deref(),
            self.correlation_id.as_deref().map(clean).as_deref(),
        )
        .with_codes(self.codes())
    }
}

/// Why there is no answer.
pub const fn why(failure: HttpFailure) -> Why {
    match failure {
        HttpFailure::Unreachable => Why::Unreachable,
        HttpFailure::TimedOut => Why::Slow,
        HttpFailure::TooLarge | HttpFailure::Request => Why::Garbled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_an_answer_of_the_token_endpoint_prints_no_token() {
        let answer = r#"{"token_type":"Bearer","access_token":"canary-1","refresh_token":"canary-2","id_token":"canary-3"}"#;
        let tokens: Tokens = serde_json::from_str(answer).expect("tokens");
        let printed = format!("{tokens:?}");
        assert!(printed.contains("[redacted]") && !printed.contains("canary"), "{printed}");
    }
}
