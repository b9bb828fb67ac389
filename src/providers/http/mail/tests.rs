use std::{convert::Infallible, sync::atomic::AtomicUsize};

use axum::{Router, body::Body, extract::ConnectInfo, response::Redirect, routing::any};
use http::{HeaderMap, Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::providers::mailbox::{MailProblem, empty_stream, read_whole};

const SHORT: Limits = Limits { silence: Duration::from_millis(300), whole: Duration::from_millis(600) };

/// A server on this machine: where it is.
async fn server(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}/")
}

fn request(url: &str, body: MailBody, is_download: bool) -> MailRequest {
    let (method, headers) = (Method::POST, HeaderMap::new());
    MailRequest { method, url: url.to_owned(), headers, body, weight: 1, units: 1, is_download }
}

async fn read(client: &MailClient, request: MailRequest) -> Result<Vec<u8>, MailProblem> {
    let answer = client.send(request).await.map_err(|error| error.problem)?;
    read_whole(answer.body, 1024).await.map_err(|error| error.problem)
}

/// Five pieces with a pause before each.
fn slow_body(pause: Duration) -> Body {
    Body::from_stream(stream::unfold(0, move |count| async move {
        tokio::time::sleep(pause).await;
        (count < 5).then(|| (Ok::<_, Infallible>("x"), count + 1))
    }))
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let url =
        server(Router::new().fallback(any(|ConnectInfo(client): ConnectInfo<std::net::SocketAddr>| {
            std::future::ready(client.to_string())
        })))
        .await;
    let client = MailClient::new().expect("a client");
    let first = read(&client, request(&url, MailBody::Empty, false)).await.expect("an answer");
    let second = read(&client, request(&url, MailBody::Empty, false)).await.expect("an answer");
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_request_that_may_have_a_body_says_that_it_has_none() {
    let length = |headers: HeaderMap| {
        std::future::ready(
            headers.get("content-length").map_or("none".to_owned(), |length| format!("{length:?}")),
        )
    };
    let url = server(Router::new().fallback(any(length))).await;
    let client = MailClient::new().expect("a client");
    for (method, expected) in [
        (Method::POST, "\"0\""),
        (Method::PUT, "\"0\""),
        (Method::PATCH, "\"0\""),
        (Method::GET, "none"),
        (Method::DELETE, "none"),
    ] {
        let sent = MailRequest { method: method.clone(), ..request(&url, MailBody::Empty, false) };
        assert_eq!(read(&client, sent).await.as_deref(), Ok(expected.as_bytes()), "{method}");
    }
}

#[tokio::test]
async fn a_redirect_is_passed_on_and_not_followed() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let elsewhere = server(Router::new().fallback(any(move || {
        seen.fetch_add(1, Ordering::Relaxed);
        std::future::ready(StatusCode::OK)
    })))
    .await;
    let to = elsewhere.clone();
    let url = server(Router::new().fallback(any(move || std::future::ready(Redirect::temporary(&to))))).await;
    let client = MailClient::new().expect("a client");
    let answer = client.send(request(&url, MailBody::Empty, false)).await.expect("an answer");
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers["location"], elsewhere);
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_slow_and_one_that_does_not_listen_got_nothing() {
    let url = server(Router::new().fallback(any(std::future::pending::<StatusCode>))).await;
    let client = MailClient::with(SHORT).expect("a client");
    assert_eq!(read(&client, request(&url, MailBody::Empty, true)).await, Err(MailProblem::Slow));
    let closed = read(&client, request("http://127.0.0.1:9/", MailBody::Empty, true)).await;
    assert_eq!(closed, Err(MailProblem::NotSent));
    let unreadable = read(&client, request("http://", MailBody::Empty, true)).await;
    assert_eq!(unreadable, Err(MailProblem::Garbled));
}

#[tokio::test]
async fn a_download_may_take_long_if_it_goes_on_and_a_whole_answer_may_not() {
    let url =
        server(Router::new().fallback(any(|| std::future::ready(slow_body(Duration::from_millis(150))))))
            .await;
    let client = MailClient::with(SHORT).expect("a client");
    assert_eq!(read(&client, request(&url, MailBody::Empty, true)).await.as_deref(), Ok(&b"xxxxx"[..]));
    assert_eq!(read(&client, request(&url, MailBody::Empty, false)).await, Err(MailProblem::Slow));
    let stuck =
        server(Router::new().fallback(any(|| std::future::ready(slow_body(Duration::from_mins(1)))))).await;
    assert_eq!(read(&client, request(&stuck, MailBody::Empty, true)).await, Err(MailProblem::Slow));
}

#[tokio::test]
async fn an_upload_may_take_long_if_it_goes_on() {
    let url = server(Router::new().fallback(any(|body: Bytes| std::future::ready(body)))).await;
    let client = MailClient::with(SHORT).expect("a client");
    for is_download in [true, false] {
        let body: MailStream = Box::pin(stream::unfold(0, |count| async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            (count < 5).then(|| (Ok::<_, MailError>(Bytes::from_static(b"y")), count + 1))
        }));
        let read = read(&client, request(&url, MailBody::Stream(body), is_download)).await;
        assert_eq!(read.as_deref(), Ok(&b"yyyyy"[..]));
    }
    let stuck: MailStream = Box::pin(stream::pending::<Result<Bytes, MailError>>());
    assert_eq!(read(&client, request(&url, MailBody::Stream(stuck), true)).await, Err(MailProblem::Slow));
    let nothing = read(&client, request(&url, MailBody::Stream(empty_stream()), false)).await;
    assert_eq!(nothing.as_deref(), Ok(&b""[..]));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let url = server(Router::new().fallback(any(|| {
        let pieces = [Ok("x"), Err(std::io::Error::other("broken"))];
        std::future::ready(Body::from_stream(stream::iter(pieces)))
    })))
    .await;
    let client = MailClient::with(SHORT).expect("a client");
    let broken = read(&client, request(&url, MailBody::Empty, true)).await;
    assert_eq!(broken, Err(MailProblem::Unavailable));
}

/// The end of each request that [`closing_server`] gets.
const BODY: &[u8] = b"once";

/// A server that answers the first request of a connection, and closes the connection when it has read the second one:
/// where it is, and the number of requests that it has read.
async fn closing_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                for is_first in [true, false] {
                    let mut request = Vec::new();
                    while !request.ends_with(BODY) {
                        if connection.read_buf(&mut request).await.unwrap_or_default() == 0 {
                            return;
                        }
                    }
                    seen.fetch_add(1, Ordering::SeqCst);
                    if is_first {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        connection.write_all(answer).await.expect("written");
                    }
                }
            });
        }
    });
    (format!("http://{address}/"), count)
}

#[tokio::test]
async fn a_request_that_the_server_has_read_is_not_sent_again_on_another_connection() {
    let (url, count) = closing_server().await;
    let client = MailClient::new().expect("a client");
    let send = || MailBody::Whole(Bytes::from_static(BODY));
    assert_eq!(read(&client, request(&url, send(), false)).await.as_deref(), Ok(&b""[..]));
    let closed = read(&client, request(&url, send(), false)).await;
    assert_eq!(closed, Err(MailProblem::Unavailable));
    assert_eq!(count.load(Ordering::SeqCst), 2, "a repetition would be a third one");
    // The next request has a new connection.
    assert_eq!(read(&client, request(&url, send(), false)).await.as_deref(), Ok(&b""[..]));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}
