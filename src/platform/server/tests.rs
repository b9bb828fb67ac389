use axum::{body::Bytes, middleware::from_fn_with_state, routing::get};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use super::*;
use crate::platform::middleware::head;

const SHORT: Patience = Patience {
    head: Duration::from_millis(300),
    stalled: Duration::from_millis(300),
    unread: Duration::from_millis(300),
};

/// All connections of a test come from one network, so exempt it from the limit per network.
fn limits(patience: Patience, connections: usize) -> ConnectionLimits {
    ConnectionLimits {
        patience,
        connections: Some(connections),
        trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")],
    }
}

const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A server whose response has this length: its address, its stop signal, and its task.
async fn server(length: usize) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/", get(move || std::future::ready("x".repeat(length))));
    let (stop, stopped) = oneshot::channel();
    let served = serve(listener, router, limits(SHORT, MAX_CONNECTIONS), async {
        let _ = stopped.await;
    });
    (address, stop, tokio::spawn(served))
}

/// Sends this, and reads until the server closes the connection.
async fn answer(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(sent).await.expect("sent");
    let mut text = Vec::new();
    // A reset ends the connection as well.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn d1_clients_that_send_half_a_request_are_closed_and_others_are_answered_concurrently() {
    let (address, _stop, _) = server(10).await;
    let slow: Vec<_> = (0..200)
        .map(|_| tokio::spawn(async move { answer(address, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await }))
        .collect();
    assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"));
    for slow in slow {
        assert!(!slow.await.expect("an end").contains("200 OK"));
    }
    assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn d1_a_client_that_does_not_read_the_response_is_closed() {
    // More than the buffers of both ends hold.
    let (address, stop, served) = server(64 * 1024 * 1024).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(WHOLE).await.expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("the beginning");
    assert_eq!(&first, b"HTTP/1.1 200");
    // It ends by itself although the response was never read; otherwise the shutdown would wait for it.
    drop(stop);
    timeout(Duration::from_secs(20), served).await.expect("an end").expect("no panic");
}

#[test]
fn d1_some_file_descriptors_are_reserved_for_the_database() {
    for (limit, connections) in [(64, 32), (256, 128), (1_024, 896), (4_000, 3_872), (1_000_000, 4_096)] {
        assert_eq!(within(Some(limit)), connections, "of {limit}");
    }
    assert_eq!(within(None), 4_096);
}

#[tokio::test]
async fn i1_endless_headers_are_refused_before_they_fill_the_memory() {
    let (address, _stop, _) = server(10).await;
    let endless = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD));
    let refused = answer(address, endless.as_bytes()).await;
    // The answer is lost if the connection is reset because of the bytes that were not read.
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"), "the next request is answered");
}

#[tokio::test]
async fn a_client_that_connected_before_shutdown_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    // The system accepts them before the program does.
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(address).expect("a connection");
            io::Write::write_all(&mut stream, WHOLE).expect("sent");
            stream
        })
        .collect();
    let router = Router::new().route("/", get(async || "answered"));
    serve(listener, router, limits(SHORT, MAX_CONNECTIONS), std::future::ready(())).await;
    for mut stream in waiting {
        let mut text = String::new();
        io::Read::read_to_string(&mut stream, &mut text).expect("an answer");
        assert!(text.ends_with("answered"), "{text}");
    }
}

/// A server whose response waits for the gate, with the default time limits.
async fn gated() -> (SocketAddr, Arc<tokio::sync::Notify>, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let gate = Arc::new(tokio::sync::Notify::new());
    let waits = gate.clone();
    let router = Router::new().route("/", get(async || "at once")).route(
        "/gate",
        get(async move || {
            waits.notified().await;
            "at last"
        }),
    );
    let (stop, stopped) = oneshot::channel();
    let served = serve(listener, router, limits(Patience::default(), MAX_CONNECTIONS), async {
        let _ = stopped.await;
    });
    (address, gate, stop, tokio::spawn(served))
}

#[tokio::test]
async fn a_request_that_is_being_answered_at_shutdown_is_answered_with_connection_close() {
    let (address, gate, stop, served) = gated().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET /gate HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    // Wait until it is in the handler.
    sleep(Duration::from_millis(50)).await;
    stop.send(()).expect("it listens");
    sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(address).await.is_err(), "no new connection is accepted");
    gate.notify_one();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer, and its end");
    assert!(text.ends_with("at last") && text.contains("connection: close"), "{text}");
    timeout(Duration::from_secs(1), served).await.expect("an end").expect("no panic");
}

#[tokio::test]
async fn a_request_that_is_arriving_at_shutdown_is_answered() {
    let (address, _, stop, served) = gated().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(WHOLE).await.expect("sent");
    let mut text = [0; 4096];
    assert!(stream.read(&mut text).await.expect("an answer") > 0);
    let (begin, end) = WHOLE.split_at(10);
    stream.write_all(begin).await.expect("sent");
    sleep(Duration::from_millis(20)).await;
    stop.send(()).expect("it listens");
    sleep(Duration::from_millis(20)).await;
    stream.write_all(end).await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer, and its end");
    assert!(text.ends_with("at once"), "{text}");
    timeout(Duration::from_secs(1), served).await.expect("an end").expect("no panic");
}

#[tokio::test]
async fn a_connection_that_is_kept_alive_ends_at_once_at_shutdown() {
    let (address, _, stop, served) = gated().await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(WHOLE).await.expect("sent");
    let mut text = [0; 4096];
    assert!(stream.read(&mut text).await.expect("an answer") > 0);
    stop.send(()).expect("it listens");
    timeout(Duration::from_secs(1), served).await.expect("an end").expect("no panic");
    assert_eq!(stream.read(&mut text).await.expect("its end"), 0);
}

#[tokio::test]
async fn a_body_of_two_lengths_is_refused_and_nothing_after_a_body_in_chunks_is_taken_for_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new()
        .route("/", axum::routing::post(|body: Bytes| std::future::ready(body)))
        .layer(from_fn_with_state(1_000, head::limit));
    tokio::spawn(serve(listener, router, limits(SHORT, MAX_CONNECTIONS), std::future::pending()));
    let head = "POST / HTTP/1.1\r\nhost: x\r\n";
    let (length, coding) = ("content-length: 5\r\n", "transfer-encoding: chunked\r\n");
    let plain = format!("{head}content-length: 3\r\n\r\nabc");
    let chunks = "3\r\nabc\r\n0\r\n\r\n";
    for (sent, answers) in [
        (format!("{head}{length}{coding}\r\n{chunks}{plain}"), &["400"][..]),
        (format!("{head}{coding}{length}\r\n{chunks}{plain}"), &["400"]),
        (format!("{plain}{plain}{head}{coding}{length}\r\n{chunks}"), &["200", "200", "400"]),
        (format!("{head}{coding}\r\n{chunks}{plain}"), &["200"]),
        (format!("{plain}{plain}"), &["200", "200"]),
    ] {
        let answer = answer(address, sent.as_bytes()).await;
        let statuses: Vec<_> =
            answer.split("HTTP/1.1 ").skip(1).filter_map(|it| it.split(' ').next()).collect();
        assert_eq!(statuses, answers, "{sent}: {answer}");
    }
}
