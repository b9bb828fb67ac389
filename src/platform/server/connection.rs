//! Serves one connection: reports its state to [`super::places`], and serves until the client or the
//! program ends it.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    response::Response,
};
use http::{HeaderValue, header};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::Service,
};
use hyper_util::server::graceful::GracefulConnection;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    LengthTwice, Patience,
    framing::Framing,
    pace::Pace,
    places::{ConnectionPlace, ConnectionState, Reporter},
};
use crate::platform::held::hold_until_sent;

/// During shutdown, how long a connection without a request may take to send one.
const MOMENT: Duration = Duration::from_millis(100);

/// The parts of a connection that hyper gets.
pub(super) struct Connection<S> {
    pub stream: Stream,
    pub service: Reporting<S>,
    pub requests: watch::Receiver<Requests>,
}

/// Number of requests on a connection.
#[derive(Clone, Copy, Default)]
pub(super) struct Requests {
    begun: u64,
    answered: u64,
}

/// State shared by the parts of one connection.
struct Shared {
    reporter: Reporter,
    requests: watch::Sender<Requests>,
    /// A request has come whose response is not written completely.
    answering: AtomicBool,
    /// The number of the request whose body is expected; 0 if none is.
    arriving: AtomicU64,
    /// The response is complete, but may not be written completely.
    answered: AtomicBool,
    /// Whether the first read has tried for a request.
    looked: AtomicBool,
    /// The last request on the connection gives the length of its body twice.
    length_twice: AtomicBool,
}

impl Shared {
    /// Whether the client has to send something: a head, or the rest of a body. While it receives a response, hyper
    /// reads too, to notice the end of the connection. A client that then sends nothing is not slow.
    fn expects_bytes(&self) -> bool {
        !self.answering.load(Ordering::Relaxed) || self.arriving.load(Ordering::Relaxed) != 0
    }

    /// Notes that nothing more of a request's body is expected.
    ///
    /// # Returns
    /// Whether it was.
    fn end_body(&self, number: u64) -> bool {
        self.arriving.compare_exchange(number, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl<S> Connection<S> {
    /// A connection whose client may not take longer than `patience` to send a body or to read a response.
    pub fn new(stream: TcpStream, patience: Patience, service: S, place: &ConnectionPlace) -> Self {
        // Nagle's algorithm would delay the small last packet of a response.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let mut stream = TimeoutStream::new(stream);
        stream.set_read_timeout(Some(patience.stalled));
        stream.set_write_timeout(Some(patience.unread));
        let (sender, requests) = watch::channel(Requests::default());
        let shared = Arc::new(Shared {
            reporter: place.reporter(),
            requests: sender,
            answering: AtomicBool::new(false),
            arriving: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            looked: AtomicBool::new(false),
            length_twice: AtomicBool::new(false),
        });
        Self {
            stream: Stream {
                inner: Box::pin(stream),
                shared: shared.clone(),
                stalled: patience.stalled,
                blocked: false,
                pace: Pace::new(patience.unread),
                framing: Framing::default(),
            },
            service: Reporting { inner: service, shared },
            requests,
        }
    }
}

/// Serves a connection until it ends; during shutdown, until its request ends.
pub(super) async fn serve_until_stopped<C: GracefulConnection>(
    connection: C,
    mut requests: watch::Receiver<Requests>,
    stopping: CancellationToken,
) -> Result<(), C::Error> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = &mut connection => return ended,
        () = stopping.cancelled() => {}
    }
    // hyper's graceful shutdown closes a connection without a request at once, even if a request is arriving.
    // If a request is being answered, the response says that it is the last one.
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

/// The program as a service, which reports when a request is complete and when its response is.
pub(super) struct Reporting<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request<Incoming>> for Reporting<S>
where
    S: tower::Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        // The last request on its connection: what follows a body in chunks may have been smuggled in by another client
        // of the same proxy (RFC 9112, 6.3).
        let is_last = request.headers().contains_key(header::TRANSFER_ENCODING);
        if is_last && self.shared.length_twice.load(Ordering::Relaxed) {
            request.extensions_mut().insert(LengthTwice);
        }
        self.shared.answered.store(false, Ordering::Relaxed);
        self.shared.looked.store(true, Ordering::Relaxed);
        let mut number = 0;
        self.shared.requests.send_modify(|requests| {
            requests.begun += 1;
            number = requests.begun;
        });
        let arriving = if request.body().is_end_stream() { 0 } else { number };
        self.shared.arriving.store(arriving, Ordering::Relaxed);
        self.shared.answering.store(true, Ordering::Relaxed);
        let (shared, inner) = (self.shared.clone(), self.inner.clone());
        let answer = Answer { shared: shared.clone() };
        Box::pin(async move {
            let request = if request.body().is_end_stream() {
                if !shared.reporter.report(ConnectionState::Answering) {
                    // The connection was evicted and is about to be dropped.
                    std::future::pending::<()>().await;
                }
                request.map(|_| Body::empty())
            } else {
                shared.reporter.report(ConnectionState::Waiting);
                request.map(|body| Body::new(Arriving { body, shared, number }))
            };
            let mut response = inner.oneshot(request).await?;
            if is_last {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(hold_until_sent(response, answer))
        })
    }
}

/// The body of a request. While it arrives, the connection waits for the client and has had no effect.
struct Arriving {
    body: Incoming,
    shared: Arc<Shared>,
    /// The number of its request.
    number: u64,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let ends = match &frame {
            Some(frame) => frame.is_ok() && self.body.is_end_stream(),
            None => true,
        };
        if ends
            && self.shared.end_body(self.number)
            && !self.shared.reporter.report(ConnectionState::Answering)
        {
            return Poll::Ready(Some(Err("the connection was closed to make room for another".into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // The program does not want the rest: hyper skips a short one, and otherwise reads no more.
        if self.shared.end_body(self.number) {
            self.shared.reporter.report(ConnectionState::Answering);
        }
    }
}

/// Dropped when hyper has taken the whole response, or when the connection ends.
struct Answer {
    shared: Arc<Shared>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.shared.answered.store(true, Ordering::Relaxed);
        self.shared.requests.send_modify(|requests| requests.answered += 1);
    }
}

/// The connection's stream, which reports when a response is written and when the client stops reading.
pub(super) struct Stream {
    inner: Pin<Box<TimeoutStream<TcpStream>>>,
    shared: Arc<Shared>,
    /// The time limit of a head or a body of which nothing arrives.
    stalled: Duration,
    blocked: bool,
    pace: Pace,
    framing: Framing,
}

impl Stream {
    fn note_written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_pending() != self.blocked {
            self.blocked = written.is_pending();
            let state = if self.blocked { ConnectionState::Stalled } else { ConnectionState::Answering };
            self.shared.reporter.report(state);
        }
        match &written {
            Poll::Pending => self.pace.wait(Instant::now()),
            Poll::Ready(Ok(bytes)) if !self.pace.take(*bytes, Instant::now()) => {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            Poll::Ready(_) => {}
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let limit = self.shared.expects_bytes().then_some(self.stalled);
        if self.inner.read_timeout() != limit {
            self.inner.as_mut().set_read_timeout_pinned(limit);
        }
        let before = buffer.filled().len();
        let read = self.inner.as_mut().poll_read(context, buffer);
        if self.framing.look_at(buffer.filled().get(before..).unwrap_or_default()).is_some() {
            self.shared.length_twice.store(true, Ordering::Relaxed);
        }
        if read.is_pending() && !self.shared.looked.swap(true, Ordering::Relaxed) {
            self.shared.reporter.report(ConnectionState::Waiting);
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.inner.as_mut().poll_write(context, bytes);
        self.note_written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.inner.as_mut().poll_write_vectored(context, slices);
        self.note_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper only flushes after it has written everything.
        if self.shared.answered.swap(false, Ordering::Relaxed) {
            self.shared.answering.store(false, Ordering::Relaxed);
            self.shared.reporter.report(ConnectionState::Waiting);
        }
        self.inner.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_shutdown(context)
    }
}
