//! Processes that send from a mailbox whose answers a test decides, on clocks that the test moves. A process can be stopped
//! at a point in a send, as a kill would.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mail360::{
    accounts::service::AccountId,
    activity::service::Activity,
    mail::sending::{
        Key, NoStops, SendFailure, SendRequest, Sending, SendingDependencies, Sent, SharedStopPoints, Shown,
        StopPoint, StopPoints,
    },
    people::access::{Caller, Reach},
    platform::database::Database,
    providers::mailbox::{Address, Content, Outgoing},
    router::Program,
};
use tokio::task::JoinHandle;

use super::{
    TestMonotonic, World,
    api_clients::{KeyedClient, everything},
    company::{Scopes, Site},
    jobs::until,
    outbox::Outbox,
    refreshing::Scene,
    rotate,
};

/// The name of a call of the API.
pub const CALL: &str = "send";
/// How much time passes in one step of a test.
const STEP: f64 = 1.0;

/// Stops each send that reaches a point, for ever.
pub struct StopAt {
    point: StopPoint,
    reached: AtomicUsize,
}

impl StopAt {
    pub fn new(point: StopPoint) -> Arc<Self> {
        Arc::new(Self { point, reached: AtomicUsize::new(0) })
    }

    pub fn is_reached(&self) -> bool {
        self.reached.load(Ordering::SeqCst) > 0
    }
}

#[async_trait]
impl StopPoints for StopAt {
    async fn reach(&self, point: StopPoint) {
        if point == self.point {
            self.reached.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
    }
}

/// A process that sends. One whose clock does not move any more is as good as killed.
#[derive(Clone)]
pub struct Sender {
    pub sending: Sending,
    pub monotonic: Arc<TestMonotonic>,
    pub program: Program,
}

impl Sender {
    /// Another process on the database of `world`. `is_alone`: no other one serves.
    pub async fn new(world: &World, stops: SharedStopPoints, is_alone: bool) -> Self {
        Self::of(world, stops, is_alone, None).await
    }

    /// Another process whose sends reach the same database in another way.
    pub async fn through(world: &World, database: Database) -> Self {
        Self::of(world, Arc::new(NoStops), false, Some(database)).await
    }

    async fn of(world: &World, stops: SharedStopPoints, is_alone: bool, database: Option<Database>) -> Self {
        let monotonic = TestMonotonic::new();
        let program = world.with_monotonic(&monotonic).await.program;
        let (clock, randomness) = (program.clock.clone(), program.randomness.clone());
        let sending = Sending::new(SendingDependencies {
            database: database.unwrap_or_else(|| program.database.clone()),
            is_alone,
            vault: program.vault.clone(),
            mail: program.mail.clone(),
            uploads: program.uploads.clone(),
            activity: Activity::new(clock.clone(), randomness.clone()),
            clock,
            monotonic: monotonic.clone(),
            randomness,
            stops,
        });
        Self { sending, monotonic, program }
    }

    /// As after a kill: its connections to the database are closed, and its slots of the mailbox have expired.
    pub async fn vanish(&self) {
        self.program.mail.close().await;
        self.program.database.close().await.expect("closed");
    }

    pub async fn look(&self) -> usize {
        self.sending.look().await.expect("a look")
    }
}

/// A mailbox, an application, and a process that sends.
pub struct Office {
    pub scene: Scene,
    pub account: AccountId,
    pub client: KeyedClient,
    pub outbox: Outbox,
    /// The clock of the mailbox.
    clock: Arc<TestMonotonic>,
    pub sender: Sender,
}

/// The permissions with which a message is sent in each way.
pub const DRAFT: Scopes = Scopes {
    outlook: "User.Read Mail.ReadWrite Mail.Send",
    gmail: "openid https://www.googleapis.com/auth/gmail.modify",
};
pub const FINDABLE: Scopes = Scopes {
    outlook: "User.Read Mail.Read Mail.Send",
    gmail: "openid https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send",
};
pub const BLIND: Scopes =
    Scopes { outlook: "User.Read Mail.Send", gmail: "openid https://www.googleapis.com/auth/gmail.send" };

impl Office {
    /// With a mailbox that has granted these permissions.
    pub async fn new(site: impl Into<Site>, scopes: Scopes) -> Self {
        let scene = Scene::new(site).await;
        let account = scene.connect("grace").await;
        scene.grant(scopes).await;
        scene.world.provider.answer_refreshes(rotate);
        let client = scene.world.add_api_client("ada@contoso.test", &everything("Sender")).await;
        let clock = TestMonotonic::new();
        let outbox = Outbox::of(scene.site.company, &clock);
        let answering = outbox.clone();
        scene.world.mail.answer(move |seen| answering.answer(seen));
        let sender = Sender::new(&scene.world, Arc::new(NoStops), false).await;
        Self { scene, account, client, outbox, clock, sender }
    }

    /// Another process, on its own connections to the database.
    pub async fn another(&self, stops: SharedStopPoints) -> Sender {
        Sender::new(&self.scene.world, stops, false).await
    }

    pub fn caller(&self) -> Caller {
        Caller::of_client(self.scene.organisation, self.client.id, Reach::All, None, None)
    }

    /// Begins to send at a process, as a call does.
    pub fn begin(
        &self,
        sender: &Sender,
        key: Option<&str>,
        request: SendRequest,
    ) -> JoinHandle<Result<Sent, SendFailure>> {
        let (sending, caller, account) = (sender.sending.clone(), self.caller(), self.account);
        let key = key.map(|key| Key::parse(key).expect("a key"));
        tokio::spawn(async move { sending.send(&caller, account, CALL, key, request).await })
    }

    /// Lets time pass at the mailbox and at these processes, which look for work.
    pub async fn pass(&self, senders: &[&Sender], seconds: f64) {
        self.clock.advance(seconds);
        for sender in senders {
            sender.monotonic.advance(seconds);
            sender.look().await;
        }
        // The work takes a while, and must not seem to take a minute.
        tokio::time::sleep(Duration::from_secs_f64((seconds * 0.012).clamp(0.003, 0.1))).await;
    }

    /// Lets time pass until a call has its answer.
    pub async fn finish<T>(&self, senders: &[&Sender], call: JoinHandle<T>) -> T {
        // What needs no time comes first.
        for _ in 0..20 {
            if call.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        while !call.is_finished() {
            self.pass(senders, STEP).await;
        }
        call.await.expect("no panic")
    }

    /// Sends at the process, and repeats the call until it has an outcome.
    pub async fn send(&self, key: Option<&str>, request: SendRequest) -> Result<Sent, SendFailure> {
        self.send_at(&self.sender.clone(), key, request).await
    }

    pub async fn send_at(
        &self,
        sender: &Sender,
        key: Option<&str>,
        request: SendRequest,
    ) -> Result<Sent, SendFailure> {
        for _ in 0..40 {
            let call = self.begin(sender, key, request.clone());
            match self.finish(&[sender], call).await {
                Err(SendFailure::InProgress | SendFailure::UnderWay { .. }) => {}
                outcome => return outcome,
            }
        }
        unreachable!("the send has no outcome");
    }

    /// Sends at a process that is killed at this point.
    pub async fn kill_at(&self, point: StopPoint, key: Option<&str>, request: SendRequest) {
        let stops = StopAt::new(point);
        let killed = self.another(stops.clone()).await;
        let call = self.begin(&killed, key, request);
        // Its clock stays behind from here on, so its lease is not renewed.
        until(|| stops.is_reached() || call.is_finished()).await;
        assert!(stops.is_reached(), "the send has not come to {point:?}");
        call.abort();
        killed.vanish().await;
    }

    /// A value of the only record.
    pub async fn of_send<T: sea_orm::TryGetable>(&self, column: &str) -> T {
        self.scene.world.raw.one(&format!("SELECT {column} FROM sends")).await
    }

    /// Waits until this number of records have ended.
    pub async fn wait_for_ended(&self, senders: &[&Sender], number: i64) {
        let ended = "SELECT COUNT(*) FROM sends WHERE ended_at IS NOT NULL";
        for _ in 0..2_000 {
            if self.scene.world.raw.one::<i64>(ended).await >= number {
                return;
            }
            self.pass(senders, STEP).await;
        }
        unreachable!("the records have not ended");
    }
}

/// A message with this subject.
pub fn message(subject: &str) -> SendRequest {
    let to = Address { name: None, email: "to@contoso.test".to_owned() };
    SendRequest {
        message: Outgoing {
            to: vec![to.clone(), Address { email: "two@contoso.test".to_owned(), ..to }],
            subject: Some(subject.to_owned()),
            content: Some(Content { text: "canary-content".to_owned(), is_html: false }),
            ..Outgoing::default()
        },
        files: Vec::new(),
        shown: Shown {
            from: String::new(),
            to: "to@contoso.test,two@contoso.test".to_owned(),
            subject: subject.to_owned(),
        },
    }
}
