//! Sends requests to the provider. They are bounded in time and size, and redirects are not followed. `mail` has the
//! client for mail.

mod mail;

use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::proxy::matcher::Matcher;
use oauth2::{HttpRequest, HttpResponse};
use rustls::CertificateError;

use super::NoConnection;
pub use mail::MailClient;

/// Maximum number of bytes of an answer. Tokens of 200 kB each fit into it.
pub const MAX_BODY: usize = 1024 * 1024;
/// Time limit of one request. If two requests are slow, the time limit of the attempt ends the second one earlier.
const REQUEST_TIME_LIMIT: Duration = Duration::from_secs(7);

/// The reason why there is no answer. It contains no part of the request or the answer, so it can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// The connection broke off before the whole answer was there.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// No connection was made.
    #[error("the provider cannot be reached: {}", .0.words())]
    NoConnection(NoConnection),
    /// No answer in time.
    #[error("the provider does not answer in time")]
    TimedOut,
    /// The answer is larger than [`MAX_BODY`].
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The request could not be made.
    #[error("the request to the provider could not be made")]
    Request,
}

impl HttpFailure {
    /// Attributes a failed look-up or connection to the proxy if there is one: the client connects only to the proxy.
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

/// Sends requests to the provider. It is a trait so that tests can return prepared answers.
#[async_trait]
pub trait ProviderHttp: Send + Sync + 'static {
    /// Sends one request.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure>;
}

/// The implementation with `reqwest`.
pub struct Reqwest {
    client: reqwest::Client,
    /// The proxies that the client uses.
    proxies: Matcher,
}

impl Reqwest {
    /// Creates the client of the whole program. It takes `HTTPS_PROXY` and `NO_PROXY` from the environment.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new() -> Result<Self, String> {
        Self::built(Self::builder(), Matcher::from_system())
    }

    /// What the clients of this program have in common.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    fn plain_builder() -> reqwest::ClientBuilder {
        // Another part of the program may have installed the same provider of cryptography already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            // A redirect could send the code, the secret and the token to any address (SSRF).
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("mail360/", env!("CARGO_PKG_VERSION")))
    }

    fn builder() -> reqwest::ClientBuilder {
        Self::plain_builder()
            // A code can be sent only once. The other end might be closing a kept connection just then.
            .pool_max_idle_per_host(0)
            .timeout(REQUEST_TIME_LIMIT)
    }

    fn built(builder: reqwest::ClientBuilder, proxies: Matcher) -> Result<Self, String> {
        builder.build().map(|client| Self { client, proxies }).map_err(|error| {
            // The last source of the error names the reason. The error's own text says only that it failed.
            let reasons = std::iter::successors(std::error::Error::source(&error), |error| error.source());
            let reason = reasons.last().map_or_else(|| error.to_string(), ToString::to_string);
            // Where this variable is set, the client reads no other file.
            let named = std::env::var("SSL_CERT_FILE").ok().filter(|file| !file.is_empty());
            let remedy = named.map_or_else(
                || {
                    "Install this system's CA certificates (Debian: `apt-get install ca-certificates`), or name a file of \
                     them in SSL_CERT_FILE."
                        .to_owned()
                },
                |file| {
                    format!(
                        "SSL_CERT_FILE names {file}, which cannot be read or contains no certificate: name a file of CA \
                         certificates in PEM format, or unset it to use the system's."
                    )
                },
            );
            format!("The connection to the provider cannot be secured: {reason}. {remedy}")
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

/// Converts an error as early as possible, because its text contains the address.
fn failure(error: &reqwest::Error) -> HttpFailure {
    if !error.is_connect() {
        return if error.is_timeout() { HttpFailure::TimedOut } else { HttpFailure::Unreachable };
    }
    // A time-out while connecting means a firewall that drops packets rather than a slow provider.
    let cause = error.is_dns().then_some(NoConnection::NameNotFound);
    let cause = cause.or_else(|| causes(error).find_map(no_connection));
    let otherwise = if error.is_timeout() { NoConnection::TimedOut } else { NoConnection::Other };
    HttpFailure::NoConnection(cause.unwrap_or(otherwise))
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

/// The chain of causes of an error. An `io::Error` may contain an error that it does not name as its source.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = Cause<'a>> {
    std::iter::successors(std::error::Error::source(error), |error| {
        let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        within.map(|within| within as Cause<'a>).or_else(|| error.source())
    })
}

/// The reason why no connection was made, if this cause names it. The library's error type for proxies is private, so
/// its text is compared; a test checks that text.
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
    // If this error has a source, such as an unreachable proxy, the source is more precise.
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
