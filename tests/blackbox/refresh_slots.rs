//! How many refreshes run at once, and that a provider that hangs holds up neither other accounts nor the database.

use std::{sync::Arc, time::Duration as Elapsed};

use mail360::{
    accounts::service::{
        AccountId,
        grants::{DEMAND_SLOTS, LentToken, MAX_DEMAND_OF_CONNECTOR, MAX_OF_CONNECTOR, NoStops, NoToken},
    },
    platform::database::{Database, Limits},
};
use rstest::rstest;
use tokio::{sync::Notify, task::JoinSet};

use crate::support::{
    Canned, Kind, NewConnector,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshed,
    refreshing::{DIRECTORY, Process, Scene, text},
    rotate,
};

type Lent = Result<LentToken, NoToken>;

/// Callers of a process, one for each of these accounts.
fn ask_for_tokens(scene: &Scene, process: &Process, accounts: &[AccountId]) -> JoinSet<Lent> {
    let mut callers = JoinSet::new();
    for account in accounts {
        let (grants, organisation, account) = (process.grants.clone(), scene.organisation, *account);
        callers.spawn(async move { grants.valid_access_token(organisation, account).await });
    }
    callers
}

/// A provider that hangs for the mailboxes whose name begins so, until the gate opens.
fn hang(scene: &Scene, begin: &'static str) -> Arc<Notify> {
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    scene.world.provider.answer_refreshes(move |seen| {
        let token = seen.field("refresh_token").unwrap_or_default().trim_start_matches("canary-refresh-");
        if token.starts_with(begin) {
            Canned::After(held.clone(), Box::new(rotate(seen)))
        } else {
            rotate(seen)
        }
    });
    gate
}

#[rstest]
#[tokio::test]
async fn o17_eight_refreshes_for_callers_run_at_once_and_a_caller_who_waits_too_long_sends_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(MAX_DEMAND_OF_CONNECTOR + 2).await;
    scene.expire();
    let gate = hang(&scene, "m");
    let callers = ask_for_tokens(&scene, &scene.process, &accounts);
    scene.wait_for_requests(MAX_DEMAND_OF_CONNECTOR).await;
    // Background refreshes have places of their own.
    let background = scene.connect("background").await;
    scene.make_account_due(background).await;
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(MAX_DEMAND_OF_CONNECTOR + 1).await;
    scene.process.monotonic.advance(10.0);
    for answer in callers.join_all().await {
        assert!(matches!(answer, Err(NoToken::Busy { retry_after: 1.. })), "{answer:?}");
    }
    scene.world.provider.answer_refreshes(rotate);
    scene.process.let_end(&gate).await;
    assert_eq!(scene.sent().len(), MAX_DEMAND_OF_CONNECTOR + 1, "the others were not sent without a caller");
    for account in accounts {
        assert!(scene.token(account).await.expect("a token").ends_with('+'));
    }
    assert_eq!(scene.sent().len(), MAX_DEMAND_OF_CONNECTOR + 3, "each was refreshed once");
}

#[rstest]
#[tokio::test]
async fn d2_a_provider_that_hangs_for_one_connector_holds_up_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let new = NewConnector { name: "Other", ..NewConnector::default() };
    let path = scene.world.add_connector(&mut scene.ada, &new).await;
    let other = path.rsplit('/').next().expect("an id").parse().expect("an id");
    let hanging = scene.connect_many(20).await;
    let mut others = Vec::new();
    for number in 0..10 {
        let name = format!("other{number}");
        others.push(scene.connect_in(other, &name, DIRECTORY, &name).await);
    }
    scene.expire();
    scene.make_due().await;
    let gate = hang(&scene, "m");
    // The background and callers at the connector that hangs.
    assert!(scene.process.look().await > MAX_OF_CONNECTOR);
    let callers = ask_for_tokens(&scene, &scene.process, &hanging[14..]);
    // All of the other connector are refreshed, and its callers are served, although nothing of the first one ends.
    for _ in 0..200 {
        if scene.sent().iter().filter(|sent| sent.starts_with("other")).count() == others.len() {
            break;
        }
        scene.process.look().await;
        tokio::time::sleep(Elapsed::from_millis(5)).await;
    }
    for account in others {
        let lent = tokio::time::timeout(Elapsed::from_secs(5), scene.token(account)).await;
        assert!(lent.expect("in time").expect("a token").ends_with('+'));
    }
    // The session of the first browser has ended.
    let mut ada = scene.world.log_in("ada@contoso.test").await;
    for shown in ["/accounts", "/connectors", scene.connector.as_str(), path.as_str()] {
        let page = tokio::time::timeout(Elapsed::from_secs(5), ada.get(shown)).await;
        page.expect("in time").assert_status(200);
    }
    assert!(scene.process.is_refreshing().await);
    scene.world.provider.answer_refreshes(rotate);
    scene.process.let_end(&gate).await;
    drop(callers);
    scene.process.refresh_due().await;
    for account in hanging {
        assert!(scene.token(account).await.expect("a token").ends_with('+'));
    }
    assert_eq!(scene.sent().len(), 30, "each was refreshed once");
}

#[rstest]
#[tokio::test]
async fn d2_callers_at_a_connector_that_hangs_leave_places_for_callers_at_another(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let new = NewConnector { name: "Other", ..NewConnector::default() };
    let path = scene.world.add_connector(&mut scene.ada, &new).await;
    let other = path.rsplit('/').next().expect("an id").parse().expect("an id");
    let hanging = scene.connect_many(DEMAND_SLOTS + 2).await;
    let served = scene.connect_in(other, "other", DIRECTORY, "other").await;
    scene.expire();
    let gate = hang(&scene, "m");
    let callers = ask_for_tokens(&scene, &scene.process, &hanging);
    scene.wait_for_requests(MAX_DEMAND_OF_CONNECTOR).await;
    let lent = tokio::time::timeout(Elapsed::from_secs(5), scene.token(served)).await;
    assert!(lent.expect("in time").expect("a token").ends_with('+'));
    assert_eq!(scene.sent().len(), MAX_DEMAND_OF_CONNECTOR + 1);
    scene.world.provider.answer_refreshes(rotate);
    scene.process.let_end(&gate).await;
    for lent in callers.join_all().await {
        assert!(text(&lent.expect("a token")).ends_with('+'));
    }
    assert_eq!(scene.sent().len(), hanging.len() + 1, "each was refreshed once");
}

#[rstest]
#[tokio::test]
async fn d2_no_connection_to_the_database_is_held_while_the_provider_is_asked(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect_many(MAX_OF_CONNECTOR).await;
    scene.make_due().await;
    let asked = scene.connect("asked").await;
    let gate = hang(&scene, "m");
    let url = &scene.world.program.config.database;
    let database = Database::open_with(url, 1, Limits::Request).await.expect("a database");
    let (program, provider) = (&scene.world.program, scene.world.provider.clone());
    let mut process = Process::with_database(program, provider, Arc::new(NoStops), database);
    assert_eq!(process.look().await, MAX_OF_CONNECTOR);
    scene.wait_for_requests(MAX_OF_CONNECTOR).await;
    let lent = process.grants.valid_access_token(scene.organisation, asked);
    let lent = tokio::time::timeout(Elapsed::from_secs(5), lent).await.expect("in time");
    assert_eq!(text(&lent.expect("a token")), "asked");
    let refused = "canary-access-asked".to_owned().into();
    scene.world.clock.advance(time::Duration::minutes(5));
    let renewed = process.grants.report_refused_token(scene.organisation, asked, &refused);
    let renewed = tokio::time::timeout(Elapsed::from_secs(5), renewed).await.expect("in time");
    assert_eq!(text(&renewed.expect("a token").expect("a new token")), "asked+");
    process.let_end(&gate).await;
    assert_eq!(scene.process.refresh_due().await, 0);
}

#[rstest]
#[tokio::test]
async fn o15_twenty_callers_in_two_processes_share_one_refresh(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.expire();
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed("new"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    let other = Process::another(&scene.world, Arc::new(NoStops)).await;
    let callers = ask_for_tokens(&scene, &scene.process, &[account; 10]);
    let others = ask_for_tokens(&scene, &other, &[account; 10]);
    scene.wait_for_requests(1).await;
    tokio::time::sleep(Elapsed::from_millis(50)).await;
    gate.notify_one();
    // The callers of the other process look again four times a second.
    for _ in 0..200 {
        for process in [&scene.process, &other] {
            process.monotonic.advance(0.04);
        }
        tokio::time::sleep(Elapsed::from_millis(2)).await;
    }
    for lent in callers.join_all().await.into_iter().chain(others.join_all().await) {
        assert_eq!(text(&lent.expect("a token")), "new");
    }
    assert_eq!(scene.sent(), ["grace"]);
}
