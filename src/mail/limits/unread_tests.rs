//! Answers that their caller does not read.

use std::pin::Pin;

use ::http::{HeaderMap, Method, StatusCode};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::*;
use crate::{
    platform::{clock::Timestamp, monotonic::Monotonic, randomness::SystemRandomness},
    providers::mailbox::{Bytes, MailBody, MailHttp, MailRequest, MailResponse, MailboxLimits},
};

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const LIMITS: MailboxLimits = MailboxLimits { at_once: 4, window: Duration::from_mins(10), units: 10_000 };
const PIECE: usize = 64 * 1024;
/// Fits into the buffer of an answer.
const SMALL: usize = 8;
/// Does not.
const LARGE: usize = 80;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

/// Time that passes fifty times as fast.
struct Fast(Instant);

impl Monotonic for Fast {
    fn now(&self) -> Instant {
        self.0 + self.0.elapsed() * 50
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep_until(self.0 + at.saturating_duration_since(self.0) / 50))
    }
}

/// A provider whose answers have this number of pieces.
struct Pieces;

#[async_trait]
impl MailHttp for Pieces {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let count = request.url.parse().expect("a number of pieces");
        let body = stream::iter((0..count).map(|_: usize| Ok(Bytes::from(vec![0; PIECE]))));
        Ok(MailResponse { status: StatusCode::OK, headers: HeaderMap::new(), body: Box::pin(body) })
    }
}

fn limits() -> MailLimits {
    let monotonic = Fast(Instant::now());
    MailLimits::new(None, Arc::new(monotonic), &Still, &SystemRandomness)
}

/// Sends a request whose answer has this number of pieces.
async fn send(limits: &MailLimits, pieces: usize, need: Need) -> Result<MailResponse, MailError> {
    let request = MailRequest {
        method: Method::GET,
        url: pieces.to_string(),
        headers: HeaderMap::new(),
        body: MailBody::Empty,
        weight: if need == Need::All { 4 } else { 1 },
        units: 1,
        is_download: need == Need::Stream,
    };
    limits.http(ADA, LIMITS, Arc::new(Pieces), Duration::from_secs(5)).send(request).await
}

/// The number of bytes of an answer that came whole.
async fn read(mut answer: MailResponse) -> Result<usize, MailError> {
    let mut bytes = 0;
    while let Some(piece) = answer.body.next().await {
        bytes += piece?.len();
    }
    Ok(bytes)
}

#[tokio::test]
async fn an_answer_of_a_usual_size_keeps_no_slot_for_its_reader() {
    let limits = limits();
    let mut unread = Vec::new();
    for _ in 0..8 {
        unread.push(send(&limits, SMALL, Need::All).await.expect("all slots"));
        unread.push(send(&limits, SMALL, Need::Call).await.expect("a slot"));
    }
    for answer in unread {
        assert_eq!(read(answer).await.expect("the whole answer"), SMALL * PIECE);
    }
}

#[tokio::test]
async fn a_large_answer_of_a_batch_keeps_one_slot_for_streams_until_it_is_read() {
    let limits = limits();
    let unread = send(&limits, LARGE, Need::All).await.expect("all slots");
    let mut streams = vec![send(&limits, LARGE, Need::Stream).await.expect("the other slot for streams")];
    for _ in 0..8 {
        read(send(&limits, SMALL, Need::Call).await.expect("a slot")).await.expect("an answer");
    }
    assert!(send(&limits, SMALL, Need::Stream).await.is_err(), "two streams are under way");
    assert_eq!(read(unread).await.expect("the whole answer"), LARGE * PIECE);
    streams.push(send(&limits, SMALL, Need::Stream).await.expect("the slot of the batch"));
}

#[tokio::test]
async fn a_large_answer_ends_if_no_slot_for_streams_becomes_free() {
    let limits = limits();
    let streams = [
        send(&limits, LARGE, Need::Stream).await.expect("a slot for streams"),
        send(&limits, LARGE, Need::Stream).await.expect("the other one"),
    ];
    let unread = [
        send(&limits, LARGE, Need::Call).await.expect("a slot"),
        send(&limits, LARGE, Need::Call).await.expect("the last slot"),
    ];
    // They wait some seconds for a slot for streams. Then their own are free.
    let mut next = send(&limits, SMALL, Need::Call).await;
    if next.is_err() {
        next = send(&limits, SMALL, Need::Call).await;
    }
    read(next.expect("a slot")).await.expect("an answer");
    // The other one began to wait a moment later: ten seconds of this clock are enough for it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for answer in unread {
        assert!(read(answer).await.is_err(), "the reader learns that it is not all");
    }
    drop(streams);
}

#[tokio::test]
async fn a_large_answer_that_is_read_at_once_needs_no_slot_for_streams() {
    let limits = limits();
    let streams = [
        send(&limits, LARGE, Need::Stream).await.expect("a slot for streams"),
        send(&limits, LARGE, Need::Stream).await.expect("the other one"),
    ];
    for _ in 0..4 {
        let answer = send(&limits, LARGE, Need::Call).await.expect("a slot");
        assert_eq!(read(answer).await.expect("the whole answer"), LARGE * PIECE);
    }
    drop(streams);
}

#[tokio::test]
async fn answers_that_are_read_whole_share_the_memory_of_the_process() {
    let limits = limits();
    let client = |account| limits.http(account, LIMITS, Arc::new(Pieces), Duration::from_secs(5));
    let (large, small) = (60 * 1024 * 1024, 10 * 1024 * 1024);
    let held = client(ADA).room(large).await.expect("room");
    let refused =
        client(AccountId(Uuid::from_u128(2))).room(small).await.expect_err("no room in time").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    drop(held);
    client(ADA).room(large).await.expect("room again");
}
