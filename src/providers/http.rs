//! Requests to the provider: bounded in time and size, without redirects.

use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::proxy::matcher::Matcher;
use oauth2::{HttpRequest, HttpResponse};
use rustls::CertificateError;

use super::NoConnection;

/// The most that is read of an answer.
pub const MAX_BODY: usize = 1024 * 1024;
/// How long one request may take. Of two slow ones the second is cut short by the attempt's own patience.
const PATIENCE: Duration = Duration::from_secs(7);

/// Why there is no answer. It holds nothing of the request or the answer, so that it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// The connection broke off before the whole answer was there.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// No connection came about.
    #[error("the provider cannot be reached: {}", .0.words())]
    NoConnection(NoConnection),
    /// No answer in time.
    #[error("the provider does not answer in time")]
    TimedOut,
    /// More than anyone needs.
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The request could not be made.
    #[error("the request to the provider could not be made")]
    Request,
}

impl HttpFailure {
    /// Where a proxy leads to the provider, it is the proxy's name and address that are looked up and connected to.
    const fn through_proxy(self, has_proxy: bool) -> Self {
        use NoConnection::{NameNotFound, NoRoute, ProxyNameNotFound, ProxyUnreachable, Refused, TimedOut};
        match self {
            Self::NoConnection(NameNotFound) if has_proxy => Self::NoConnection(ProxyNameNotFound),
            Self::NoConnection(Refused | TimedOut | NoRoute) if has_proxy => {
                Self::NoConnection(ProxyUnreachable)
            }
            other => other,
        }
    }
}

/// Sends requests to the provider. A parameter, so that tests can hand in canned answers.
#[async_trait]
pub trait ProviderHttp: Send + Sync + 'static {
    /// Sends one.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure>;
}

/// The real one.
pub struct Reqwest {
    client: reqwest::Client,
    /// The proxies that the client uses.
    proxies: Matcher,
}

impl Reqwest {
    /// One client for the whole program. It takes `HTTPS_PROXY` and `NO_PROXY` from the environment.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new() -> Result<Self, String> {
        Self::built(Self::builder(), Matcher::from_system())
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    fn builder() -> reqwest::ClientBuilder {
        // Another part of the program may have installed it already; one is as good as the other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            // A redirect would carry the code and the secret to wherever it points (SSRF).
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // A code can be sent once: not on a connection that was kept, which the other end may be closing.
            .pool_max_idle_per_host(0)
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            .user_agent(concat!("mail360/", env!("CARGO_PKG_VERSION")))
    }

    fn built(builder: reqwest::ClientBuilder, proxies: Matcher) -> Result<Self, String> {
        builder.build().map(|client| Self { client, proxies }).map_err(|error| {
            // The last source of the error names the reason. The error's own text says only that it failed.
            let reasons = std::iter::successors(std::error::Error::source(&error), |error| error.source());
            let reason = reasons.last().map_or_else(|| error.to_string(), ToString::to_string);
            format!(
                "The connection to Microsoft cannot be secured: {reason}. Install this system's CA certificates \
                 (Debian: `apt-get install ca-certificates`), or name a file of them in SSL_CERT_FILE."
            )
        })
    }
}

#[async_trait]
impl ProviderHttp for Reqwest {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let request = reqwest::Request::try_from(request).map_err(|_| HttpFailure::Request)?;
        let uri: Option<http::Uri> = request.url().as_str().parse().ok();
        let has_proxy = uri.is_some_and(|uri| self.proxies.intercept(&uri).is_some());
        let sent = self.client.execute(request).await;
        let mut response = sent.map_err(|error| failure(&error).through_proxy(has_proxy))?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
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
    if !error.is_connect() {
        return if error.is_timeout() { HttpFailure::TimedOut } else { HttpFailure::Unreachable };
    }
    // A connection that does not come about in time is a firewall that drops, and not a provider that is slow.
    let cause = error.is_dns().then_some(NoConnection::NameNotFound);
    let cause = cause.or_else(|| causes(error).find_map(no_connection));
    let otherwise = if error.is_timeout() { NoConnection::TimedOut } else { NoConnection::Other };
    HttpFailure::NoConnection(cause.unwrap_or(otherwise))
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The errors below an error. An `io::Error` may hold one of its own that it does not name as its source.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = Cause<'a>> {
    std::iter::successors(std::error::Error::source(error), |error| {
        let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        within.map(|within| within as Cause<'a>).or_else(|| error.source())
    })
}

/// Why no connection came about, where one of the errors says it. The library's type for proxies is its own: it is told
/// by its text, which a test compares.
fn no_connection(error: Cause<'_>) -> Option<NoConnection> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(error) => certificate(error),
            _ => NoConnection::Tls,
        });
    }
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return match error.kind() {
            std::io::ErrorKind::ConnectionRefused => Some(NoConnection::Refused),
            std::io::ErrorKind::TimedOut => Some(NoConnection::TimedOut),
            std::io::ErrorKind::NetworkUnreachable | std::io::ErrorKind::HostUnreachable => {
                Some(NoConnection::NoRoute)
            }
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof
                if error.get_ref().is_none() =>
            {
                Some(NoConnection::BrokenOff)
            }
            _ => None,
        };
    }
    let text = error.to_string();
    if text.contains("proxy authorization required") {
        return Some(NoConnection::ProxyLogin);
    }
    // What failed below it, as where the proxy itself cannot be reached, says more.
    let refused = text.contains("tunnel error") && error.source().is_none();
    refused.then_some(NoConnection::ProxyRefused)
}

fn certificate(error: &CertificateError) -> NoConnection {
    match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => NoConnection::CertificateOutOfDate,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            NoConnection::CertificateOfAnother
        }
        _ => NoConnection::Certificate,
    }
}

#[cfg(test)]
mod tests;
