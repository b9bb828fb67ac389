//! Real connections over loopback, more of them than there are places.

use std::net::IpAddr;

use axum::routing::{get, post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::*;

const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
/// The time within which a page must arrive under each of these attacks.
const TIME_LIMIT: Duration = Duration::from_secs(2);

struct Running {
    address: SocketAddr,
    gate: Arc<Notify>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// A server with the default time limits and this many places.
fn server(connections: usize, trusted: &[&str]) -> Running {
    let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let gate = Arc::new(Notify::new());
    let waits = gate.clone();
    let gated = async move || {
        waits.notified().await;
        "at last"
    };
    let router = Router::new()
        .route("/", get(async || "at once"))
        .route("/form", post(async |body: String| body))
        .route("/large", get(async || "x".repeat(8 * 1024 * 1024)))
        .route("/gate", get(gated));
    let limits = ConnectionLimits {
        patience: Patience::default(),
        connections: Some(connections),
        trusted_proxies: trusted.iter().map(|network| network.parse().expect("a network")).collect(),
    };
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        serve(listener, router, limits, async {
            let _ = stopped.await;
        })
        .await;
    });
    Running { address, gate, stop, served }
}

async fn connect(from: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(IpAddr::from([127, 0, 0, from]), 0)).expect("an address of this machine");
    timeout(TIME_LIMIT, socket.connect(to)).await.expect("in time").expect("a connection")
}

async fn send(from: u8, to: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut stream = connect(from, to).await;
    // The server may have closed it already.
    let _ = stream.write_all(sent).await;
    stream
}

/// A page, as a browser at this address gets it.
async fn page(from: u8, to: SocketAddr) -> String {
    let mut stream = send(from, to, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut text = String::new();
    timeout(TIME_LIMIT, stream.read_to_string(&mut text)).await.expect("in time").expect("a page");
    text
}

/// Whether the server has closed the connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 1024];
    loop {
        match timeout(Duration::from_millis(1), stream.read(&mut bytes)).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

/// Ways for a client to hold a connection without letting the server answer a request.
const WAYS_TO_WAIT: [(&str, &[u8]); 6] = [
    ("nothing", b""),
    ("half a line", b"GET / HT"),
    ("half a head", b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: "),
    ("a head without its body", b"POST /form HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\na"),
    ("half a chunk", b"POST /form HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
    ("a request, and then nothing", WHOLE),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_more_waiting_connections_than_places_do_not_delay_a_page() {
    for trusted in [&["127.0.0.0/8"][..], &[]] {
        for (way, sent) in WAYS_TO_WAIT {
            let server = server(100, trusted);
            let mut slow = Vec::new();
            for number in 0..300_u32 {
                let from = u8::try_from(number % 5 + 1).expect("a few");
                slow.push(send(from, server.address, sent).await);
                if number % 50 == 49 {
                    assert!(page(9, server.address).await.ends_with("at once"), "{way}");
                }
            }
            let mut open = 0;
            for stream in &mut slow {
                open += usize::from(!is_closed(stream).await);
            }
            assert!((50..=100).contains(&open), "{way}: {open} are open");
            drop(server.stop);
            timeout(LAST_CALL + TIME_LIMIT, server.served).await.expect("an end in time").expect("no panic");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_silent_connections_from_one_address_close_only_their_own() {
    let server = server(200, &[]);
    let mut kept = send(2, server.address, WHOLE).await;
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(connect(1, server.address).await);
    }
    assert!(page(1, server.address).await.ends_with("at once"));
    let mut open = 0;
    for stream in &mut silent {
        open += usize::from(!is_closed(stream).await);
    }
    assert!((60..=64).contains(&open), "{open} of one address");
    assert!(!is_closed(&mut kept).await, "another address's connection was not evicted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_requests_that_are_being_answered_are_never_evicted() {
    let server = server(70, &["127.0.0.0/8"]);
    let mut answered = Vec::new();
    for _ in 0..60 {
        answered.push(
            send(1, server.address, b"GET /gate HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await,
        );
    }
    // A response that is being written, slowly.
    let mut large =
        send(1, server.address, b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(connect(1, server.address).await);
    }
    assert!(page(1, server.address).await.ends_with("at once"));
    server.gate.notify_waiters();
    for mut stream in answered {
        let mut text = String::new();
        timeout(TIME_LIMIT, stream.read_to_string(&mut text)).await.expect("in time").expect("an answer");
        assert!(text.ends_with("at last"), "{text}");
    }
    let mut bytes = Vec::new();
    timeout(TIME_LIMIT, large.read_to_end(&mut bytes)).await.expect("in time").expect("all of it");
    assert!(bytes.len() > 8 * 1024 * 1024, "{}", bytes.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_if_every_place_is_being_answered_others_wait_and_are_answered_even_during_shutdown() {
    let server = server(3, &["127.0.0.0/8"]);
    let request = b"GET /gate HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut all = Vec::new();
    // The first three must be in their handlers before the others arrive; until then they would be evicted.
    for _ in 0..3 {
        all.push(send(1, server.address, request).await);
    }
    sleep(Duration::from_secs(1)).await;
    for _ in 0..5 {
        all.push(send(1, server.address, request).await);
    }
    sleep(Duration::from_millis(100)).await;
    server.stop.send(()).expect("it listens");
    let gate = server.gate.clone();
    let opener = AbortOnDropHandle::new(tokio::spawn(async move {
        loop {
            gate.notify_waiters();
            sleep(Duration::from_millis(10)).await;
        }
    }));
    for (number, mut stream) in all.into_iter().enumerate() {
        let mut text = String::new();
        timeout(TIME_LIMIT, stream.read_to_string(&mut text)).await.expect("in time").expect("an answer");
        assert!(text.ends_with("at last"), "{number}: {text}");
    }
    drop(opener);
    timeout(TIME_LIMIT, server.served).await.expect("an end in time").expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_a_connection_that_is_kept_alive_serves_request_after_request() {
    let server = server(2, &[]);
    let mut stream = connect(1, server.address).await;
    for _ in 0..20 {
        for (sent, said) in
            [(WHOLE, "at once"), (b"POST /form HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nform", "form")]
        {
            stream.write_all(sent).await.expect("sent");
            let mut text = String::new();
            let mut bytes = [0; 1024];
            while !text.ends_with(said) {
                let read = timeout(TIME_LIMIT, stream.read(&mut bytes)).await.expect("in time");
                let read = read.expect("an answer");
                assert!(read > 0, "{text}");
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        }
    }
}

#[tokio::test]
async fn n2_the_accept_queue_holds_the_requested_number_of_connections() {
    let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux");
    let limit = limit.trim().parse::<u32>().expect("a number").min(MAX_WAITING).min(600);
    let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    for _ in 0..limit {
        waiting.push(connect(1, address).await);
    }
}
