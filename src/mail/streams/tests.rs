use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::stream;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::{platform::monotonic::Monotonic, providers::mailbox::MailProblem};

type Piece = Result<Bytes, MailError>;

/// A clock that a test moves.
struct Moved {
    start: Instant,
    passed: watch::Sender<Duration>,
}

impl Moved {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), passed: watch::Sender::new(Duration::ZERO) })
    }

    /// Lets the steps of a measurement pass, one after the other.
    async fn pass(&self, steps: usize) {
        for _ in 0..steps {
            self.passed.send_modify(|passed| *passed += STEP);
            settle().await;
        }
    }
}

impl Monotonic for Moved {
    fn now(&self) -> Instant {
        self.start + *self.passed.borrow()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut passed = self.passed.subscribe();
        Box::pin(async move {
            let _ = passed.wait_for(|passed| self.start + *passed >= at).await;
        })
    }
}

/// Lets the other tasks run as far as they can.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// A body that sends what a test sends, and whose end a test sees.
fn body() -> (mpsc::UnboundedSender<Piece>, MailStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let body = stream::unfold(receiver, |mut receiver: mpsc::UnboundedReceiver<Piece>| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    (sender, Box::pin(body))
}

fn piece(bytes: usize) -> Bytes {
    Bytes::from(vec![0; bytes])
}

/// Reads this number of bytes, in whatever pieces they come.
async fn read(passed: &mut MailStream, bytes: usize) {
    let mut left = bytes;
    while left > 0 {
        left -= passed.next().await.expect("a piece").expect("bytes").len();
    }
}

#[tokio::test]
async fn a_body_comes_whole_and_ends() {
    let (sender, body) = body();
    let mut passed = end_when_slow(body, Moved::new());
    for bytes in [1, 2, 3] {
        sender.send(Ok(piece(bytes))).expect("taken");
    }
    drop(sender);
    for bytes in [1, 2, 3] {
        assert_eq!(passed.next().await.expect("a piece").expect("bytes").len(), bytes);
    }
    assert!(passed.next().await.is_none());
}

#[tokio::test]
async fn a_small_piece_that_waits_does_not_keep_the_buffer_into_which_it_was_read() {
    struct Buffer(#[expect(dead_code, reason = "it is counted")] Arc<()>);
    impl AsRef<[u8]> for Buffer {
        fn as_ref(&self) -> &[u8] {
            b"a long buffer"
        }
    }
    let (sender, body) = body();
    let mut passed = pass_on(body, Box::new(Nothing), STREAM_BUFFER, Moved::new());
    let buffers = Arc::new(());
    for _ in 0..100 {
        sender.send(Ok(Bytes::from_owner(Buffer(buffers.clone())).slice(..1))).expect("taken");
    }
    settle().await;
    assert_eq!(Arc::strong_count(&buffers), 1);
    assert_eq!(passed.next().await.expect("a piece").expect("bytes"), Bytes::from_static(b"a"));
}

#[tokio::test]
async fn a_piece_larger_than_the_buffer_comes_in_parts_and_the_next_one_is_read_after_it() {
    const PIECE: usize = 200_000;
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let pieces = stream::iter(0_u8..3).map(move |number| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from(vec![number; PIECE]))
    });
    let mut passed = pass_on(Box::pin(pieces), Box::new(Nothing), 1_000, Moved::new());
    let mut whole = Vec::new();
    while whole.len() < 3 * PIECE {
        settle().await;
        assert_eq!(read.load(Ordering::Relaxed), whole.len() / PIECE + 1);
        let part = passed.next().await.expect("a part").expect("bytes");
        assert!(part.len() <= 32 * 1024, "{}", part.len());
        whole.extend_from_slice(&part);
    }
    let sent: Vec<u8> = (0_u8..3).flat_map(|number| vec![number; PIECE]).collect();
    assert!(whole == sent);
    assert!(passed.next().await.is_none());
}

#[tokio::test]
async fn an_error_of_the_provider_is_passed_on_once() {
    let (sender, body) = body();
    let mut passed = end_when_slow(body, Moved::new());
    sender.send(Err(MailProblem::Unavailable.into())).expect("taken");
    drop(sender);
    assert_eq!(passed.next().await.expect("an end").expect_err("an error").problem, MailProblem::Unavailable);
    assert!(passed.next().await.is_none());
}

#[tokio::test]
async fn a_provider_that_stops_sending_is_let_go_within_seventy_seconds() {
    let (sender, body) = body();
    let clock = Moved::new();
    let mut passed = end_when_slow(body, clock.clone());
    sender.send(Ok(piece(MIN_BYTES * 2))).expect("taken");
    read(&mut passed, MIN_BYTES * 2).await;
    clock.pass(STEPS).await;
    assert!(!sender.is_closed(), "it was fast enough over the last minute");
    clock.pass(1).await;
    assert!(sender.is_closed(), "the body is dropped");
    assert_eq!(passed.next().await.expect("an end").expect_err("an error").problem, MailProblem::Slow);
    assert!(passed.next().await.is_none());
}

#[tokio::test]
async fn a_reader_who_stops_is_let_go_and_does_not_take_the_part_for_the_whole() {
    let (sender, body) = body();
    let clock = Moved::new();
    let mut passed = end_when_slow(body, clock.clone());
    for _ in 0..10 {
        sender.send(Ok(piece(STREAM_BUFFER / 2))).expect("taken");
    }
    settle().await;
    clock.pass(STEPS).await;
    assert!(sender.is_closed(), "the body is dropped, although nothing polls it");
    let mut pieces = Vec::new();
    while let Some(piece) = passed.next().await {
        pieces.push(piece);
    }
    assert_eq!(pieces.len(), 3, "as many as fit into the buffer wait for the reader, and then the error");
    assert!(pieces.pop().expect("an end").is_err(), "the reader learns that it is not all");
    assert!(pieces.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_steady_stream_goes_on_for_hours_and_a_dropped_one_leaves_nothing() {
    let (sender, body) = body();
    let clock = Moved::new();
    let mut passed = end_when_slow(body, clock.clone());
    for _ in 0..1_000 {
        sender.send(Ok(piece(MIN_RATE * 10))).expect("taken");
        read(&mut passed, MIN_RATE * 10).await;
        clock.pass(1).await;
    }
    assert!(!sender.is_closed());
    drop(passed);
    settle().await;
    assert!(sender.is_closed());
}

/// A body that counts how often it waited for its reader, and ends when a test wants.
struct Counted(Arc<tokio::sync::Semaphore>);

#[async_trait]
impl Held for Counted {
    async fn lost(&self) -> MailError {
        std::future::pending().await
    }

    async fn wait_for_reader(&mut self) -> MailError {
        self.0.add_permits(1);
        std::future::pending().await
    }
}

#[tokio::test]
async fn an_answer_that_fits_into_the_buffer_does_not_wait_for_its_reader() {
    for (bytes, waits) in [(CALL_BUFFER / 8, false), (CALL_BUFFER / 4, true)] {
        let (sender, body) = body();
        let held = Counted(Arc::new(tokio::sync::Semaphore::new(0)));
        let waited = held.0.clone();
        let mut passed = pass_on(body, Box::new(held), CALL_BUFFER, Moved::new());
        for _ in 0..8 {
            sender.send(Ok(piece(bytes))).expect("taken");
        }
        settle().await;
        assert_eq!(waited.available_permits() > 0, waits);
        drop(sender);
        settle().await;
        assert_eq!(Arc::strong_count(&waited) == 1, !waits, "what it holds is given back before it is read");
        let mut got = 0;
        while let Some(piece) = passed.next().await {
            got += piece.expect("bytes").len();
        }
        assert_eq!(got, bytes * 8);
        assert_eq!(Arc::strong_count(&waited), 1);
    }
}

#[tokio::test]
async fn many_small_pieces_fill_the_buffer_too() {
    let (sender, body) = body();
    let held = Counted(Arc::new(tokio::sync::Semaphore::new(0)));
    let waited = held.0.clone();
    let _passed = pass_on(body, Box::new(held), CALL_BUFFER, Moved::new());
    for _ in 0..4_000 {
        sender.send(Ok(piece(1))).expect("taken");
    }
    for _ in 0..20 {
        settle().await;
    }
    assert!(waited.available_permits() > 0);
}
