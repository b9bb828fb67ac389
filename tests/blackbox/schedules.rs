//! Messages that are sent later: from the call to the end, with a sender whose outcomes a test chooses.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration as Elapsed,
};

use async_trait::async_trait;
use mail360::{
    accounts::service::AccountId,
    mail::{
        schedules::{
            Attempt, DueMessage, ScheduleDependencies, ScheduleFailure, ScheduleId, ScheduleState, Scheduled,
            ScheduledSender, Schedules, WhyNotSent,
        },
        sending::{Key, SendFailure, SendRequest, Shown},
        uploads::{UploadId, UploadOwner},
    },
    people::access::Caller,
    platform::{
        clock::{Clock, Timestamp},
        failure::Failure,
    },
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    sending_times::sweep,
    support::{
        Answer, Kind, TestMonotonic, World,
        api_clients::{KeyedClient, code, data},
    },
    uploads::Uploading,
};

/// The id of a call of the API.
pub const CALL: &str = "sendMessage";

type Outcome = Box<dyn Fn(&DueMessage) -> Attempt + Send + Sync>;

/// Sends nothing, and answers as a test wants.
pub struct CannedSender {
    outcome: Mutex<Option<Outcome>>,
    asked: Mutex<Vec<DueMessage>>,
    /// Each answer waits for it, if there is one.
    gate: Mutex<Option<Arc<Notify>>>,
    /// Whether there are records of its tries.
    has_begun: Mutex<bool>,
}

impl CannedSender {
    fn new() -> Arc<Self> {
        let sender = Self {
            outcome: Mutex::new(None),
            asked: Mutex::new(Vec::new()),
            gate: Mutex::new(None),
            has_begun: Mutex::new(true),
        };
        sender.answer(sent);
        Arc::new(sender)
    }

    /// Answers all tries from now on.
    pub fn answer(&self, outcome: impl Fn(&DueMessage) -> Attempt + Send + Sync + 'static) {
        *self.outcome.lock().expect("no test panicked") = Some(Box::new(outcome));
    }

    /// Has no record of any try.
    pub fn forget(&self) {
        *self.has_begun.lock().expect("no test panicked") = false;
    }

    /// Never answers: the process of the try is about to be killed.
    pub fn hang(&self) {
        *self.outcome.lock().expect("no test panicked") = None;
    }

    /// Holds all answers until a test opens the gate.
    pub fn hold(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.gate.lock().expect("no test panicked") = Some(gate.clone());
        gate
    }

    /// All tries so far. Forgets them.
    pub fn take(&self) -> Vec<DueMessage> {
        std::mem::take(&mut *self.asked.lock().expect("no test panicked"))
    }

    pub fn number(&self) -> usize {
        self.asked.lock().expect("no test panicked").len()
    }
}

#[async_trait]
impl ScheduledSender for CannedSender {
    async fn check(&self, _: &Caller, _: AccountId, _: SendRequest) -> Result<(), SendFailure> {
        Ok(())
    }

    async fn has_begun(&self, _: UploadOwner, _: Uuid) -> Result<bool, Failure> {
        Ok(*self.has_begun.lock().expect("no test panicked"))
    }

    async fn send(&self, due: DueMessage) -> Attempt {
        let attempt = self.outcome.lock().expect("no test panicked").as_ref().map(|outcome| outcome(&due));
        self.asked.lock().expect("no test panicked").push(due);
        let gate = self.gate.lock().expect("no test panicked").clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        match attempt {
            Some(attempt) => attempt,
            None => std::future::pending().await,
        }
    }
}

pub fn sent(due: &DueMessage) -> Attempt {
    Attempt::Sent {
        message_id: format!("AAMk-{}", due.attempt),
        internet_message_id: "<1@contoso.test>".to_owned(),
    }
}

/// An account, and an application that schedules messages for it.
pub struct Scheduling {
    pub uploading: Uploading,
    pub schedules: Schedules,
    pub sender: Arc<CannedSender>,
    /// How much time has passed for the process.
    pub monotonic: Arc<TestMonotonic>,
}

/// The work of a process with a sender of its own.
pub fn process(world: &World) -> (Schedules, Arc<CannedSender>) {
    process_at(world, &TestMonotonic::new())
}

/// The same, with this monotonic clock.
fn process_at(world: &World, monotonic: &Arc<TestMonotonic>) -> (Schedules, Arc<CannedSender>) {
    let (program, sender) = (&world.program, CannedSender::new());
    let schedules = Schedules::new(ScheduleDependencies {
        database: program.database.clone(),
        vault: program.vault.clone(),
        accounts: program.accounts.clone(),
        uploads: program.uploads.clone(),
        sender: sender.clone(),
        clock: program.clock.clone(),
        monotonic: monotonic.clone(),
        randomness: program.randomness.clone(),
    });
    (schedules, sender)
}

/// A message with this subject, and these files.
pub fn message(subject: &str, files: &[UploadId]) -> SendRequest {
    SendRequest {
        files: files.to_vec(),
        shown: Shown {
            from: "grace@contoso.test".to_owned(),
            to: "\"Ada\" <ada@x.test>".to_owned(),
            subject: subject.to_owned(),
        },
        ..SendRequest::default()
    }
}

impl Scheduling {
    pub async fn new(kind: Kind) -> Self {
        let uploading = Uploading::new(kind).await;
        let monotonic = TestMonotonic::new();
        let (schedules, sender) = process_at(uploading.world(), &monotonic);
        Self { uploading, schedules, sender, monotonic }
    }

    pub fn world(&self) -> &World {
        self.uploading.world()
    }

    pub fn account(&self) -> AccountId {
        self.uploading.account
    }

    pub fn now(&self) -> Timestamp {
        self.world().clock.now()
    }

    /// Schedules a message for this time from now.
    pub async fn add(
        &self,
        request: SendRequest,
        ahead: Duration,
        key: Option<&str>,
    ) -> Result<Scheduled, ScheduleFailure> {
        let key = key.map(|key| Key::parse(key).expect("a key"));
        let due = self.now().plus(ahead);
        self.schedules.add(&self.uploading.caller(), self.account(), CALL, key, request, due).await
    }

    /// A message that is due in an hour, whose call has a key of its own.
    pub async fn in_an_hour(&self) -> ScheduleId {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let key = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
        let added = self.add(message("canary-subject", &[]), Duration::hours(1), Some(&key)).await;
        added.expect("scheduled").id
    }

    pub async fn state(&self, id: ScheduleId) -> (ScheduleState, Option<WhyNotSent>) {
        let found = self.schedules.get(&self.uploading.caller(), self.account(), id).await;
        let found = found.expect("a message");
        (found.state, found.why)
    }

    /// Lets time pass, looks for what is due, and waits until this message has this state.
    pub async fn pass(&self, by: Duration, id: ScheduleId, state: ScheduleState, why: Option<WhyNotSent>) {
        self.world().clock.advance(by);
        self.schedules.send_due().await.expect("a look");
        self.wait_for(id, state, why).await;
    }

    /// Looks for what is due until the process believes the time that the clock shows. Then lets a quarter of an hour pass
    /// before each look, as long as a message waits between two tries, until this message has this state.
    pub async fn settle(&self, id: ScheduleId, state: ScheduleState, why: Option<WhyNotSent>) {
        for _ in 0..3 {
            self.schedules.send_due().await.expect("a look");
            self.monotonic.advance(6.0 * 3_600.0);
        }
        for _ in 0..10 {
            self.world().clock.advance(Duration::minutes(16));
            self.schedules.send_due().await.expect("a look");
            for _ in 0..100 {
                if self.state(id).await == (state, why) {
                    return;
                }
                tokio::time::sleep(Elapsed::from_millis(5)).await;
            }
        }
        assert_eq!(self.state(id).await, (state, why), "after ten looks");
    }

    pub async fn wait_for(&self, id: ScheduleId, state: ScheduleState, why: Option<WhyNotSent>) {
        for _ in 0..1_000 {
            if self.state(id).await == (state, why) {
                return;
            }
            tokio::time::sleep(Elapsed::from_millis(5)).await;
        }
        assert_eq!(self.state(id).await, (state, why), "after five seconds");
    }

    pub async fn call(&self, client: &KeyedClient, method: &str, rest: &str) -> Answer {
        let path = format!("/api/accounts/{}/schedules{rest}", self.account());
        self.world().call_with(&client.key, method, &path).await
    }

    /// Under which id the only message is tried next.
    pub async fn attempt(&self) -> Uuid {
        self.world().raw.one("SELECT attempt_id FROM schedules").await
    }

    pub async fn get(&self, id: ScheduleId) -> Value {
        let answer = self.call(&self.uploading.client, "GET", &format!("/{}", id.name())).await;
        data(answer.assert_status(200))
    }

    pub async fn cancel(&self, id: ScheduleId) -> Answer {
        self.call(&self.uploading.client, "DELETE", &format!("/{}", id.name())).await
    }
}

#[rstest]
#[tokio::test]
async fn a_message_is_kept_sealed_and_sent_once_at_its_time(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    let due = scheduling.now().plus(Duration::hours(1));
    let shown = json!({
        "scheduleId": id.name(), "state": "waiting", "fromAddress": "grace@contoso.test",
        "toAddress": "\"Ada\" <ada@x.test>", "subject": "canary-subject",
        "scheduleTime": (due.micros() / 1_000).to_string(),
        "createdTime": (scheduling.now().micros() / 1_000).to_string(),
    });
    assert_eq!(scheduling.get(id).await, shown);
    let stored = scheduling.world().raw.dump(&["activity"]).await.join("\n").to_lowercase();
    let hex = crate::support::hex(b"canary-subject");
    assert!(stored.contains("schedules: ") && !stored.contains("canary-subject") && !stored.contains(&hex));

    scheduling.world().clock.advance(Duration::hours(1) - Duration::seconds(1));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!(scheduling.state(id).await, (ScheduleState::Waiting, None));
    scheduling.pass(Duration::seconds(1), id, ScheduleState::Sent, None).await;
    let asked = scheduling.sender.take();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].request, message("canary-subject", &[]));
    assert_eq!((asked[0].account, asked[0].client), (scheduling.account(), scheduling.uploading.client.id));
    let shown = scheduling.get(id).await;
    assert_eq!(shown["state"], "sent");
    assert_eq!(shown["messageId"], format!("AAMk-{}", asked[0].attempt));
    assert_eq!(shown["internetMessageId"], "<1@contoso.test>");
    assert_eq!(shown["endedTime"], (scheduling.now().micros() / 1_000).to_string());
    let content = "SELECT COUNT(*) FROM schedules WHERE request IS NOT NULL";
    assert_eq!(scheduling.world().raw.one::<i64>(content).await, 0, "its content is erased");

    scheduling.world().clock.advance(Duration::hours(30));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!(scheduling.sender.number(), 0, "it is not sent again");
}

#[rstest]
#[tokio::test]
async fn a_message_that_waits_is_cancelled_and_one_that_is_under_way_or_sent_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let first = scheduling.in_an_hour().await;
    scheduling.cancel(first).await.assert_status(200);
    for method in ["GET", "DELETE"] {
        let gone = scheduling.call(&scheduling.uploading.client, method, &format!("/{}", first.name())).await;
        assert_eq!(code(gone.assert_status(404)), "NOT_FOUND");
    }
    let second = scheduling.in_an_hour().await;
    scheduling.sender.answer(|_| Attempt::UnderWay);
    scheduling.pass(Duration::hours(1), second, ScheduleState::Sending, None).await;
    assert_eq!(code(scheduling.cancel(second).await.assert_status(409)), "SCHEDULE_STARTED");
    scheduling.sender.answer(sent);
    scheduling.pass(Duration::minutes(3), second, ScheduleState::Sent, None).await;
    assert_eq!(code(scheduling.cancel(second).await.assert_status(409)), "SCHEDULE_STARTED");
    let asked = scheduling.sender.take();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].attempt, asked[1].attempt, "the same try is asked again");
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_known_is_said_and_never_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.sender.answer(|_| Attempt::Unknown { internet_message_id: "<2@contoso.test>".to_owned() });
    scheduling.pass(Duration::hours(1), id, ScheduleState::Unknown, None).await;
    assert_eq!(scheduling.get(id).await["internetMessageId"], "<2@contoso.test>");
    assert_eq!(code(scheduling.cancel(id).await.assert_status(409)), "SCHEDULE_STARTED");
    scheduling.world().clock.advance(Duration::hours(5));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!(scheduling.sender.number(), 1);
}

#[rstest]
#[tokio::test]
async fn a_message_that_cannot_be_sent_waits_for_a_day_and_then_has_failed_with_its_reason(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    let why = Some(WhyNotSent::Unavailable);
    scheduling.sender.answer(|_| Attempt::NotNow(WhyNotSent::Unavailable));
    let attempt: Uuid = scheduling.attempt().await;
    for (hours, tries) in [(1, 1), (5, 2), (5, 3), (4, 4)] {
        scheduling.world().clock.advance(Duration::hours(hours));
        scheduling.schedules.send_due().await.expect("a look");
        while scheduling.sender.number() < tries {
            tokio::time::sleep(Elapsed::from_millis(5)).await;
        }
        scheduling.wait_for(id, ScheduleState::Waiting, why).await;
    }
    let shown = scheduling.get(id).await;
    assert_eq!((&shown["state"], &shown["errorCode"]), (&json!("waiting"), &json!("PROVIDER_UNAVAILABLE")));
    let asked: Vec<Uuid> = scheduling.sender.take().iter().map(|due| due.attempt).collect();
    assert_eq!(asked, [attempt; 4], "a second id would send it twice");
    let by = Duration::hours(10) + Duration::seconds(1);
    scheduling.pass(by, id, ScheduleState::Waiting, why).await;
    scheduling.settle(id, ScheduleState::Failed, why).await;
    assert_eq!(scheduling.sender.number(), 0);

    let (world, monotonic) = (scheduling.world(), TestMonotonic::new());
    // A clock that is ahead for a while erases nothing.
    world.clock.advance(Duration::days(30));
    world.run_sweep_at(monotonic.clone()).await;
    world.clock.advance(Duration::days(-30));
    world.clock.advance(Duration::days(6));
    sweep(world, &monotonic).await;
    assert_eq!(scheduling.get(id).await["state"], "failed");
    world.clock.advance(Duration::days(1));
    sweep(world, &monotonic).await;
    assert_eq!(scheduling.world().raw.count("schedules").await, 0);
}
