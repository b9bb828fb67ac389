//! Requests to the provider: bounded in time and size, without redirects.

use std::time::Duration;

use async_trait::async_trait;
use oauth2::{HttpRequest, HttpResponse};

/// The most that is read of an answer.
pub const MAX_BODY: usize = 1024 * 1024;
/// How long one request may take; two of them fit into an attempt's patience.
const PATIENCE: Duration = Duration::from_secs(7);

/// Why there is no answer. It holds nothing of the request or the answer, so that it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// No connection, or it broke.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the provider does not answer in time")]
    TimedOut,
    /// More than anyone needs.
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The provider has no time now (429 or 5xx).
    #[error("the provider answers {0}")]
    Unavailable(u16),
    /// The request could not be made.
    #[error("the request to the provider could not be made")]
    Request,
}

/// Sends requests to the provider. A parameter, so that tests can hand in canned answers.
#[async_trait]
pub trait ProviderHttp: Send + Sync + 'static {
    /// Sends one.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure>;
}

/// The real one.
pub struct Reqwest(reqwest::Client);

impl Reqwest {
    /// One client for the whole program.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    pub fn new() -> Result<Self, reqwest::Error> {
        // Another part of the program may have installed it already; one is as good as the other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            // A redirect would carry the code and the secret to wherever it points (SSRF).
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            .user_agent(concat!("mail360/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
    }
}

#[async_trait]
impl ProviderHttp for Reqwest {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let request = reqwest::Request::try_from(request).map_err(|_| HttpFailure::Request)?;
        let mut response = self.0.execute(request).await.map_err(|error| failure(&error))?;
        let status = response.status();
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(HttpFailure::Unavailable(status.as_u16()));
        }
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = status;
        *answer.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if answer.body().len() + chunk.len() > MAX_BODY {
                return Err(HttpFailure::TooLarge);
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// At once, for the error's own text holds the address.
fn failure(error: &reqwest::Error) -> HttpFailure {
    if error.is_timeout() { HttpFailure::TimedOut } else { HttpFailure::Unreachable }
}
