//! The code for tokens, and the tokens for who it was: what is said to the provider, and how its
//! answers are understood.

use std::{fmt, pin::Pin};

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
    model::{ProviderWords, Why},
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

fn client(attempt: &Attempt) -> Result<OAuthClient, Failure> {
    let wrong = |error: url::ParseError| Failure::unexpected(&error);
    Ok(Client::new(ClientId::new(attempt.client_id.clone()))
        .set_auth_uri(AuthUrl::new(attempt.endpoints.authorize.clone()).map_err(wrong)?)
        .set_token_uri(TokenUrl::new(attempt.endpoints.token.clone()).map_err(wrong)?)
        .set_redirect_uri(RedirectUrl::new(attempt.redirect_uri.clone()).map_err(wrong)?)
        // In the body, form-encoded: Microsoft's secrets hold signs that Basic would need encoded twice.
        .set_auth_type(AuthType::RequestBody))
}

/// [`ProviderHttp`] as the `oauth2` crate asks for it.
struct Adapter<'a>(&'a dyn ProviderHttp);

impl<'c> AsyncHttpClient<'c> for Adapter<'_> {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.0.send(request)
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
    let client = client(attempt)?;
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
    let client = client(attempt)
        .map_err(|_| Refusal::from(Why::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let answer = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&Adapter(http))
        .await;
    let tokens = answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(error) => refusal(&error),
        RequestTokenError::Request(failure) => why(failure).into(),
        // The rest holds the raw body: it goes no further.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Why::Garbled.into(),
    })?;
    let id_token = tokens.extra_fields().id_token.clone();
    Ok(Grant {
        access_token: SecretString::from(tokens.access_token().secret().clone()),
        has_refresh_token: tokens.refresh_token().is_some(),
        id_token: id_token.map(|Hidden(token)| SecretString::from(token)),
        scopes: tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
    })
}

fn refusal(error: &TokenError) -> Refusal {
    let why = match error.error.as_str() {
        "invalid_client" => Why::CredentialsRejected,
        "unauthorized_client" => Why::ApplicationRefused,
        "invalid_scope" => Why::PermissionsRefused,
        "invalid_grant" => Why::CodeRefused,
        "temporarily_unavailable" | "server_error" => Why::Unavailable,
        _ => Why::ExchangeRefused,
    };
    let words = ProviderWords::new(
        Some(&error.error),
        error.error_description.as_deref(),
        error.trace_id.as_deref(),
        error.correlation_id.as_deref(),
    )
    .with_codes(error.codes());
    Refusal { why, words: Some(Box::new(words)) }
}

const fn why(failure: HttpFailure) -> Why {
    match failure {
        HttpFailure::Unreachable | HttpFailure::TimedOut | HttpFailure::Unavailable(_) => Why::Unavailable,
        HttpFailure::TooLarge | HttpFailure::Request => Why::Garbled,
    }
}

/// What Graph says of who signed in (`GET /me`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account's id within its tenant.
    pub id: String,
    /// Their address; Graph may have none.
    pub mail: Option<String>,
    /// What they sign in with.
    pub user_principal_name: Option<String>,
}

impl Me {
    /// What to call the account.
    pub fn account(&self) -> &str {
        self.mail.as_deref().or(self.user_principal_name.as_deref()).unwrap_or(&self.id)
    }
}

/// Asks Graph who signed in.
///
/// # Errors
/// [`Why`] it did not say.
pub async fn me(http: &dyn ProviderHttp, graph: &str, access_token: &SecretString) -> Result<Me, Refusal> {
    let request = ::http::Request::get(format!("{graph}/me"))
        .header(::http::header::AUTHORIZATION, format!("Bearer {}", access_token.expose_secret()))
        .header(::http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Refusal::from(Why::Garbled))?;
    let answer = http.send(request).await.map_err(|failure| Refusal::from(why(failure)))?;
    if !answer.status().is_success() {
        return Err(Why::IdentityRefused.into());
    }
    serde_json::from_slice(answer.body()).map_err(|_| Why::Garbled.into())
}
