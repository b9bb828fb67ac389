//! Real connections over loopback that take longer than the time limits of a head and a body.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    routing::get,
};
use futures_util::stream;
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::*;

const PATIENCE: Patience = Patience {
    head: Duration::from_millis(400),
    stalled: Duration::from_millis(400),
    unread: Duration::from_secs(5),
};
/// The time within which a connection must have ended of whose client nothing comes.
const TIME_LIMIT: Duration = Duration::from_secs(3);
const PIECES: usize = 16;
const PIECE: usize = 1_000;
const LARGE: usize = 16 * 1024 * 1024;

/// A body that takes four times as long as the time limits.
fn paced() -> Body {
    Body::from_stream(stream::unfold(0, |count| async move {
        sleep(Duration::from_millis(100)).await;
        (count < PIECES).then(|| (Ok::<_, Infallible>("~".repeat(PIECE)), count + 1))
    }))
}

/// A server: its address.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new()
        .route("/paced", get(async || paced()).post(async |_: Bytes| paced()))
        // The body of the request is dropped unread.
        .route("/unread", get(async |_: Request<Body>| paced()))
        .route("/late", get(async || sleep(Duration::from_secs(1)).await))
        .route("/large", get(async || "~".repeat(LARGE)));
    let limits = ConnectionLimits { patience: PATIENCE, ..ConnectionLimits::default() };
    tokio::spawn(serve(listener, router, limits, std::future::pending()));
    address
}

/// Reads until the server closes the connection, with a pause after each piece.
async fn read(stream: &mut TcpStream, piece: usize, pause: Duration) -> Vec<u8> {
    let (mut whole, mut bytes) = (Vec::new(), vec![0; piece]);
    while let Ok(read @ 1..) = timeout(TIME_LIMIT, stream.read(&mut bytes)).await.expect("an end") {
        whole.extend_from_slice(&bytes[..read]);
        sleep(pause).await;
    }
    whole
}

fn count(answer: &[u8]) -> usize {
    String::from_utf8_lossy(answer).matches('~').count()
}

#[tokio::test]
async fn a_download_may_take_longer_than_a_head_or_a_body_and_comes_whole() {
    let address = server().await;
    for request in [
        "GET /paced HTTP/1.1\r\nhost: y\r\n\r\n",
        "POST /paced HTTP/1.1\r\nhost: y\r\ncontent-length: 3\r\n\r\nabc",
        "POST /paced HTTP/1.1\r\nhost: y\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "GET /unread HTTP/1.1\r\nhost: y\r\ncontent-length: 3\r\n\r\nabc",
    ] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        // The server ends it too, when no further request comes.
        let answer = read(&mut stream, 4096, Duration::ZERO).await;
        assert_eq!(count(&answer), PIECES * PIECE, "{request}");
        assert!(answer.ends_with(b"0\r\n\r\n"), "{request}");
    }
}

#[tokio::test]
async fn an_answer_that_begins_late_comes() {
    let mut stream = TcpStream::connect(server().await).await.expect("a connection");
    stream.write_all(b"GET /late HTTP/1.1\r\nhost: y\r\n\r\n").await.expect("sent");
    let answer = read(&mut stream, 4096, Duration::ZERO).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_client_that_reads_steadily_gets_every_byte() {
    let mut stream = TcpStream::connect(server().await).await.expect("a connection");
    let began = Instant::now();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: y\r\nconnection: close\r\n\r\n").await.expect("sent");
    let answer = read(&mut stream, 128 * 1024, Duration::from_millis(10)).await;
    assert_eq!(count(&answer), LARGE);
    assert!(began.elapsed() > PATIENCE.stalled, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_client_that_sends_a_part_of_a_request_is_let_go_after_a_long_answer_too() {
    let address = server().await;
    for part in
        ["GET / HTTP/1.1\r\nhost: y\r\n", "POST /paced HTTP/1.1\r\nhost: y\r\ncontent-length: 9\r\n\r\nabc"]
    {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /paced HTTP/1.1\r\nhost: y\r\n\r\n").await.expect("sent");
        stream.write_all(part.as_bytes()).await.expect("sent");
        let answer = read(&mut stream, 4096, Duration::ZERO).await;
        assert_eq!(count(&answer), PIECES * PIECE, "the second request is not answered: {part}");
    }
}
