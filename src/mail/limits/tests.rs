//! The limits of one process, in memory.

mod units;

use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
};
use uuid::Uuid;

use super::*;
use crate::{
    platform::{
        clock::Timestamp,
        monotonic::{Monotonic, SystemMonotonic},
        randomness::SystemRandomness,
    },
    providers::mailbox::{
        Bytes, MailBody, MailHttp, MailRequest, MailResponse, MailStream, MailboxLimits, empty_stream,
    },
};

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const GRACE: AccountId = AccountId(Uuid::from_u128(2));

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

/// A provider that answers when the gate opens, and counts the requests that are under way.
#[derive(Default)]
struct Gated {
    under_way: AtomicUsize,
    most: AtomicUsize,
    answered: AtomicUsize,
    gate: Notify,
    /// The status, and the value of `Retry-After`.
    refusal: Mutex<Option<(u16, Option<&'static str>)>>,
}

#[async_trait]
impl MailHttp for Gated {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let refusal = *self.refusal.lock().expect("no test panicked");
        let mut headers = HeaderMap::new();
        if let Some((status, wait)) = refusal {
            headers.extend(wait.map(|wait| (::http::header::RETRY_AFTER, HeaderValue::from_static(wait))));
            let status = StatusCode::from_u16(status).expect("a status");
            return Ok(MailResponse { status, headers, body: empty_stream() });
        }
        let weight = usize::from(request.weight);
        let under_way = self.under_way.fetch_add(weight, Ordering::SeqCst) + weight;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        self.gate.notified().await;
        self.under_way.fetch_sub(weight, Ordering::SeqCst);
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(MailResponse { status: StatusCode::OK, headers, body: empty_stream() })
    }
}

/// A provider that takes four requests at a time, and counts each.
const LIMITS: MailboxLimits = MailboxLimits { at_once: 4, window: Duration::from_mins(10), units: 10_000 };
const MAX_AT_ONCE: usize = 4;

fn request(weight: u8, is_download: bool) -> MailRequest {
    MailRequest {
        method: Method::GET,
        url: "https://mail.example/".to_owned(),
        headers: HeaderMap::new(),
        body: MailBody::Empty,
        weight,
        units: weight.into(),
        is_download,
    }
}

fn limits() -> MailLimits {
    MailLimits::new(None, Arc::new(SystemMonotonic), &Still, &SystemRandomness)
}

fn client(limits: &MailLimits, account: AccountId, http: &Arc<Gated>, wait: Duration) -> LimitedHttp {
    limits.http(account, LIMITS, http.clone(), wait)
}

async fn until(is: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("not within two seconds");
}

/// Sends requests at once, each in a task, and reads their bodies.
fn send(
    limits: &MailLimits,
    account: AccountId,
    http: &Arc<Gated>,
    requests: usize,
    wait: Duration,
) -> JoinSet<Result<StatusCode, MailError>> {
    let mut tasks = JoinSet::new();
    for _ in 0..requests {
        let client = client(limits, account, http, wait);
        tasks.spawn(async move {
            let response = client.send(request(1, false)).await?;
            let (status, mut body) = (response.status, response.body);
            while body.next().await.is_some() {}
            Ok(status)
        });
    }
    tasks
}

/// Opens the gate again and again.
fn open(http: &Arc<Gated>) -> JoinHandle<()> {
    let http = http.clone();
    tokio::spawn(async move {
        loop {
            http.gate.notify_waiters();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
}

fn is_mailbox_limit(answer: &Result<StatusCode, MailError>) -> bool {
    matches!(answer, Err(error) if matches!(error.problem, MailProblem::Throttled { limit: Limit::Mailbox, .. }))
}

#[tokio::test]
async fn four_requests_of_a_mailbox_are_under_way_and_thirty_two_wait() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let mut tasks = send(&limits, ADA, &http, MAX_AT_ONCE + MAX_WAITING + 14, Duration::from_secs(20));
    for _ in 0..14 {
        let refused = tasks.join_next().await.expect("an answer").expect("a task");
        assert!(is_mailbox_limit(&refused), "{refused:?}");
    }
    // Another mailbox is not held up.
    let mut other = send(&limits, GRACE, &http, 1, Duration::from_secs(20));
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE + 1).await;
    let open = open(&http);
    while let Some(answer) = tasks.join_next().await {
        assert_eq!(answer.expect("a task").expect("an answer"), StatusCode::OK);
    }
    other.join_next().await.expect("an answer").expect("a task").expect("an answer");
    open.abort();
    assert_eq!(http.answered.load(Ordering::SeqCst), MAX_AT_ONCE + MAX_WAITING + 1);
    assert!(http.most.load(Ordering::SeqCst) <= MAX_AT_ONCE + 1);
    let state = limits.lock();
    assert_eq!((state.lines.len(), state.waiting), (0, 0), "nothing is remembered");
}

#[tokio::test]
async fn a_wait_ends_in_time_and_a_caller_who_goes_leaves_the_line() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let _held = send(&limits, ADA, &http, MAX_AT_ONCE, Duration::from_secs(20));
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;
    let mut late = send(&limits, ADA, &http, 1, Duration::from_millis(30));
    assert!(is_mailbox_limit(&late.join_next().await.expect("an answer").expect("a task")));
    let mut gone = send(&limits, ADA, &http, 3, Duration::from_secs(20));
    until(|| limits.lock().waiting == 3).await;
    gone.shutdown().await;
    assert_eq!(limits.lock().waiting, 0);
}

#[tokio::test]
async fn a_batch_takes_all_slots() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let batch = client(&limits, ADA, &http, Duration::from_secs(20));
    let batch = tokio::spawn(async move { batch.send(request(4, false)).await.map(|answer| answer.status) });
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;
    let mut call = send(&limits, ADA, &http, 1, Duration::from_secs(20));
    until(|| limits.lock().waiting == 1).await;
    http.gate.notify_waiters();
    batch.await.expect("a task").expect("an answer");
    until(|| http.under_way.load(Ordering::SeqCst) == 1).await;
    http.gate.notify_waiters();
    call.join_next().await.expect("an answer").expect("a task").expect("an answer");
    assert_eq!(http.most.load(Ordering::SeqCst), MAX_AT_ONCE);
}

/// A clock that does not move, so that what waits for a time waits for ever.
struct Stopped(Instant);

impl Monotonic for Stopped {
    fn now(&self) -> Instant {
        self.0
    }

    fn sleep_until(&self, _: Instant) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

/// A provider whose downloads never end, and that answers everything else at once.
struct Unending;

#[async_trait]
impl MailHttp for Unending {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let unending = futures_util::stream::pending::<Result<Bytes, MailError>>();
        let body: MailStream = if request.is_download { Box::pin(unending) } else { empty_stream() };
        Ok(MailResponse { status: StatusCode::OK, headers: HeaderMap::new(), body })
    }
}

#[tokio::test]
async fn a_batch_beside_a_stream_is_refused_at_once_and_a_call_passes() {
    let monotonic = Arc::new(Stopped(Instant::now()));
    let limits = MailLimits::new(None, monotonic.clone(), &Still, &SystemRandomness);
    let client = limits.http(ADA, LIMITS, Arc::new(Unending), Duration::from_secs(20));
    let stream = client.send(request(1, true)).await.expect("an answer");
    let batch = tokio::time::timeout(Duration::from_secs(5), client.send(request(4, false))).await;
    let refused = batch.expect("no wait").err().expect("refused").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    client.send(request(1, false)).await.expect("an answer");
    drop(stream);
    until(|| !limits.has_streams(ADA)).await;
    client.send(request(4, false)).await.expect("an answer");
}

#[tokio::test]
async fn a_batch_does_not_wait_for_as_long_as_a_call() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let _held = send(&limits, ADA, &http, MAX_AT_ONCE, Duration::from_secs(20));
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;
    let batch = client(&limits, ADA, &http, Duration::from_secs(20));
    let refused = tokio::time::timeout(Duration::from_secs(10), batch.send(request(4, false))).await;
    let refused = refused.expect("within its own time").err().expect("refused").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_throttled_mailbox_gets_no_request_until_the_provider_wants_one_and_slows_no_other() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((429, Some("60")));
    let first = client(&limits, ADA, &http, Duration::from_secs(5));
    assert_eq!(first.send(request(1, false)).await.expect("an answer").status, StatusCode::TOO_MANY_REQUESTS);
    let refused = first.send(request(1, false)).await.err().expect("closed").problem;
    let MailProblem::Throttled { limit: Limit::Provider, retry_after: Some(wait) } = refused else {
        panic!("{refused:?}");
    };
    assert!(wait > Duration::from_secs(55) && wait <= Duration::from_mins(1), "{wait:?}");
    assert!(!first.may_wait(None));
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    let other = client(&limits, GRACE, &http, Duration::from_secs(5));
    assert_eq!(other.send(request(1, false)).await.expect("an answer").status, StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_of_another_part_of_the_providers_api_leaves_the_mailbox_open() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((429, Some("3600")));
    let client = client(&limits, ADA, &http, Duration::from_secs(5));
    let status = client.of_another_part().send(request(1, false)).await.expect("an answer").status;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    assert_eq!(client.send(request(1, false)).await.expect("an answer").status, StatusCode::OK);
}

#[tokio::test]
async fn a_batch_counts_as_all_that_it_contains() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    limits.count(ADA, LIMITS, LIMITS.units - 30).await.expect("allowed");
    let client = client(&limits, ADA, &http, Duration::from_secs(5));
    client.send(request(20, false)).await.expect("an answer");
    let refused = client.send(request(20, false)).await.err().expect("too many").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    client.send(request(1, false)).await.expect("an answer");
}

#[tokio::test]
async fn a_short_wait_of_the_provider_is_waited_for() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((503, Some("1")));
    let client = client(&limits, ADA, &http, Duration::from_secs(5));
    let began = Instant::now();
    client.send(request(1, false)).await.expect("an answer");
    *http.refusal.lock().expect("no test panicked") = Some((200, None));
    assert!(client.may_wait(None));
    assert_eq!(client.send(request(1, false)).await.expect("an answer").status, StatusCode::OK);
    assert!(began.elapsed() >= Duration::from_millis(950), "{:?}", began.elapsed());
}

#[tokio::test]
async fn only_the_time_that_requests_wait_counts_and_it_counts_over_all_of_them() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    let client = client(&limits, ADA, &http, Duration::from_millis(400));
    // The answer takes longer than requests may wait.
    let slow = client.clone();
    let slow = tokio::spawn(async move { slow.send(request(1, false)).await.map(|answer| answer.status) });
    until(|| http.under_way.load(Ordering::SeqCst) == 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    http.gate.notify_waiters();
    slow.await.expect("a task").expect("an answer");
    // The next request finds no slot, and still has its time.
    let _held = send(&limits, ADA, &http, MAX_AT_ONCE, Duration::from_secs(20));
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;
    let began = Instant::now();
    let refused = client.send(request(1, false)).await.map(|answer| answer.status);
    assert!(is_mailbox_limit(&refused), "{refused:?}");
    assert!(began.elapsed() >= Duration::from_millis(350), "{:?}", began.elapsed());
    // After it nothing is left.
    let began = Instant::now();
    let refused = client.send(request(1, false)).await.map(|answer| answer.status);
    assert!(is_mailbox_limit(&refused), "{refused:?}");
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_mailbox_that_has_had_its_maximum_gets_no_more_requests() {
    let limits = limits();
    limits.count(ADA, LIMITS, LIMITS.units).await.expect("allowed");
    let refused = limits.count(ADA, LIMITS, 1).await.expect_err("too many").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    limits.count(GRACE, LIMITS, 1).await.expect("another mailbox");
}

#[tokio::test]
async fn a_call_may_have_changed_something_once_another_request_than_a_get_was_sent() {
    let (limits, http) = (limits(), Arc::new(Gated::default()));
    *http.refusal.lock().expect("no test panicked") = Some((204, None));
    let client = client(&limits, ADA, &http, Duration::from_secs(1));
    client.send(request(1, false)).await.expect("an answer");
    assert!(!client.may_have_changed());
    client.send(MailRequest { method: Method::POST, ..request(1, false) }).await.expect("an answer");
    assert!(client.may_have_changed());
    client.begin();
    assert!(!client.may_have_changed());
}
