//! Listening to browsers: axum's own loop has no patience limits, so a client that sends or reads a byte now and then
//! would keep a connection for ever, and some hundreds of them all there are (slowloris, slow POST, slow read).

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
    service::TowerToHyperService,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout_at},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service, ServiceExt};

/// How long the other end of a connection may keep us waiting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A request's line and headers must be there within this; a connection that is kept open without a request is
    /// closed after it too.
    pub head: Duration,
    /// A body of which nothing comes, or an answer of which nothing is taken, ends the connection after this. Longer
    /// than any answer of ours is waited for.
    pub stalled: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), stalled: Duration::from_secs(30) }
    }
}

/// The most bytes of a request's line and headers: a callback with a long description fits (see the router).
const MAX_HEAD: usize = 56 * 1024;
/// So many connections at once; more wait in the system's queue. Each costs a file descriptor, and memory for a head or
/// a body that are not whole yet: some 128 kB where somebody sees to it, half a gigabyte for all of them.
const MAX_CONNECTIONS: usize = 4_096;
/// File descriptors that are for the database, the provider and everything else.
const RESERVED: u64 = 128;
/// So many wait in the system's queue at the most.
const MOST_WAITING: usize = 4_096;
/// So long a connection without a request may take to send one, when the program is asked to stop.
const MOMENT: Duration = Duration::from_millis(100);
/// So long whoever waits in the system's queue then is let in, as others leave room.
const LAST_CALL: Duration = Duration::from_secs(3);
/// After the system had no file descriptor left.
const BREATH: Duration = Duration::from_millis(250);

/// Serves until `stop` is done; then those who wait already are let in, for three seconds at most, and each connection
/// ends with its request.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(MAX_HEAD);
    let (running, stopping) = (TaskTracker::new(), CancellationToken::new());
    let room = Arc::new(Semaphore::new(most_connections()));
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut take = async |stream: TcpStream, address, permit: Option<OwnedSemaphorePermit>| {
        let Ok(service) = services.call(address).await;
        let (count, requests) = watch::channel(Requests::default());
        let count = Arc::new(count);
        let service = service.map_request(|request: Request<Incoming>| request.map(Body::new)).map_future(
            move |answer| {
                let count = count.clone();
                count.send_modify(|requests| requests.begun += 1);
                async move {
                    let answer = answer.await;
                    count.send_modify(|requests| requests.answered += 1);
                    answer
                }
            },
        );
        let connection = http.serve_connection(
            TokioIo::new(patient(stream, patience.stalled)),
            TowerToHyperService::new(service),
        );
        let stopping = stopping.clone();
        running.spawn(async move {
            if let Err(error) = until_stopped(connection, requests, stopping).await {
                tracing::debug!(%error, "a connection ended before its time");
            }
            drop(permit);
        });
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            // Never closed.
            let permit = room.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(BREATH).await;
                continue;
            }
        };
        take(stream, address, permit.ok()).await;
    }
    // First: connections that are only kept alive end, and leave room.
    stopping.cancel();
    // Whoever the system has let in before we were asked to stop would see a reset connection, and may have sent
    // something that nobody dares to send again.
    match listener.into_std() {
        Ok(listener) => {
            let end = Instant::now() + LAST_CALL;
            for _ in 0..MOST_WAITING {
                // Those that are being served keep their files, and so does the database.
                let Ok(Ok(permit)) = timeout_at(end, room.clone().acquire_owned()).await else { break };
                match listener.accept().and_then(|(stream, address)| {
                    stream.set_nonblocking(true)?;
                    Ok((TcpStream::from_std(stream)?, address))
                }) {
                    Ok((stream, address)) => take(stream, address, Some(permit)).await,
                    // It was given up meanwhile.
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Err(error) => {
                        if error.kind() != ErrorKind::WouldBlock {
                            tracing::warn!(%error, "who waits is not let in");
                        }
                        break;
                    }
                }
            }
        }
        Err(error) => tracing::warn!(%error, "who waits is not let in"),
    }
    running.close();
    running.wait().await;
}

/// As many connections as the system's limit of open files leaves room for: whoever opened more, without sending
/// anything, would leave no descriptor for the database. The limit that a process begins with is often 1,024, and may be
/// raised by itself to a harder one (`setrlimit(2)`).
fn most_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Refused where that is more than the system has; then what there is has to do.
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    let most = within(limit);
    if most < MAX_CONNECTIONS {
        tracing::warn!(
            "{most} connections at once, and no more: raise the limit of open files for {MAX_CONNECTIONS}"
        );
    }
    most
}

/// So many connections within a limit of open files; none means that there is no limit.
fn within(limit: Option<u64>) -> usize {
    let left = limit.map_or(u64::MAX, |limit| limit - (limit / 2).min(RESERVED));
    usize::try_from(left).unwrap_or(usize::MAX).clamp(1, MAX_CONNECTIONS)
}

/// How many there have been on a connection.
#[derive(Clone, Copy, Default)]
struct Requests {
    begun: u64,
    answered: u64,
}

/// Serves a connection to its end; where the program is asked to stop, to the end of its request.
async fn until_stopped<C: GracefulConnection>(
    connection: C,
    mut requests: watch::Receiver<Requests>,
    stopping: CancellationToken,
) -> Result<(), C::Error> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = &mut connection => return ended,
        () = stopping.cancelled() => {}
    }
    // Asked to, hyper closes at once a connection without a request, though one may be on its way or read in part. Where
    // one is being answered, the answer says that it is the last.
    let answered = requests.borrow().answered;
    tokio::select! {
        biased;
        _ = requests.wait_for(|now| now.begun > answered) => {}
        ended = &mut connection => return ended,
        () = sleep(MOMENT) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// A connection whose other end may not keep us waiting for ever.
fn patient(stream: TcpStream, stalled: Duration) -> std::pin::Pin<Box<TimeoutStream<TcpStream>>> {
    // Nagle's algorithm would hold back the small last packet of an answer.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(stalled));
    stream.set_write_timeout(Some(stalled));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
        task::JoinHandle,
        time::timeout,
    };

    use super::*;

    const SHORT: Patience =
        Patience { head: Duration::from_millis(300), stalled: Duration::from_millis(300) };
    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// A server whose answer is as long as this: where it is, what stops it, and its end.
    async fn server(length: usize) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", get(move || std::future::ready("x".repeat(length))));
        let (stop, stopped) = oneshot::channel();
        let served = serve(listener, router, SHORT, async {
            let _ = stopped.await;
        });
        (address, stop, tokio::spawn(served))
    }

    /// Sends this, and reads until the other end has had enough.
    async fn answer(address: SocketAddr, sent: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(sent).await.expect("sent");
        let mut text = Vec::new();
        // A reset is an end as well.
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8_lossy(&text).into_owned()
    }

    #[tokio::test]
    async fn d1_who_sends_half_a_request_is_left_and_others_are_answered_meanwhile() {
        let (address, _stop, _) = server(10).await;
        let slow: Vec<_> = (0..200)
            .map(|_| {
                tokio::spawn(async move { answer(address, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await })
            })
            .collect();
        assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"));
        for slow in slow {
            assert!(!slow.await.expect("an end").contains("200 OK"));
        }
        assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn d1_who_does_not_read_an_answer_is_left() {
        // More than the buffers of both ends hold.
        let (address, stop, served) = server(64 * 1024 * 1024).await;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(WHOLE).await.expect("sent");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("the beginning");
        assert_eq!(&first, b"HTTP/1.1 200");
        // It ends by itself though the answer was never taken: otherwise stopping would wait for it.
        drop(stop);
        timeout(Duration::from_secs(20), served).await.expect("an end").expect("no panic");
    }

    #[test]
    fn d1_of_the_open_files_that_are_allowed_some_are_kept_for_the_database() {
        for (limit, connections) in [(64, 32), (256, 128), (1_024, 896), (4_000, 3_872), (1_000_000, 4_096)] {
            assert_eq!(within(Some(limit)), connections, "of {limit}");
        }
        assert_eq!(within(None), 4_096);
    }

    #[tokio::test]
    async fn i1_headers_without_end_are_refused_before_they_fill_the_memory() {
        let (address, _stop, _) = server(10).await;
        let endless = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD));
        let answer = answer(address, endless.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }

    #[tokio::test]
    async fn who_has_connected_when_the_program_is_asked_to_stop_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        // The system takes them before the program does.
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(address).expect("a connection");
                std::io::Write::write_all(&mut stream, WHOLE).expect("sent");
                stream
            })
            .collect();
        let router = Router::new().route("/", get(async || "answered"));
        serve(listener, router, SHORT, std::future::ready(())).await;
        for mut stream in waiting {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut stream, &mut text).expect("an answer");
            assert!(text.ends_with("answered"), "{text}");
        }
    }

    /// A server whose answer waits for the gate, with all the patience of the program.
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
        let served = serve(listener, router, Patience::default(), async {
            let _ = stopped.await;
        });
        (address, gate, stop, tokio::spawn(served))
    }

    #[tokio::test]
    async fn who_is_being_answered_when_the_program_is_asked_to_stop_is_answered_and_told_that_it_is_the_last()
     {
        let (address, gate, stop, served) = gated().await;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /gate HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
        // Until it is in the handler.
        sleep(Duration::from_millis(50)).await;
        stop.send(()).expect("it listens");
        sleep(Duration::from_millis(50)).await;
        assert!(TcpStream::connect(address).await.is_err(), "no new one is taken");
        gate.notify_one();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer, and its end");
        assert!(text.ends_with("at last") && text.contains("connection: close"), "{text}");
        timeout(Duration::from_secs(1), served).await.expect("an end").expect("no panic");
    }

    #[tokio::test]
    async fn whose_next_request_is_on_its_way_when_the_program_is_asked_to_stop_is_answered() {
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
    async fn a_connection_that_is_kept_open_ends_at_once_where_the_program_does() {
        let (address, _, stop, served) = gated().await;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(WHOLE).await.expect("sent");
        let mut text = [0; 4096];
        assert!(stream.read(&mut text).await.expect("an answer") > 0);
        stop.send(()).expect("it listens");
        timeout(Duration::from_secs(1), served).await.expect("an end").expect("no panic");
        assert_eq!(stream.read(&mut text).await.expect("its end"), 0);
    }
}
