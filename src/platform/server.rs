//! Accepts connections and serves HTTP/1.1. Start with [`serve`].
//!
//! axum's own loop has no limits. An attacker who sends or reads a byte now and then would hold a connection
//! forever (slowloris, slow POST, slow read); a few thousand of them would take all connections. [`places`]
//! decides which connections stay open and which is evicted; [`connection`] reports what each one is doing, [`pace`]
//! ends the connection of a client that takes a response too slowly, and [`framing`] notices a request that gives two
//! lengths.

mod connection;
mod framing;
mod pace;
mod places;

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, interval, sleep, timeout_at},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tower::Service;

use connection::{Connection, serve_until_stopped};
use places::{ConnectionPlace, Places};

/// How long a client may keep a connection waiting.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Time limit of a request's line and headers, and of a connection that is kept open without a request.
    /// The limit shrinks as places become few.
    pub head: Duration,
    /// Time limit of a head or a body of which no data arrive.
    pub stalled: Duration,
    /// Time limit of a response from which the client reads nothing. The system takes more of a response only when
    /// the client has read about a third of what it has buffered, up to a megabyte, so a slow reader seems to read
    /// nothing for long.
    pub unread: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            unread: Duration::from_secs(90),
        }
    }
}

/// Limits of a listener's connections.
#[derive(Clone, Debug, Default)]
pub struct ConnectionLimits {
    /// Time limits.
    pub patience: Patience,
    /// Maximum number of concurrent connections; `None` means [`MAX_CONNECTIONS`], or fewer if fewer files may be
    /// open.
    pub connections: Option<usize>,
    /// Proxies that forward the requests of many browsers. The limit per network does not apply to them.
    pub trusted_proxies: Vec<IpNet>,
}

/// Marks a request whose head had both `Content-Length` and `Transfer-Encoding`. hyper keeps only the second.
#[derive(Clone, Copy, Debug)]
pub struct LengthTwice;

/// Maximum number of bytes of a request's line and headers. A callback with a long description fits (see the router).
const MAX_HEAD: usize = 56 * 1024;
/// Maximum number of concurrent connections. Each costs a file descriptor, and memory for an incomplete request: up
/// to 56 kB for the head and 64 kB for the body.
pub const MAX_CONNECTIONS: usize = 4_096;
/// File descriptors reserved for the database, the provider and everything else.
const RESERVED: u64 = 128;
/// Maximum number of connections in the system's accept queue (`listen(2)`); `net.core.somaxconn` may allow fewer.
const MAX_WAITING: u32 = 4_096;
/// During shutdown, how long connections already in the accept queue are still accepted. Otherwise a rolling restart
/// would lose requests: a proxy does not repeat a form whose connection was reset.
const LAST_CALL: Duration = Duration::from_secs(3);
/// Wait before accepting again after `accept()` failed, for example because no file descriptor was left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(250);

/// Listens at this address, with an accept queue of [`MAX_WAITING`] connections. `TcpListener::bind` asks
/// for a much shorter queue, which a burst of connections overflows; clients then wait seconds.
///
/// # Errors
/// If the address is taken or cannot be used.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted program can use its port again at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_WAITING)
}

/// Logs a warning if the system's limit makes the queue of [`listen`] shorter.
pub fn warn_of_short_queue() {
    let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
    if let Some(limit) = limit.and_then(|text| text.trim().parse::<u32>().ok())
        && limit < MAX_WAITING
    {
        tracing::warn!(
            "net.core.somaxconn lets {limit} connections wait to be accepted: set it to {MAX_WAITING} with sysctl"
        );
    }
}

/// Serves until `stop` is done. Then accepts the connections in the accept queue, for at most three seconds,
/// and ends each connection after its request.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let ConnectionLimits { patience, connections, trusted_proxies } = limits;
    let max_places = connections.unwrap_or_else(max_connections);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(MAX_HEAD);
    let (running, stopping) = (TaskTracker::new(), CancellationToken::new());
    let places = Arc::new(Places::new(max_places, trusted_proxies));
    let _sweeper = AbortOnDropHandle::new(tokio::spawn(close_overdue(places.clone(), patience.head)));
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut start = async |stream: TcpStream, address, place: ConnectionPlace| {
        let Ok(service) = services.call(address).await;
        let Connection { stream, service, requests } = Connection::new(stream, patience, service, &place);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let stopping = stopping.clone();
        running.spawn(async move {
            tokio::select! {
                // Dropping the connection is safe: an incomplete request has had no effect.
                () = place.wait_until_evicted() => tracing::debug!("a connection without a whole request was closed"),
                ended = serve_until_stopped(connection, requests, stopping) => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                },
            }
            // After the connection itself is dropped, so that its file descriptor is free when the place is.
            drop(place);
        });
    };
    let mut stop = std::pin::pin!(stop);
    // Accepted, but without a place yet.
    let mut left_over = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        let place = tokio::select! {
            place = places.take_place(address.ip()) => place,
            () = &mut stop => {
                left_over = Some((stream, address));
                break;
            }
        };
        if let Some(place) = place {
            start(stream, address, place).await;
        }
    }
    // Cancel first: connections that are only kept alive end and free their places.
    stopping.cancel();
    // A client whose connection the system accepted before shutdown would see a reset, and may have sent a
    // form that must not be sent twice.
    let mut queued = Queued { listener: listener.into_std().ok(), left_over };
    let end = Instant::now() + LAST_CALL;
    // Connections that are being served keep their file descriptors, and so does the database.
    while let Ok(place) = timeout_at(end, places.take_free_place()).await {
        match queued.next() {
            Some((stream, address)) => start(stream, address, place).await,
            None => break,
        }
    }
    drop(queued);
    running.close();
    if timeout_at(end, running.wait()).await.is_err() {
        // A body that arrives byte by byte must not delay the shutdown.
        places.close_waiting();
        running.wait().await;
    }
}

/// Closes connections that have waited longer than the remaining places allow.
async fn close_overdue(places: Arc<Places>, patience: Duration) {
    let mut ticks = interval((patience / 10).clamp(Duration::from_millis(10), Duration::from_secs(1)));
    loop {
        ticks.tick().await;
        places.close_overdue(patience);
    }
}

/// Connections in the accept queue at shutdown.
struct Queued {
    listener: Option<std::net::TcpListener>,
    left_over: Option<(TcpStream, SocketAddr)>,
}

impl Queued {
    fn next(&mut self) -> Option<(TcpStream, SocketAddr)> {
        if let Some(accepted) = self.left_over.take() {
            return Some(accepted);
        }
        let listener = self.listener.as_ref()?;
        loop {
            let accepted = listener.accept().and_then(|(stream, address)| {
                stream.set_nonblocking(true)?;
                Ok((TcpStream::from_std(stream)?, address))
            });
            match accepted {
                Ok(accepted) => return Some(accepted),
                // The client has closed it since then.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if error.kind() != ErrorKind::WouldBlock {
                        tracing::warn!(%error, "could not accept a queued connection during shutdown");
                    }
                    return None;
                }
            }
        }
    }
}

/// The number of connections within the system's limit of open files. More of them, even silent ones, would
/// leave no descriptor for the database. The soft limit of a process is often 1,024; the process may raise it
/// to the hard limit (`setrlimit(2)`).
fn max_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Refused if the hard limit exceeds the system's; then the current limit must do.
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit.current, |()| limit.maximum);
    let allowed = within(limit);
    if allowed < MAX_CONNECTIONS {
        tracing::warn!(
            "at most {allowed} concurrent connections: raise the limit of open files to allow {MAX_CONNECTIONS}"
        );
    }
    allowed
}

/// Number of connections within a limit of open files; `None` means no limit.
fn within(limit: Option<u64>) -> usize {
    let left = limit.map_or(u64::MAX, |limit| limit - (limit / 2).min(RESERVED));
    usize::try_from(left).unwrap_or(usize::MAX).clamp(1, MAX_CONNECTIONS)
}

#[cfg(test)]
mod crowd_tests;
#[cfg(test)]
mod slow_tests;
#[cfg(test)]
mod tests;
