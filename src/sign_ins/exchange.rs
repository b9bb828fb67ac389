//! The code for tokens, and the tokens for who it was: what is said to the provider, and how its
//! answers are understood.

mod answers;

use std::{pin::Pin, sync::Mutex};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicRevocationErrorResponse, BasicTokenType},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    http::{HttpFailure, ProviderHttp},
    microsoft::Endpoints,
    model::{Cause, NoConnection, ProviderWords, Why, redact},
    store::Attempt,
};
use crate::platform::{clock::Timestamp, failure::Failure, randomness::Token};
pub use answers::ResponseMeta;
use answers::{Hidden, TokenError, Tokens, made_plain};

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
    /// What it said, and what this program found out.
    pub words: Option<Box<ProviderWords>>,
}

impl Refusal {
    /// With what this program found out.
    pub fn found(why: Why, cause: Cause) -> Self {
        Self { why, words: Some(Box::new(ProviderWords::found(cause))) }
    }
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
    /// The provider's clock as it answered, where the answer says it.
    pub date: Option<Timestamp>,
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
    /// The host that is asked.
    host: String,
    meta: Mutex<Option<ResponseMeta>>,
}

impl<'c> AsyncHttpClient<'c> for Adapter<'_> {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.http.send(request).await?;
            if let Ok(mut meta) = self.meta.lock() {
                *meta = Some(ResponseMeta::of(&answer));
            }
            Ok(made_plain(answer))
        })
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
    let adapter = Adapter::new(http, &attempt.endpoints.token);
    let answer = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&adapter)
        .await;
    let tokens = answer.map_err(|error| adapter.refusal(error, &[secret, code, verifier]))?;
    let id_token = tokens.id_token.clone();
    Ok(Grant {
        access_token: SecretString::from(tokens.access_token().secret().clone()),
        has_refresh_token: tokens.refresh_token().is_some(),
        id_token: id_token.map(|Hidden(token)| SecretString::from(token)),
        scopes: tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect()),
        date: adapter.meta().date,
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
    let adapter = Adapter::new(http, &endpoints.token);
    let answer = client
        .exchange_client_credentials()
        .add_scope(Scope::new(format!("{graph}/.default")))
        .request_async(&adapter)
        .await;
    answer.map(drop).map_err(|error| adapter.refusal(error, &[secret]))
}

impl<'a> Adapter<'a> {
    fn new(http: &'a dyn ProviderHttp, url: &str) -> Self {
        Self { http, host: host(url), meta: Mutex::default() }
    }

    fn meta(&self) -> ResponseMeta {
        self.meta.lock().ok().and_then(|meta| meta.clone()).unwrap_or_default()
    }

    /// Why a request for tokens came to nothing. `secrets` is what was sent, which must not come back.
    fn refusal(
        &self,
        error: RequestTokenError<HttpFailure, TokenError>,
        secrets: &[&SecretString],
    ) -> Refusal {
        let meta = self.meta();
        let said = match error {
            RequestTokenError::ServerResponse(error) => Some(error),
            RequestTokenError::Request(failure) => return no_answer(failure, &self.host),
            // The rest holds the raw body: it goes no further.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => None,
        };
        let why = meta.why().unwrap_or_else(|| said.as_ref().map_or(Why::Garbled, TokenError::why));
        let mut words = if let Some(said) = said {
            said.words(meta.request_id.as_deref(), secrets)
        } else {
            let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
            let id = meta.request_id.as_deref().map(|id| redact(id, &secrets));
            ProviderWords::new(None, None, id.as_deref(), None)
        };
        words.cause = meta.cause(&self.host).map(Box::new);
        Refusal { why, words: (words != ProviderWords::default()).then(|| Box::new(words)) }
    }
}

/// The host of an address, with its port where that is not the usual one.
pub fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let port = url.as_ref().and_then(url::Url::port).map(|port| format!(":{port}")).unwrap_or_default();
    url.as_ref().and_then(url::Url::host_str).map(|host| format!("{host}{port}")).unwrap_or_default()
}

/// Why there is no answer of this host's.
pub fn no_answer(failure: HttpFailure, host: &str) -> Refusal {
    let (why, cause) = match failure {
        HttpFailure::Unreachable => (Why::Unreachable, Some(NoConnection::BrokenOff)),
        HttpFailure::NoConnection(why) => (Why::Unreachable, Some(why)),
        HttpFailure::TimedOut => (Why::Slow, None),
        HttpFailure::TooLarge | HttpFailure::Request => (Why::Garbled, None),
    };
    let words = cause.map(|why| ProviderWords::found(Cause::NoConnection { host: host.to_owned(), why }));
    Refusal { why, words: words.map(Box::new) }
}
