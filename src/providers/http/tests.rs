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
        let origin = server(Router::new().fallback(any(move || std::future::ready(redirect.clone())))).await;
        let answer = send(&origin).await.expect("an answer");
        assert!(answer.status().is_redirection(), "{}", answer.status());
    }
    assert_eq!(followed.load(Ordering::Relaxed), 0);
}

/// The result of a request to a server with a self-signed certificate, and the bytes that the server received. The
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
        (|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1), NoConnection::CertificateOutOfDate),
        (|params| params.not_before = rcgen::date_time_ymd(2901, 1, 1), NoConnection::CertificateOutOfDate),
        (
            |params| {
                params.subject_alt_names =
                    vec![rcgen::SanType::DnsName("another.example".try_into().expect("a name"))];
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
    // The buffers of two sockets add to that.
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

/// The result of a request to the provider through this proxy.
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
    // The socket accepts nothing and its queue is full, so further connections are dropped, as by a firewall.
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
