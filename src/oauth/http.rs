//! Requests to the provider: bounded in time and size, without redirects.

use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::proxy::matcher::Matcher;
use oauth2::{HttpRequest, HttpResponse};
use rustls::CertificateError;

use super::model::NoConnection;

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
            // The reason stands behind the error, whose own text says only that there is one.
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
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Router, body::Body, response::Redirect, routing::any};
    use http::{Request, StatusCode};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    use super::*;

    /// A server on this machine: where it is.
    async fn server(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    async fn send(url: &str) -> Result<HttpResponse, HttpFailure> {
        let request = Request::post(url).body(b"client_secret=canary".to_vec()).expect("a request");
        Reqwest::new().expect("a client").send(request).await
    }

    #[tokio::test]
    async fn o12_a_redirect_of_the_token_endpoint_is_not_followed() {
        let followed = Arc::new(AtomicUsize::new(0));
        let seen = followed.clone();
        let elsewhere = server(Router::new().fallback(any(move || {
            seen.fetch_add(1, Ordering::Relaxed);
            std::future::ready(StatusCode::OK)
        })))
        .await;
        for redirect in
            [Redirect::to(&elsewhere), Redirect::temporary(&elsewhere), Redirect::permanent(&elsewhere)]
        {
            let origin =
                server(Router::new().fallback(any(move || std::future::ready(redirect.clone())))).await;
            let answer = send(&origin).await.expect("an answer");
            assert!(answer.status().is_redirection(), "{}", answer.status());
        }
        assert_eq!(followed.load(Ordering::Relaxed), 0);
    }

    /// What a request comes to at a server that shows a certificate made by itself, and what the server heard. The
    /// client trusts the certificate if `trusted`.
    async fn at_certificate(
        change: impl FnOnce(&mut rcgen::CertificateParams),
        trusted: bool,
    ) -> (Option<HttpFailure>, Vec<u8>) {
        use tokio::io::AsyncReadExt;
        use tokio_rustls::TlsAcceptor;

        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        change(&mut params);
        let certificate = params.self_signed(&key).expect("a certificate");
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .expect("a configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}/token", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            let mut heard = Vec::new();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read_to_end(&mut heard).await;
            }
            heard
        });
        let mut builder = Reqwest::builder().no_proxy();
        if trusted {
            let root = reqwest::Certificate::from_der(certificate.der()).expect("a certificate");
            builder = builder.tls_certs_only([root]);
        }
        let client = Reqwest::built(builder, no_proxies()).expect("a client");
        let request = Request::post(url).body(b"client_secret=canary".to_vec()).expect("a request");
        let refused = client.send(request).await.err();
        (refused, server.await.expect("no panic"))
    }

    #[tokio::test]
    async fn o12_a_server_with_an_untrusted_certificate_is_sent_nothing() {
        let (refused, heard) = at_certificate(|_| (), false).await;
        assert_eq!(refused, Some(HttpFailure::NoConnection(NoConnection::Certificate)));
        assert_eq!(heard, b"", "the secret was sent");
    }

    #[tokio::test]
    async fn c16_a_certificate_that_is_out_of_date_is_told_apart_from_one_of_a_proxy() {
        type Change = fn(&mut rcgen::CertificateParams);
        let cases: [(Change, NoConnection); 3] = [
            (
                |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1),
                NoConnection::CertificateOutOfDate,
            ),
            (
                |params| params.not_before = rcgen::date_time_ymd(2901, 1, 1),
                NoConnection::CertificateOutOfDate,
            ),
            (
                |params| {
                    params.subject_alt_names =
                        vec![rcgen::SanType::DnsName("another.example".try_into().expect("a name"))]
                },
                NoConnection::CertificateOfAnother,
            ),
        ];
        for (change, why) in cases {
            let (refused, heard) = at_certificate(change, true).await;
            assert_eq!(refused, Some(HttpFailure::NoConnection(why)));
            assert_eq!(heard, b"", "the secret was sent");
        }
    }

    #[tokio::test]
    async fn a_connection_that_the_provider_is_about_to_close_costs_no_sign_in() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        // Answers one request on each connection, and closes it when the next one comes.
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                    let _ = stream.read(&mut request).await;
                });
            }
        });
        let client = Reqwest::new().expect("a client");
        for _ in 0..3 {
            let request = Request::post(&url).body(b"code=abc".to_vec()).expect("a request");
            assert_eq!(client.send(request).await.expect("an answer").body(), b"ok");
        }
    }

    #[tokio::test]
    async fn o12_an_answer_is_read_to_a_mebibyte_and_no_further() {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let endless = server(Router::new().fallback(any(move || {
            let counted = counted.clone();
            let chunks = futures_util::stream::repeat_with(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024])
            });
            std::future::ready(Body::from_stream(chunks))
        })))
        .await;
        assert_eq!(send(&endless).await.err(), Some(HttpFailure::TooLarge));
        // What lies in the buffers of two sockets comes on top.
        assert!(sent.load(Ordering::Relaxed) < 200, "{}", sent.load(Ordering::Relaxed));

        let whole = server(Router::new().fallback(any(|| std::future::ready(vec![b'x'; MAX_BODY])))).await;
        assert_eq!(send(&whole).await.expect("an answer").body().len(), MAX_BODY);
        let more = server(Router::new().fallback(any(|| std::future::ready(vec![b'x'; MAX_BODY + 1])))).await;
        assert_eq!(send(&more).await.err(), Some(HttpFailure::TooLarge));
    }

    #[tokio::test]
    async fn a_provider_without_a_connection_is_told_apart_from_one_that_refuses() {
        for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY, StatusCode::UNAUTHORIZED] {
            let origin = server(Router::new().fallback(any(move || std::future::ready(status)))).await;
            assert_eq!(send(&origin).await.expect("an answer").status(), status);
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", closed.local_addr().expect("an address"));
        drop(closed);
        assert_eq!(send(&url).await.err(), Some(HttpFailure::NoConnection(NoConnection::Refused)));
    }

    /// A proxy that answers every CONNECT so, and what a request through it comes to.
    async fn through_proxy(answer: &'static [u8]) -> Option<HttpFailure> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
        });
        at_proxy(&proxy).await
    }

    /// What a request comes to where this proxy leads to the provider.
    async fn at_proxy(proxy: &str) -> Option<HttpFailure> {
        let matcher = Matcher::builder().https(proxy.to_owned()).build();
        let proxy = reqwest::Proxy::https(proxy).expect("a proxy");
        let client = Reqwest::built(Reqwest::builder().proxy(proxy), matcher).expect("a client");
        let request = Request::post("https://login.example/token").body(Vec::new()).expect("a request");
        client.send(request).await.err()
    }

    fn no_proxies() -> Matcher {
        Matcher::builder().build()
    }

    #[tokio::test]
    async fn c63_why_no_connection_came_about_is_told() {
        let direct = Reqwest::built(Reqwest::builder().no_proxy(), no_proxies()).expect("a client");
        let request = Request::post("https://no-such-host.invalid/").body(Vec::new()).expect("a request");
        let unknown = direct.send(request).await.err();
        assert_eq!(unknown, Some(HttpFailure::NoConnection(NoConnection::NameNotFound)));
        let plain = server(Router::new().fallback(any(|| std::future::ready(StatusCode::OK)))).await;
        let not_tls = send(&plain.replace("http:", "https:")).await.err();
        assert_eq!(not_tls, Some(HttpFailure::NoConnection(NoConnection::Tls)));
        let log_in = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let no_log_in = through_proxy(log_in).await;
        assert_eq!(no_log_in, Some(HttpFailure::NoConnection(NoConnection::ProxyLogin)));
        let forbidden = through_proxy(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(forbidden, Some(HttpFailure::NoConnection(NoConnection::ProxyRefused)));
        let misspelt = at_proxy("http://no-such-proxy.invalid:3128").await;
        assert_eq!(misspelt, Some(HttpFailure::NoConnection(NoConnection::ProxyNameNotFound)));
        let stopped = at_proxy("http://127.0.0.1:9").await;
        assert_eq!(stopped, Some(HttpFailure::NoConnection(NoConnection::ProxyUnreachable)));
    }

    #[tokio::test]
    async fn a_connection_that_is_dropped_is_told_apart_from_an_answer_that_is_slow() {
        // Nobody accepts, and the queue is full: what comes now is dropped, as by a firewall.
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let full = socket.listen(0).expect("a listener");
        let address = full.local_addr().expect("an address");
        let waiting: Vec<_> = (0..8).map(|_| tokio::spawn(TcpStream::connect(address))).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let dropped = send(&format!("http://{address}")).await.err();
        assert_eq!(dropped, Some(HttpFailure::NoConnection(NoConnection::TimedOut)));
        waiting.iter().for_each(tokio::task::JoinHandle::abort);

        let slow = server(Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
        assert_eq!(send(&slow).await.err(), Some(HttpFailure::TimedOut));
    }
}
