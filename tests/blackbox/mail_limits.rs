//! The limits of mailboxes over several processes on one PostgreSQL database.

mod units;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use http::{HeaderMap, Method, StatusCode};
use mail360::{
    accounts::service::AccountId,
    mail::limits::{LimitedHttp, MAX_STREAMS, MailLimits},
    platform::{
        database::Database,
        monotonic::{SharedMonotonic, SystemMonotonic},
    },
    providers::mailbox::{
        Limit, MailBody, MailError, MailHttp, MailProblem, MailRequest, MailResponse, MailboxLimits,
        empty_stream,
    },
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{
    Kind, Place, Raw,
    clock::{Seeded, TestClock, TestMonotonic},
    jobs::until,
};

const GRACE: AccountId = AccountId(Uuid::from_u128(7));
const ADA: AccountId = AccountId(Uuid::from_u128(8));

/// A provider that takes four requests at a time, and counts each.
const LIMITS: MailboxLimits = MailboxLimits { at_once: 4, window: Duration::from_mins(10), units: 10_000 };
const MAX_AT_ONCE: usize = 4;

/// A provider that takes its time, and counts the requests that are under way.
#[derive(Default)]
struct Counting {
    under_way: AtomicUsize,
    most: AtomicUsize,
    answered: AtomicUsize,
    /// How long a request takes; `None` for ever.
    time: Option<Duration>,
}

/// A request under way. It ends when it is dropped, as a connection would.
struct UnderWay<'a>(&'a Counting);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl MailHttp for Counting {
    async fn send(&self, _: MailRequest) -> Result<MailResponse, MailError> {
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(under_way, Ordering::SeqCst);
        let _under_way = UnderWay(self);
        match self.time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(MailResponse { status: StatusCode::OK, headers: HeaderMap::new(), body: empty_stream() })
    }
}

struct Process {
    limits: MailLimits,
}

impl Process {
    async fn new(place: &Place, seed: u64, monotonic: SharedMonotonic) -> Self {
        let database = Database::open(&place.address()).await.expect("a database");
        let limits = MailLimits::new(Some(database), monotonic, &TestClock::new(), &Seeded::new(seed));
        Self { limits }
    }

    fn client(&self, http: &Arc<Counting>) -> LimitedHttp {
        self.client_of(LIMITS, http)
    }

    /// A client of a mailbox whose provider has these limits.
    fn client_of(&self, mailbox: MailboxLimits, http: &Arc<Counting>) -> LimitedHttp {
        self.limits.http(GRACE, mailbox, http.clone(), Duration::from_secs(20))
    }

    /// Sends requests, each in a task, and reads their bodies.
    fn send(
        &self,
        http: &Arc<Counting>,
        requests: usize,
        is_download: bool,
    ) -> JoinSet<Result<(), MailError>> {
        let mut tasks = JoinSet::new();
        for _ in 0..requests {
            let client = self.client(http);
            tasks.spawn(async move {
                let mut body = client.send(request(is_download)).await?.body;
                while body.next().await.is_some() {}
                Ok(())
            });
        }
        tasks
    }
}

fn request(is_download: bool) -> MailRequest {
    MailRequest {
        method: Method::GET,
        url: "https://mail.example/".to_owned(),
        headers: HeaderMap::new(),
        body: MailBody::Empty,
        weight: 1,
        units: 1,
        is_download,
    }
}

async fn three_processes(place: &Place) -> Vec<Process> {
    let mut processes = Vec::new();
    for seed in 1..=3 {
        processes.push(Process::new(place, seed, Arc::new(SystemMonotonic)).await);
    }
    processes
}

#[tokio::test]
async fn fifty_programs_on_one_mailbox_have_four_requests_under_way_over_three_processes() {
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting { time: Some(Duration::from_millis(20)), ..Counting::default() });
    let processes = three_processes(&place).await;
    let mut tasks: Vec<_> = processes
        .iter()
        .zip([17, 17, 16])
        .map(|(process, count)| process.send(&http, count, false))
        .collect();
    for tasks in &mut tasks {
        while let Some(answer) = tasks.join_next().await {
            answer.expect("a task").expect("an answer in time");
        }
    }
    assert_eq!(http.answered.load(Ordering::SeqCst), 50);
    assert!(http.most.load(Ordering::SeqCst) <= MAX_AT_ONCE, "{}", http.most.load(Ordering::SeqCst));
    // What is not used is given back, so the table does not grow.
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    for _ in 0..100 {
        if raw.count("provider_slots").await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("slots are still taken");
}

#[tokio::test]
async fn two_streams_of_a_mailbox_are_under_way_over_three_processes_and_a_call_passes_them() {
    let place = Place::migrated(Kind::Postgres).await;
    let slow = Arc::new(Counting::default());
    let processes = three_processes(&place).await;
    let _streams: Vec<_> = processes.iter().map(|process| process.send(&slow, 2, true)).collect();
    until(|| slow.under_way.load(Ordering::SeqCst) == MAX_STREAMS).await;
    let quick = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let began = tokio::time::Instant::now();
    for process in &processes {
        process.client(&quick).send(request(false)).await.expect("an answer");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(slow.most.load(Ordering::SeqCst), MAX_STREAMS);
}

#[tokio::test]
async fn the_slots_of_a_killed_process_are_free_when_their_lease_ends() {
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting::default());
    // A process whose clock does not move renews nothing, like one that was killed.
    let clock = TestMonotonic::new();
    let killed = Process::new(&place, 1, clock.clone()).await;
    let mut held = killed.send(&http, MAX_AT_ONCE, false);
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;

    let quick = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let other = Process::new(&place, 2, Arc::new(SystemMonotonic)).await;
    let mut waiting = other.send(&quick, 1, false);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(quick.answered.load(Ordering::SeqCst), 0, "the lease holds");
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    let leases: Vec<i64> = raw
        .column(
            "SELECT until - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM provider_slots",
        )
        .await;
    assert!(leases.iter().all(|left| *left <= 15_000_000), "{leases:?}");
    raw.run("UPDATE provider_slots SET until = until - 15000000").await.expect("changed");
    waiting.join_next().await.expect("a task").expect("a task").expect("an answer");

    // It was only stopped. When it goes on, it ends the request whose slot another process has taken.
    clock.advance(6.0);
    let ended = held.join_next().await.expect("a task").expect("a task").expect_err("lost");
    assert_eq!(ended.problem, MailProblem::Unavailable);
}

/// The process that has the slots of a mailbox.
const OWNER: &str = "SELECT DISTINCT owner::text FROM provider_slots";

#[tokio::test]
async fn a_slot_that_could_not_be_given_back_is_free_for_its_process_and_is_not_renewed() {
    let place = Place::migrated(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    // A sequence counts also what is rolled back.
    for sql in [
        "CREATE SEQUENCE refusals",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM nextval('refusals'); RAISE EXCEPTION 'refused'; END $$",
        "CREATE TRIGGER refuse BEFORE DELETE ON provider_slots FOR EACH ROW EXECUTE FUNCTION refuse()",
    ] {
        raw.run(sql).await.expect("done");
    }
    let clock = TestMonotonic::new();
    let process = Process::new(&place, 1, clock.clone()).await;
    let quick = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    process.client(&quick).send(request(false)).await.expect("an answer");
    // Another mailbox keeps the process renewing.
    let slow = Arc::new(Counting::default());
    let other = process.limits.http(ADA, LIMITS, slow.clone(), Duration::from_secs(20));
    let _held = tokio::spawn(async move { other.send(request(false)).await.map(|answer| answer.status) });
    until(|| slow.under_way.load(Ordering::SeqCst) == 1).await;
    let refusals = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM refusals";
    while raw.one::<i64>(refusals).await == 0 {
        clock.advance(0.25);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    raw.run("DROP TRIGGER refuse ON provider_slots").await.expect("dropped");
    let lease =
        |account: AccountId| format!("SELECT until FROM provider_slots WHERE account_id = '{account}'");
    let (orphan, renewed) = (raw.one::<i64>(&lease(GRACE)).await, raw.one::<i64>(&lease(ADA)).await);
    while raw.one::<i64>(&lease(ADA)).await == renewed {
        clock.advance(0.25);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(raw.one::<i64>(&lease(GRACE)).await, orphan, "it is not renewed");
    process.client(&quick).send(request(false)).await.expect("an answer");
    let slots = format!("SELECT slot FROM provider_slots WHERE account_id = '{GRACE}'");
    assert_eq!(raw.column::<i64>(&slots).await, [1], "the same slot is used again");
}

#[tokio::test]
async fn slots_whose_answer_was_lost_are_free_for_their_process() {
    let place = Place::migrated(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    let process = Process::new(&place, 1, TestMonotonic::new()).await;
    let http = Arc::new(Counting::default());
    let _first = process.send(&http, 1, false);
    until(|| http.under_way.load(Ordering::SeqCst) == 1).await;
    let owner = raw.one::<String>(OWNER).await;
    raw.run(&format!(
        "INSERT INTO provider_slots (account_id, slot, owner, until) SELECT account_id, number, '{owner}', until \
         FROM provider_slots, generate_series(2, 4) AS number"
    ))
    .await
    .expect("added");
    let _others = process.send(&http, MAX_AT_ONCE - 1, false);
    until(|| http.under_way.load(Ordering::SeqCst) == MAX_AT_ONCE).await;
    assert_eq!(raw.count("provider_slots").await, 4);
}

#[tokio::test]
async fn a_process_that_ends_gives_its_slots_back() {
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let process = Process::new(&place, 1, TestMonotonic::new()).await;
    process.client(&http).send(request(false)).await.expect("an answer");
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    assert_eq!(raw.count("provider_slots").await, 1);
    process.limits.close().await;
    assert_eq!(raw.count("provider_slots").await, 0);
}

#[tokio::test]
async fn a_request_that_cannot_be_counted_is_not_sent() {
    let place = Place::migrated(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    raw.run("ALTER TABLE provider_windows RENAME TO elsewhere").await.expect("renamed");
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let process = Process::new(&place, 1, Arc::new(SystemMonotonic)).await;
    let refused = process.client(&http).send(request(false)).await.err();
    assert_eq!(refused.map(|error| error.problem), Some(MailProblem::NotSent));
    assert_eq!(http.answered.load(Ordering::SeqCst), 0);
    raw.run("ALTER TABLE elsewhere RENAME TO provider_windows").await.expect("renamed");
    process.client(&http).send(request(false)).await.expect("an answer");
}

#[tokio::test]
async fn processes_share_the_requests_of_a_window() {
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let first = Process::new(&place, 1, Arc::new(SystemMonotonic)).await;
    first.client(&http).send(request(false)).await.expect("an answer");
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    assert_eq!(raw.one::<i64>("SELECT used FROM provider_windows").await, 500, "one block");
    raw.run("UPDATE provider_windows SET used = 9999").await.expect("changed");
    let second = Process::new(&place, 2, Arc::new(SystemMonotonic)).await;
    second.client(&http).send(request(false)).await.expect("the last one");
    let refused = second.client(&http).send(request(false)).await.err().expect("too many").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    // The first process still has its block.
    first.client(&http).send(request(false)).await.expect("an answer");
}

#[tokio::test]
async fn a_mailbox_that_has_had_its_maximum_causes_a_write_in_two_seconds() {
    let place = Place::migrated(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let clock = TestMonotonic::new();
    let process = Process::new(&place, 1, clock.clone()).await;
    let writes = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM writes";
    for sql in [
        "CREATE SEQUENCE writes",
        "CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM nextval('writes'); RETURN NEW; END $$",
        "CREATE TRIGGER count_write BEFORE UPDATE ON provider_windows FOR EACH ROW EXECUTE FUNCTION count_write()",
    ] {
        raw.run(sql).await.expect("done");
    }
    // The first block, for requests at the same time.
    let mut tasks = process.send(&http, 20, false);
    while let Some(answer) = tasks.join_next().await {
        answer.expect("a task").expect("an answer");
    }
    assert_eq!(raw.one::<i64>(writes).await, 1);
    for _ in 20..500 {
        process.client(&http).send(request(false)).await.expect("an answer");
    }
    assert_eq!(raw.one::<i64>(writes).await, 1);
    let now = "(extract(epoch FROM clock_timestamp())::bigint / 600)";
    raw.run("DROP TRIGGER count_write ON provider_windows").await.expect("dropped");
    // A window that lasts for the whole test.
    raw.run(&format!("UPDATE provider_windows SET number = {now}, used = 100000, used_before = 100000"))
        .await
        .expect("changed");
    raw.run(
        "CREATE TRIGGER count_write BEFORE UPDATE ON provider_windows FOR EACH ROW EXECUTE FUNCTION count_write()",
    )
    .await
    .expect("done");
    for expected in 2..4 {
        let mut tasks = process.send(&http, 20, false);
        for _ in 0..20 {
            let answer = tasks.join_next().await.expect("a task").expect("a task");
            let problem = answer.expect_err("too many").problem;
            assert!(matches!(problem, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{problem:?}");
        }
        assert_eq!(raw.one::<i64>(writes).await, expected);
        clock.advance(2.0);
    }
    assert_eq!(http.answered.load(Ordering::SeqCst), 500);
}

#[tokio::test]
async fn a_database_that_fails_refuses_the_requests_in_time() {
    let place = Place::migrated(Kind::Postgres).await;
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    raw.run("DROP TABLE provider_slots").await.expect("dropped");
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let process = Process::new(&place, 1, Arc::new(SystemMonotonic)).await;
    let client = process.limits.http(GRACE, LIMITS, http.clone(), Duration::from_millis(200));
    let refused = client.send(request(false)).await.err().expect("no slot").problem;
    assert!(matches!(refused, MailProblem::Throttled { limit: Limit::Mailbox, .. }), "{refused:?}");
    assert_eq!(http.answered.load(Ordering::SeqCst), 0);
}
