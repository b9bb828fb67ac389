//! OAuth requests that all providers share: the address of the sign-in, redeeming a code for tokens, refreshing a
//! grant, and trying an application's credentials. It also reads the answers and makes refusals of errors.

mod answers;
mod refresh;

use std::{pin::Pin, sync::Mutex, time::Duration};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicRevocationErrorResponse, BasicTokenType},
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Evidence, NoConnection, ProviderWords, RawError, Refusal, RefusalKind,
    http::{HttpFailure, ProviderHttp},
    redact,
};
use crate::platform::{clock::Timestamp, failure::Failure, randomness::Token};
use answers::{Hidden, TokenError, Tokens, made_plain};
pub use answers::{ResponseMeta, challenge_error};
pub use refresh::{RefreshRequest, refresh};

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

/// A grant that the token endpoint has issued or refreshed.
#[derive(Debug)]
pub struct Grant {
    /// The access token for the provider's API.
    pub access_token: SecretString,
    /// The refresh token, with which the grant can be kept alive. If a refresh gives none, the previous one stays valid
    /// (RFC 6749, 6).
    pub refresh_token: Option<SecretString>,
    /// How long the access token is valid, if the provider says so: more than zero, and at most 31 days.
    pub expires_in: Option<Duration>,
    /// How long the grant itself lasts however often it is refreshed, if the provider gave it for a limited time and says
    /// so: more than zero.
    pub ends_in: Option<Duration>,
    pub id_token: Option<SecretString>,
    /// The granted permissions, if the provider names them.
    pub scopes: Option<Vec<String>>,
    /// The provider's clock at the time of the answer, if the answer has it.
    pub date: Option<Timestamp>,
}

impl Grant {
    /// Whether the grant can be kept alive.
    pub const fn has_refresh_token(&self) -> bool {
        self.refresh_token.is_some()
    }
}

/// The values of a registered application that requests need.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    pub client_id: &'a str,
    /// The address at which people sign in.
    pub authorize: &'a str,
    /// The token endpoint.
    pub token: &'a str,
    pub read_words: fn(&RawError<'_>) -> ProviderWords,
}

impl Registration<'_> {
    fn client(&self) -> Result<OAuthClient, Failure> {
        let wrong = |error: url::ParseError| Failure::unexpected(&error);
        Ok(Client::new(ClientId::new(self.client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(self.authorize.to_owned()).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(self.token.to_owned()).map_err(wrong)?)
            // Sent in the form-encoded body: with Basic, some characters of secrets would need encoding twice.
            .set_auth_type(AuthType::RequestBody))
    }

    fn client_to(&self, redirect_uri: &str) -> Result<OAuthClient, Failure> {
        let redirect_uri =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| Failure::unexpected(&error))?;
        Ok(self.client()?.set_redirect_uri(redirect_uri))
    }
}

/// The parameters of the address at which people sign in.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizeRequest<'a> {
    /// Our Redirect URI.
    pub redirect_uri: &'a str,
    /// The scopes that are asked for.
    pub scopes: &'a [String],
    /// The state (RFC 6749, 10.12).
    pub state: &'a Token,
    /// The nonce (OpenID Connect Core 1.0, 3.1.2.1).
    pub nonce: &'a Token,
    /// The PKCE verifier, of which the address has the hash (RFC 7636).
    pub verifier: &'a SecretString,
    /// The email address that the provider fills in, if one is expected (OpenID Connect Core 1.0, 3.1.2.1). Without it
    /// the provider asks which account to use.
    pub login_hint: Option<&'a str>,
    /// Whether the provider asks for the permissions again, although some of them were granted before.
    pub prompt_consent: bool,
}

/// A code that is redeemed for tokens.
#[derive(Clone, Copy, Debug)]
pub struct CodeRequest<'a> {
    /// The Redirect URI to which the code was sent.
    pub redirect_uri: &'a str,
    /// The client secret.
    pub secret: &'a SecretString,
    /// The PKCE verifier.
    pub verifier: &'a SecretString,
    pub code: &'a SecretString,
}

/// Adapts [`ProviderHttp`] to the `oauth2` crate, and keeps the parts of an answer that the crate drops.
struct Adapter<'a> {
    http: &'a dyn ProviderHttp,
    /// The host that gets the request.
    host: String,
    read_words: fn(&RawError<'_>) -> ProviderWords,
    received: Mutex<Option<Received>>,
}

/// The parts of an answer that the `oauth2` crate drops.
#[derive(Clone, Default)]
struct Received {
    meta: ResponseMeta,
    /// How long the access token is valid.
    lifetime: Option<Duration>,
    /// How long the grant lasts.
    ends_in: Option<Duration>,
}

/// The reading of a failed token request that got an answer.
struct FailedRequest {
    meta: ResponseMeta,
    /// The OAuth error; `None` if the answer has none.
    error: Option<TokenError>,
    words: Option<Box<ProviderWords>>,
}

impl<'c> AsyncHttpClient<'c> for Adapter<'_> {
    type Error = HttpFailure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.http.send(request).await?;
            if let Ok(mut received) = self.received.lock() {
                let (lifetime, ends_in) =
                    (answers::lifetime(answer.body()), answers::grant_lifetime(answer.body()));
                *received = Some(Received { meta: ResponseMeta::of(&answer), lifetime, ends_in });
            }
            Ok(made_plain(answer))
        })
    }
}

/// The address at which people sign in. `extra` are parameters of the provider's own.
///
/// # Errors
/// If an address of the registration cannot be read, which the configuration rules out.
pub fn authorize_url(
    registration: &Registration<'_>,
    request: &AuthorizeRequest<'_>,
    extra: &[(&'static str, &str)],
) -> Result<String, Failure> {
    let verifier = PkceCodeVerifier::new(request.verifier.expose_secret().to_owned());
    let client = registration.client_to(request.redirect_uri)?;
    let mut url = client
        .authorize_url(|| CsrfToken::new(request.state.expose().to_owned()))
        .add_scopes(request.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_extra_param("nonce", request.nonce.expose().to_owned());
    if let Some(hint) = request.login_hint {
        url = url.add_extra_param("login_hint", hint.to_owned());
    }
    for (name, value) in extra {
        url = url.add_extra_param(*name, (*value).to_owned());
    }
    Ok(url.url().0.into())
}

/// Exchanges the code.
///
/// # Errors
/// [`Refusal`]; the OAuth `error` alone decides which, because codes of a provider's own change.
pub async fn exchange(
    http: &dyn ProviderHttp,
    registration: &Registration<'_>,
    request: &CodeRequest<'_>,
) -> Result<Grant, Refusal> {
    let CodeRequest { redirect_uri, secret, verifier, code } = *request;
    let client = registration
        .client_to(redirect_uri)
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let adapter = Adapter::new(http, registration);
    let answer = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&adapter)
        .await;
    let tokens = answer.map_err(|error| adapter.refusal(error, &[secret, code, verifier]))?;
    Ok(adapter.grant(tokens))
}

/// Tests the credentials of an application: requests an access token of its own (RFC 6749, 4.4) and discards it.
///
/// # Errors
/// [`Refusal`].
pub async fn try_credentials(
    http: &dyn ProviderHttp,
    registration: &Registration<'_>,
    secret: &SecretString,
    scope: String,
) -> Result<(), Refusal> {
    let client = registration
        .client()
        .map_err(|_| Refusal::from(RefusalKind::Garbled))?
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
    let adapter = Adapter::new(http, registration);
    let answer =
        client.exchange_client_credentials().add_scope(Scope::new(scope)).request_async(&adapter).await;
    answer.map(drop).map_err(|error| adapter.refusal(error, &[secret]))
}

impl<'a> Adapter<'a> {
    fn new(http: &'a dyn ProviderHttp, registration: &Registration<'_>) -> Self {
        let Registration { token, read_words, .. } = *registration;
        Self { http, host: host(token), read_words, received: Mutex::default() }
    }

    fn received(&self) -> Received {
        self.received.lock().ok().and_then(|received| received.clone()).unwrap_or_default()
    }

    /// The grant in an answer.
    fn grant(&self, tokens: Tokens) -> Grant {
        let Received { meta, lifetime, ends_in } = self.received();
        let scopes = |scopes: &Vec<Scope>| scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        Grant {
            access_token: SecretString::from(tokens.access_token().secret().clone()),
            refresh_token: tokens.refresh_token().map(|token| SecretString::from(token.secret().clone())),
            expires_in: lifetime,
            ends_in,
            scopes: tokens.scopes().map(scopes),
            id_token: tokens.id_token.map(|Hidden(token)| SecretString::from(token)),
            date: meta.date,
        }
    }

    /// The refusal for a failed token request. `secrets` are the sent values, which are removed from the answer.
    fn refusal(
        &self,
        error: RequestTokenError<HttpFailure, TokenError>,
        secrets: &[&SecretString],
    ) -> Refusal {
        match self.failed_request(error, secrets) {
            Ok(FailedRequest { meta, error, words }) => {
                let by_error = || error.as_ref().map_or(RefusalKind::Garbled, TokenError::why);
                Refusal { why: meta.why().unwrap_or_else(by_error), words }
            }
            Err(failure) => no_answer(failure, &self.host),
        }
    }

    /// Reads a failed token request. `secrets` are the sent values, which are removed from the answer.
    ///
    /// # Errors
    /// The failure, if there was no answer.
    fn failed_request(
        &self,
        error: RequestTokenError<HttpFailure, TokenError>,
        secrets: &[&SecretString],
    ) -> Result<FailedRequest, HttpFailure> {
        let Received { meta, .. } = self.received();
        let error = match error {
            RequestTokenError::ServerResponse(error) => Some(error),
            RequestTokenError::Request(failure) => return Err(failure),
            // These errors contain the raw body, so they are dropped here.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => None,
        };
        let mut words = if let Some(error) = &error {
            error.words(meta.request_id.as_deref(), secrets, self.read_words)
        } else {
            let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret()).collect();
            let id = meta.request_id.as_deref().map(|id| redact(id, &secrets));
            ProviderWords::of(None, None, id.as_deref(), None)
        };
        words.evidence = meta.evidence(&self.host).map(Box::new);
        let words = (words != ProviderWords::default()).then(|| Box::new(words));
        Ok(FailedRequest { meta, error, words })
    }
}

/// The host of an address, with its port unless it is the default one.
pub fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let port = url.as_ref().and_then(url::Url::port).map(|port| format!(":{port}")).unwrap_or_default();
    url.as_ref().and_then(url::Url::host_str).map(|host| format!("{host}{port}")).unwrap_or_default()
}

/// The refusal for a host that did not answer.
pub fn no_answer(failure: HttpFailure, host: &str) -> Refusal {
    let (why, no_connection) = match failure {
        HttpFailure::Unreachable => (RefusalKind::Unreachable, Some(NoConnection::BrokenOff)),
        HttpFailure::NoConnection(why) => (RefusalKind::Unreachable, Some(why)),
        HttpFailure::TimedOut => (RefusalKind::Slow, None),
        HttpFailure::TooLarge | HttpFailure::Request => (RefusalKind::Garbled, None),
    };
    let words =
        no_connection.map(|why| ProviderWords::found(Evidence::NoConnection { host: host.to_owned(), why }));
    Refusal { why, words: words.map(Box::new) }
}
