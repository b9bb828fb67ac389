//! Calls that create something else than mail, and are done once under a key.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mail360::{
    mail::{
        sending::{Key, MAX_KEPT_RESULTS, Once, OnceWork, SendFailure},
        service::MailFailure,
    },
    providers::mailbox::{MailError, MailProblem},
};
use rstest::rstest;
use tokio::sync::Notify;

use crate::support::{
    Kind,
    cable::Cable,
    jobs::until,
    sending::{DRAFT, Office, Sender},
};

/// A call that is counted.
struct Counted {
    office: Office,
    done: Arc<AtomicUsize>,
}

impl Counted {
    async fn new(kind: Kind) -> Self {
        Self { office: Office::new(kind, DRAFT).await, done: Arc::default() }
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Calls with these values; the work gives its number, or this problem.
    async fn call(
        &self,
        sender: &Sender,
        key: Option<&str>,
        body: &str,
        problem: Option<MailProblem>,
    ) -> Result<Once<String>, SendFailure> {
        let done = self.done.clone();
        let work = async move {
            let number = done.fetch_add(1, Ordering::SeqCst) + 1;
            match problem {
                Some(problem) => Err(MailFailure::from(problem)),
                None => Ok(format!("contact-{number}")),
            }
        };
        let key = key.map(|key| Key::parse(key).expect("a key"));
        let work = OnceWork { check: std::future::ready(Ok(())), work };
        let (caller, account) = (self.office.caller(), self.office.account);
        sender.sending.once(&caller, account, "create_contact", key, &body, work).await
    }

    async fn try_call(&self, key: Option<&str>, body: &str) -> Result<Once<String>, SendFailure> {
        self.call(&self.office.sender, key, body, None).await
    }
}

#[rstest]
#[tokio::test]
async fn a_call_is_done_once_for_a_key_and_each_time_without(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let counted = Counted::new(kind).await;
    let first = counted.try_call(Some("k-1"), "ada").await.expect("done");
    assert_eq!(first, Once { value: "contact-1".to_owned(), is_replay: false });
    let again = counted.try_call(Some("k-1"), "ada").await.expect("done");
    assert_eq!(again, Once { value: "contact-1".to_owned(), is_replay: true });
    let reused = counted.try_call(Some("k-1"), "grace").await;
    assert!(matches!(reused, Err(SendFailure::KeyReused)), "{reused:?}");
    assert_eq!(counted.done(), 1);
    for number in [2, 3] {
        let without = counted.try_call(None, "ada").await.expect("done");
        assert_eq!(without, Once { value: format!("contact-{number}"), is_replay: false });
    }
    let dump = counted.office.scene.world.raw.dump(&[]).await.join("\n");
    assert!(!dump.contains("contact-1"), "the result is sealed");
}

#[rstest]
#[tokio::test]
async fn a_client_has_a_bounded_number_of_kept_results(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let counted = Counted::new(kind).await;
    counted.try_call(Some("k-1"), "ada").await.expect("done");
    let last = MAX_KEPT_RESULTS - 1;
    let (numbers, id, hash) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            ),
            "unhex(printf('%032x', n))",
            "unhex(printf('%064x', n))",
        ),
        Kind::Postgres => (
            format!("WITH numbers(n) AS (SELECT generate_series(1, {last}))"),
            "lpad(to_hex(n), 32, '0')::uuid",
            "decode(lpad(to_hex(n), 64, '0'), 'hex')",
        ),
    };
    let copies = format!(
        "INSERT INTO idempotency_keys (id, organisation_id, account_id, holder_id, identity_hash, result, created_at, \
         ended_at) {numbers} SELECT {id}, organisation_id, account_id, holder_id, {hash}, result, created_at, ended_at \
         FROM numbers, idempotency_keys"
    );
    counted.office.scene.world.raw.run(&copies).await.expect("copied");
    let full = counted.try_call(Some("k-2"), "grace").await;
    assert!(matches!(full, Err(SendFailure::TooManyKept { .. })), "{full:?}");
    assert!(counted.try_call(Some("k-1"), "ada").await.expect("done").is_replay, "a repeat needs no room");
    counted.try_call(None, "grace").await.expect("without a key nothing is kept");
    assert_eq!(counted.done(), 2);
}

#[rstest]
#[tokio::test]
async fn a_final_refusal_is_kept_and_one_that_may_pass_frees_the_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let counted = Counted::new(kind).await;
    let sender = &counted.office.sender;
    let problem = MailProblem::InvalidValue("emails has too many");
    for _ in 0..2 {
        match counted.call(sender, Some("k-1"), "ada", Some(problem.clone())).await {
            Err(SendFailure::Mail(MailFailure::Mail(MailError { problem: said, .. }))) => {
                assert_eq!(said, problem);
            }
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(counted.done(), 1);
    let passing = counted.call(sender, Some("k-2"), "ada", Some(MailProblem::NeedsSignIn)).await;
    assert!(matches!(passing, Err(SendFailure::Mail(_))), "{passing:?}");
    assert!(!counted.try_call(Some("k-2"), "ada").await.expect("done").is_replay);
}

#[rstest]
#[tokio::test]
async fn after_a_lost_answer_the_outcome_is_unknown_for_each_repeat(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let counted = Counted::new(kind).await;
    for _ in 0..2 {
        let lost = counted.call(&counted.office.sender, Some("k-1"), "ada", Some(MailProblem::Slow)).await;
        assert!(matches!(lost, Err(SendFailure::OutcomeUnknown { .. })), "{lost:?}");
    }
    assert_eq!(counted.done(), 1);
}

#[rstest]
#[tokio::test]
async fn a_repeat_waits_for_the_first_call_whose_caller_has_gone_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let counted = Counted::new(kind).await;
    let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let first = {
        let (sending, caller, account) =
            (counted.office.sender.sending.clone(), counted.office.caller(), counted.office.account);
        let (begun, gate) = (begun.clone(), gate.clone());
        tokio::spawn(async move {
            let work = async move {
                begun.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                Ok::<_, MailFailure>("contact-1".to_owned())
            };
            let key = Some(Key::parse("k-1").expect("a key"));
            let work = OnceWork { check: std::future::ready(Ok(())), work };
            sending.once(&caller, account, "create_contact", key, &"ada", work).await
        })
    };
    until(|| begun.load(Ordering::SeqCst) == 1).await;
    first.abort();
    let second = counted.try_call(Some("k-1"), "ada");
    let releasing = async {
        for _ in 0..10 {
            counted.office.sender.monotonic.advance(0.5);
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
        gate.notify_one();
        loop {
            counted.office.sender.monotonic.advance(0.5);
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
    };
    let second = tokio::select! {
        second = second => second.expect("done"),
        () = releasing => unreachable!("it never ends"),
    };
    assert_eq!(second, Once { value: "contact-1".to_owned(), is_replay: true });
    assert_eq!(counted.done(), 0, "the work of the repeat is not done");
}

#[rstest]
#[tokio::test]
async fn a_call_whose_process_was_killed_is_in_progress_for_two_minutes_and_then_unknown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let counted = Counted::new(kind).await;
    counted.try_call(Some("k-1"), "ada").await.expect("done");
    let raw = &counted.office.scene.world.raw;
    raw.run("UPDATE idempotency_keys SET ended_at = NULL").await.expect("as after a kill");
    let waiting = counted.try_call(Some("k-1"), "ada");
    let passing = async {
        loop {
            counted.office.sender.monotonic.advance(0.5);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::select! {
        waited = waiting => waited,
        () = passing => unreachable!("it never ends"),
    };
    assert!(matches!(waited, Err(SendFailure::InProgress)), "{waited:?}");
    for seconds in [121, -600] {
        counted.office.scene.world.clock.advance(time::Duration::seconds(seconds));
        let unknown = counted.try_call(Some("k-1"), "ada").await;
        assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{seconds}: {unknown:?}");
    }
    assert_eq!(counted.done(), 1);
}

#[tokio::test]
async fn a_call_whose_begin_was_stored_but_not_answered_can_be_repeated() {
    let counted = Counted::new(Kind::Postgres).await;
    let world = &counted.office.scene.world;
    let cable = Cable::new(&world.program.config.database).await;
    let sender = Sender::through(world, cable.database.clone()).await;
    cable.break_at_next_commit();
    let lost = counted.call(&sender, Some("k-1"), "ada", None).await;
    assert!(matches!(lost, Err(SendFailure::Mail(MailFailure::Failure(_)))), "{lost:?}");
    assert!(cable.is_broken());
    for _ in 0..1_000 {
        if world.raw.count("idempotency_keys").await == 0 {
            break;
        }
        sender.monotonic.advance(0.5);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(world.raw.count("idempotency_keys").await, 0, "nothing works at the call");
    let done = counted.call(&sender, Some("k-1"), "ada", None).await.expect("done");
    assert_eq!((done.is_replay, counted.done()), (false, 1));
}
