//! Results of refreshes that come after the grant, the account or the connector was changed: successes and failures,
//! whichever point the refresh had reached, and changes of many accounts at once.

use std::{sync::Arc, time::Duration as Elapsed};

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::{
            AccountId,
            grants::{NoStops, NoToken, StopPoint},
        },
    },
    connectors::service::ConnectorId,
    providers::http::HttpFailure,
};
use rstest::rstest;
use serde_json::json;

use crate::support::{
    Canned, Kind, Raw,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    held::HoldAt,
    refreshed,
    refreshing::{DIRECTORY, Process, Scene, refused, replace_secret},
    rotate,
};

/// The points at which the change comes: before the request, before its answer, and before its result is stored.
const POINTS: [StopPoint; 3] = [StopPoint::Claimed, StopPoint::Sent, StopPoint::Answered];

/// The answers that come late: a success and each kind of failure.
fn late_answers() -> Vec<Canned> {
    vec![
        Canned::Json(200, refreshed("late")),
        refused("invalid_grant"),
        refused("invalid_client"),
        refused("unauthorized_client"),
        refused("invalid_scope"),
        Canned::Headed(429, ("retry-after", "120"), json!({})),
        Canned::Json(500, json!({})),
        Canned::Text(200, "<html>".to_owned()),
        Canned::Failure(HttpFailure::TimedOut),
    ]
}

/// A change of the account that raises the generation of its grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    SignIn,
    Move,
    Disconnect,
    DisconnectAndSignIn,
    Delete,
    OtherApplication,
    OtherRefresh,
}

impl Change {
    async fn make(self, scene: &mut Scene, account: AccountId, name: &str, other: ConnectorId) {
        let admin = scene.world.admin().await;
        let accounts = scene.process.accounts();
        match self {
            Self::SignIn => {
                scene.connect_in(scene.connector_id(), name, DIRECTORY, &format!("{name}-again")).await;
            }
            Self::Move => {
                scene.connect_in(other, name, DIRECTORY, &format!("{name}-moved")).await;
            }
            Self::Disconnect => {
                assert!(accounts.disconnect(&admin, account).await.expect("done"));
            }
            Self::DisconnectAndSignIn => {
                assert!(accounts.disconnect(&admin, account).await.expect("done"));
                scene.connect_in(scene.connector_id(), name, DIRECTORY, &format!("{name}-again")).await;
            }
            Self::Delete => accounts.delete(&admin, account).await.expect("done"),
            Self::OtherApplication => scene.change_application().await,
            Self::OtherRefresh => {
                assert_eq!(scene.process.look().await, 0);
                scene.process.monotonic.advance(30.0);
                assert_eq!(scene.process.refresh_due().await, 1);
            }
        }
    }
}

async fn add_connector(scene: &mut Scene) -> ConnectorId {
    let path = scene.add_connector("Other").await;
    path.rsplit('/').next().expect("an id").parse().expect("an id")
}

/// A process whose refreshes are held at a point.
struct Holder {
    hold: Arc<HoldAt>,
    process: Process,
    /// Number of refreshes that it has begun.
    begun: usize,
}

impl Holder {
    async fn new(scene: &Scene, point: StopPoint) -> Self {
        let hold = HoldAt::new(point);
        let process = Process::another(&scene.world, hold.clone()).await;
        Self { hold, process, begun: 0 }
    }

    /// Begins a refresh of this account, whose answer will be `late`.
    async fn begin(&mut self, scene: &Scene, account: AccountId, late: &Canned) {
        let late = late.clone();
        scene.world.provider.answer_refreshes(move |_| late.clone());
        scene.make_account_due(account).await;
        assert_eq!(self.process.look().await, 1);
        self.begun += 1;
        self.hold.wait_for(self.begun).await;
    }

    /// Lets the refresh end.
    async fn end(&self) {
        self.hold.let_one_go_on();
        self.process.grants.wait_for_refreshes().await;
    }
}

#[rstest]
#[tokio::test]
async fn a_result_of_an_earlier_generation_changes_nothing_whatever_it_is(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(
        Change::SignIn,
        Change::Move,
        Change::Disconnect,
        Change::DisconnectAndSignIn,
        Change::Delete,
        Change::OtherApplication,
        Change::OtherRefresh
    )]
    change: Change,
) {
    let mut scene = Scene::new(site).await;
    let other = add_connector(&mut scene).await;
    // Where the change comes is the same for all providers. The last point is the one with an answer.
    let skipped = if site == GMAIL { POINTS.len() - 1 } else { 0 };
    for point in POINTS.into_iter().skip(skipped) {
        let mut holder = Holder::new(&scene, point).await;
        for (number, late) in late_answers().into_iter().enumerate() {
            let name = format!("m{number}-{point:?}").to_lowercase();
            let account = scene.connect(&name).await;
            holder.begin(&scene, account, &late).await;
            scene.world.provider.answer_refreshes(rotate);
            change.make(&mut scene, account, &name, other).await;
            let before = scene.world.raw.dump(&["sessions"]).await;
            scene.world.provider.answer_refreshes(move |_| late.clone());
            holder.end().await;
            let after = scene.world.raw.dump(&["sessions"]).await;
            assert_eq!(after, before, "answer {number} at {point:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_new_secret_keeps_late_tokens_and_late_refusals_are_not_about_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    for point in POINTS {
        let mut holder = Holder::new(&scene, point).await;
        for (number, late) in late_answers().into_iter().enumerate() {
            let name = format!("m{number}-{point:?}").to_lowercase();
            let account = scene.connect(&name).await;
            holder.begin(&scene, account, &late).await;
            replace_secret(&mut scene, &format!("another~secret-{name}")).await;
            holder.end().await;
            let context = format!("answer {number} at {point:?}");
            assert_eq!(scene.state(account).await, (AccountState::Connected, None), "{context}");
            assert_eq!(scene.account(account).await.failures, 0, "{context}");
            assert_eq!(scene.world.raw.count("refresh_gates").await, 0, "{context}");
            let admin = scene.world.admin().await;
            let history = scene.process.accounts().history(&admin, account).await.expect("a history");
            let failed = history.iter().any(|entry| entry.kind.name() == "refresh_failed");
            assert!(!failed, "{context}: {history:?}");
            scene.world.provider.answer_refreshes(rotate);
            if number == 0 {
                assert_eq!(scene.token(account).await.expect("a token"), "late", "{context}");
            } else {
                // It is tried again at once, with the new secret.
                assert_eq!(scene.process.refresh_due().await, 1, "{context}");
                assert_eq!(scene.token(account).await.expect("a token"), format!("{name}+"), "{context}");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_pause_outlasts_every_late_result_and_the_result_counts(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let scene = Scene::new(site).await;
    let admin = scene.world.admin().await;
    let mut holder = Holder::new(&scene, StopPoint::Answered).await;
    for (number, late) in late_answers().into_iter().enumerate() {
        let account = scene.connect(&format!("m{number}")).await;
        holder.begin(&scene, account, &late).await;
        assert!(scene.process.accounts().pause(&admin, account).await.expect("paused"));
        holder.end().await;
        let paused = scene.account(account).await;
        assert_eq!(paused.paused.and_then(|paused| paused.by), Some(admin.user()), "answer {number}");
        assert!(matches!(scene.token(account).await, Err(NoToken::Paused)), "answer {number}");
        let expected = match number {
            1 => (AccountState::NeedsSignIn, Some(StateReason::GrantRefused)),
            2 => (AccountState::WaitingForConnector, Some(StateReason::CredentialsRejected)),
            3 => (AccountState::WaitingForCompany, Some(StateReason::CompanyRefused)),
            4 => (AccountState::NeedsAttention, Some(StateReason::ScopesRefused)),
            _ => (AccountState::Connected, None),
        };
        assert_eq!((paused.state, paused.reason), expected, "answer {number}");
        // The gates that the answer may have closed must not stop the next account.
        scene.world.raw.run("DELETE FROM refresh_gates").await.expect("done");
    }
}

/// Disconnects an account in a transaction that stays open.
async fn disconnect_slowly(scene: &Scene, kind: Kind, account: AccountId) -> Raw {
    let other = Raw::open(kind, &scene.world.program.config.database).await;
    let account = scene.world.raw.id(account);
    let begin = if kind == Kind::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
    other.run(begin).await.expect("begun");
    let state = format!("UPDATE accounts SET state = 'disconnected' WHERE id = {account}");
    assert_eq!(other.run(&state).await, Ok(1));
    assert_eq!(other.run(&format!("DELETE FROM grants WHERE account_id = {account}")).await, Ok(1));
    other
}

/// Commits once the program waits for the transaction. On SQLite each transaction that writes waits for it.
async fn commit_when_awaited(scene: &Scene, kind: Kind, other: Raw) {
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..200 {
        tokio::time::sleep(Elapsed::from_millis(10)).await;
        if kind == Kind::Sqlite || scene.world.raw.one::<i64>(waiting).await > 0 {
            break;
        }
    }
    other.run("COMMIT").await.expect("committed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disconnected_while_a_gate_closes_stays_disconnected(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(4).await;
    scene.make_account_due(accounts[0]).await;
    scene.make_account_due(accounts[1]).await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    let mut process = Process::another(&scene.world, Arc::new(NoStops)).await;
    let other = disconnect_slowly(&scene, kind, accounts[3]).await;
    tokio::join!(process.refresh_due(), commit_when_awaited(&scene, kind, other));
    assert_eq!(scene.count(AccountState::WaitingForConnector).await, 3);
    assert_eq!(scene.state(accounts[3]).await.0, AccountState::Disconnected);
    replace_secret(&mut scene, "another~secret-1234567890").await;
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.process.refresh_due().await, 3);
    assert_eq!(scene.state(accounts[3]).await.0, AccountState::Disconnected);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disconnected_while_the_application_changes_stays_disconnected(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let accounts = scene.connect_many(3).await;
    let other = disconnect_slowly(&scene, kind, accounts[1]).await;
    tokio::join!(scene.change_application(), commit_when_awaited(&scene, kind, other));
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 2);
    assert_eq!(scene.state(accounts[1]).await.0, AccountState::Disconnected);
}
