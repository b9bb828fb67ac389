//! Changes of a connector with many accounts: each transaction changes some of them, a job goes on after it was
//! interrupted, and no request is sent with a grant that has ended before the job has come to it.

use mail360::accounts::{
    model::{AccountState, HistoryKind, StateReason},
    service::{
        AccountId,
        grants::{APPLICATION_CHANGE, GATE_OPENING, NoToken},
    },
};
use rstest::rstest;
use time::Duration;

use crate::{
    connector_deletion::{edit_form, send},
    support::{
        Kind,
        copies::{copy_account, go_on, stop_at},
        held::Held,
        jobs::run_job,
        refreshing::{DIRECTORY, Scene, refused, replace_secret},
        rotate,
    },
};

/// Number of copies of an account.
const COPIES: i64 = 1_000;
/// The directory of the copies. A job comes to them before it comes to the other accounts.
const FIRST_DIRECTORY: &str = "00000000-7e57-4000-8000-000000000000";
const CHANGED: (AccountState, Option<StateReason>) =
    (AccountState::NeedsSignIn, Some(StateReason::ApplicationChanged));
const SCHEDULED: &str = "grants WHERE next_refresh_at IS NOT NULL";

/// The state of an account as its row has it.
async fn stored_state(scene: &Scene, account: AccountId) -> String {
    let account = scene.world.raw.id(account);
    scene.world.raw.one(&format!("SELECT state FROM accounts WHERE id = {account}")).await
}

async fn assert_refuses(scene: &Scene, account: AccountId) {
    let answer = scene.token(account).await;
    assert!(matches!(answer, Err(NoToken::State(AccountState::NeedsSignIn))), "{answer:?}");
}

#[rstest]
#[tokio::test]
async fn another_application_of_many_accounts_is_saved_at_once_and_an_interrupted_job_ends_their_grants(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let (grace, heidi, ivan) =
        (scene.connect("grace").await, scene.connect("heidi").await, scene.connect("ivan").await);
    copy_account(&scene, kind, grace, FIRST_DIRECTORY, COPIES).await;
    let fields = edit_form(&mut scene).await;
    assert_eq!(send(&mut scene, &fields, "Mail archive").await, scene.connector);
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 200, "one transaction ends 200");
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'application_change'").await, 1);

    // The job has not come to these accounts.
    for account in [grace, heidi, ivan] {
        assert_eq!(stored_state(&scene, account).await, "connected");
        assert_refuses(&scene, account).await;
        assert_eq!(scene.state(account).await, CHANGED);
        let page = scene.ada.get(&format!("/accounts/{account}")).await;
        page.assert_says("Needs sign-in").assert_says("The application changed");
    }
    scene.make_account_due(heidi).await;
    scene.process.refresh_due().await;
    assert_eq!(stored_state(&scene, heidi).await, "needs_sign_in");
    assert_eq!(scene.connect("ivan").await, ivan);
    assert_eq!(scene.token(ivan).await.expect("a token"), "ivan");

    let last_of_700 = "SELECT a.email_key FROM accounts a JOIN grants g ON g.account_id = a.id \
                       ORDER BY g.directory, g.account_id LIMIT 1 OFFSET 699";
    let email: String = scene.world.raw.one(last_of_700).await;
    stop_at(&scene.world, kind, "UPDATE", "accounts", &format!("email_key = '{email}'")).await;
    run_job(&scene.world, &APPLICATION_CHANGE).await;
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 600 + 1, "each transaction ends 200");
    assert_refuses(&scene, grace).await;

    go_on(&scene.world, kind, "accounts").await;
    scene.world.clock.advance(Duration::seconds(11));
    run_job(&scene.world.another_process(&[]).await, &APPLICATION_CHANGE).await;
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, COPIES + 2);
    let with_reason = r#"accounts WHERE reason = '"application_changed"'"#;
    assert_eq!(scene.world.raw.count(with_reason).await, COPIES + 2);
    let changed = HistoryKind::StateChanged.name();
    let entries = format!("account_events WHERE kind = '{changed}' AND detail LIKE '%application_changed%'");
    assert_eq!(scene.world.raw.count(&entries).await, COPIES + 2, "one entry for each account");
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'application_change'").await, 0, "the job is done");

    // A sign-in since the change counts.
    assert_eq!(scene.state(ivan).await, (AccountState::Connected, None));
    assert_eq!(scene.token(ivan).await.expect("a token"), "ivan");
    assert_eq!(scene.world.raw.count(SCHEDULED).await, 1);
    assert_eq!(scene.world.raw.count("grants WHERE access_token IS NOT NULL").await, 1);
    assert!(scene.sent().is_empty());
}

#[rstest]
#[tokio::test]
async fn tokens_that_come_after_another_application_are_not_stored_although_the_job_has_not_come(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut held = Held::succeeding(kind).await;
    let account = held.account;
    copy_account(&held.scene, kind, account, FIRST_DIRECTORY, 250).await;
    let fields = edit_form(&mut held.scene).await;
    assert_eq!(send(&mut held.scene, &fields, "Mail archive").await, held.scene.connector);
    held.answer().await;
    let scene = &mut held.scene;
    let id = scene.world.raw.id(account);
    let version = format!("SELECT token_version FROM grants WHERE account_id = {id}");
    assert_eq!(scene.world.raw.one::<i64>(&version).await, 1);
    assert_refuses(scene, account).await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(stored_state(scene, account).await, "needs_sign_in");
    let admin = scene.world.admin().await;
    let again = scene.process.grants.try_again(&admin, account).await;
    assert_eq!(again.expect("a state"), AccountState::NeedsSignIn);
    assert_eq!(scene.sent().len(), 1, "only the request before the change");
    run_job(&scene.world, &APPLICATION_CHANGE).await;
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 251);
}

/// What opens a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    NewSecret,
    TriedAgain,
    CompanyTriedAgain,
}

impl Opening {
    /// The refusal that closes the gate.
    fn refusal(self) -> &'static str {
        if self == Self::CompanyTriedAgain { "unauthorized_client" } else { "invalid_client" }
    }
}

#[rstest]
#[tokio::test]
async fn a_gate_opens_at_once_and_an_interrupted_job_schedules_the_accounts_that_waited(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Opening::NewSecret, Opening::TriedAgain, Opening::CompanyTriedAgain)] opening: Opening,
) {
    let mut scene = Scene::new(kind).await;
    let (grace, _) = (scene.connect("grace").await, scene.connect("heidi").await);
    scene.make_due().await;
    scene.world.provider.answer_refreshes(move |_| refused(opening.refusal()));
    scene.process.refresh_due().await;
    assert_eq!(scene.world.raw.count("refresh_gates").await, 1);
    assert_eq!(scene.world.raw.count(SCHEDULED).await, 0);
    let directory = if opening == Opening::CompanyTriedAgain { DIRECTORY } else { FIRST_DIRECTORY };
    copy_account(&scene, kind, grace, directory, COPIES).await;

    scene.world.provider.answer_refreshes(rotate);
    if opening == Opening::NewSecret {
        replace_secret(&mut scene, "another~secret-1234567890").await;
    } else {
        let admin = scene.world.admin().await;
        let after = scene.process.grants.try_again(&admin, grace).await;
        assert_eq!(after.expect("a state"), AccountState::Connected);
    }
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'gate_opening'").await, 1);
    let at_once = scene.world.raw.count(SCHEDULED).await;
    assert!((200..=201).contains(&at_once), "one transaction schedules {at_once}");

    let later = "SELECT account_id FROM grants WHERE next_refresh_at IS NULL \
                 ORDER BY directory, account_id LIMIT 1 OFFSET 700";
    let later: uuid::Uuid = scene.world.raw.one(later).await;
    let later = format!("account_id = {}", scene.world.raw.id(later));
    stop_at(&scene.world, kind, "UPDATE", "grants", &later).await;
    run_job(&scene.world, &GATE_OPENING).await;
    let so_far = scene.world.raw.count(SCHEDULED).await;
    assert!(so_far > at_once && so_far <= at_once + 700, "{so_far} after {at_once}");

    go_on(&scene.world, kind, "grants").await;
    scene.world.clock.advance(Duration::seconds(11));
    run_job(&scene.world.another_process(&[]).await, &GATE_OPENING).await;
    assert_eq!(scene.world.raw.count(SCHEDULED).await, COPIES + 2);
    assert_eq!(scene.world.raw.count("jobs WHERE kind = 'gate_opening'").await, 0, "the job is done");
}
