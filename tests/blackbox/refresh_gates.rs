//! Refused credentials, companies that have removed the application, and throttled token endpoints: few requests, one
//! failing state, and recovery by itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use mail360::accounts::{
    model::{AccountState, StateReason},
    service::grants::{GATE_OPENING, MAX_OF_CONNECTOR, NoStops, NoToken},
};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned, Kind, NewConnector, SECRET, Seen,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    jobs::run_job,
    refreshed,
    refreshing::{DIRECTORY, Process, Scene, refused, replace_secret},
    rotate,
};

const NEW_SECRET: &str = "another~secret-1234567890";
const FAILING: &str = "failing: credentials_rejected";
const ELSEWHERE: &str = "5a1e0000-7e57-4000-8000-00000000beef";

/// A provider that accepts only the new secret.
fn accept_only_the_new_secret(seen: &Seen) -> Canned {
    if seen.field("client_secret") == Some(NEW_SECRET) { rotate(seen) } else { refused("invalid_client") }
}

#[rstest]
#[tokio::test]
async fn o17_a_wrong_secret_of_400_accounts_is_one_failing_connector_and_all_recover_with_a_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(400).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(accept_only_the_new_secret);
    scene.process.refresh_due().await;
    // Those that were begun together. The second refusal stops all others.
    let sent = scene.sent().len();
    assert_eq!(sent, MAX_OF_CONNECTOR);
    assert_eq!(scene.world.state(&scene.connector).await, FAILING);
    let failed_at = "SELECT failed_at FROM connectors";
    let failed: i64 = scene.world.raw.one(failed_at).await;
    let entries = "SELECT COUNT(*) FROM activity WHERE action = 'connector.refreshes_failed'";
    assert_eq!(scene.world.raw.one::<i64>(entries).await, 1);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 1);
    assert_eq!(scene.count(AccountState::WaitingForConnector).await, 400);
    let expected = (AccountState::WaitingForConnector, Some(StateReason::CredentialsRejected));
    assert_eq!(scene.state(accounts[399]).await, expected);
    // Callers get the stored token until it expires, and then no request is sent for them.
    assert_eq!(scene.token(accounts[0]).await.expect("a token"), "m0");
    // One probe every ten minutes, whichever process makes it. The connector fails once, and says it once.
    let mut other = Process::another(&scene.world, Arc::new(NoStops)).await;
    for minutes in 1..=50 {
        scene.world.clock.advance(Duration::minutes(1));
        let (one, two) = tokio::join!(scene.process.refresh_due(), other.refresh_due());
        assert_eq!(one + two, usize::from(minutes % 10 == 0), "after {minutes} minutes");
    }
    let sent = scene.sent().len();
    assert_eq!(sent, MAX_OF_CONNECTOR + 5);
    assert_eq!(scene.world.raw.one::<i64>(failed_at).await, failed);
    assert_eq!(scene.world.raw.one::<i64>(entries).await, 1);
    // The session of the first browser has ended.
    scene.ada = scene.world.log_in("ada@contoso.test").await;
    replace_secret(&mut scene, NEW_SECRET).await;
    assert_ne!(scene.world.state(&scene.connector).await, FAILING);
    // The change schedules the first 200, and a job the other ones.
    run_job(&scene.world, &GATE_OPENING).await;
    scene.process.refresh_due().await;
    assert_eq!(scene.count(AccountState::Connected).await, 400);
    assert_eq!(scene.sent().len(), sent + 400);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    assert_eq!(scene.process.refresh_due().await, 0);
}

#[rstest]
#[tokio::test]
async fn a_secret_that_works_again_is_found_by_a_probe_every_ten_minutes(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect_many(5).await;
    scene.make_due().await;
    let works = Arc::new(AtomicBool::new(false));
    let now = works.clone();
    scene.world.provider.answer_refreshes(move |seen| {
        if now.load(Ordering::SeqCst) { rotate(seen) } else { refused("invalid_client") }
    });
    scene.process.refresh_due().await;
    let sent = scene.sent().len();
    for probes in 1..=3 {
        scene.world.clock.advance(Duration::minutes(10));
        assert_eq!(scene.process.refresh_due().await, 1);
        assert_eq!(scene.sent().len(), sent + probes);
        assert_eq!(scene.world.state(&scene.connector).await, FAILING);
    }
    works.store(true, Ordering::SeqCst);
    scene.world.clock.advance(Duration::minutes(10));
    assert_eq!(scene.process.refresh_due().await, 5);
    assert_eq!(scene.count(AccountState::Connected).await, 5);
    assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_refused_grant_in_answer_to_a_probe_proves_that_the_credentials_are_good(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect_many(5).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.process.refresh_due().await;
    scene.world.provider.answer_refresh(refused("invalid_grant"));
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::minutes(10));
    assert_eq!(scene.process.refresh_due().await, 5);
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 1);
    assert_eq!(scene.count(AccountState::Connected).await, 4);
}

#[rstest]
#[tokio::test]
async fn one_account_alone_does_not_make_a_connector_fail(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, AccountState::WaitingForConnector);
    assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
    for probes in 1..=3 {
        scene.world.clock.advance(Duration::minutes(10));
        assert_eq!(scene.process.refresh_due().await, 1, "probe {probes}");
        assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
    }
    scene.expire();
    let answer = scene.token(account).await;
    assert!(matches!(answer, Err(NoToken::State(AccountState::WaitingForConnector))), "{answer:?}");
    // A second account that is refused confirms it.
    scene.world.provider.answer_refreshes(rotate);
    let second = scene.connect("second").await;
    assert_eq!(scene.process.refresh_due().await, 1, "a sign-in proves that the credentials are good");
    assert_eq!(scene.state(account).await.0, AccountState::Connected);
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.make_due().await;
    scene.process.refresh_due().await;
    assert_eq!(scene.world.state(&scene.connector).await, FAILING);
    assert_eq!(scene.state(second).await.0, AccountState::WaitingForConnector);
}

#[rstest]
#[case::refused(refused("invalid_client"), FAILING)]
#[case::accepted(Canned::Json(200, json!({ "access_token": "canary", "token_type": "Bearer" })), "not_verified")]
#[tokio::test]
async fn the_preflight_confirms_or_contradicts_a_suspicion(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] preflight: Canned,
    #[case] expected: &str,
) {
    let mut scene = Scene::new(kind).await;
    // Credentials of an application of one company can be tried without an account.
    let tenant =
        NewConnector { name: "One", account_type: "single_tenant", tenant: DIRECTORY, ..Default::default() };
    let path = scene.world.add_connector(&mut scene.ada, &tenant).await;
    scene.connector = path;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(refused("invalid_client"));
    scene.world.provider.answer_token(preflight);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, AccountState::WaitingForConnector);
    assert_eq!(scene.world.state(&scene.connector).await, expected);
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::minutes(10));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, AccountState::Connected);
    assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_company_that_has_removed_the_application_stops_its_own_accounts_only(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let id = scene.connector_id();
    let ours = scene.connect_many(20).await;
    let mut theirs = Vec::new();
    for number in 0..20 {
        let name = format!("t{number}");
        theirs.push(scene.connect_in(id, &name, ELSEWHERE, &name).await);
    }
    scene.make_due().await;
    let removed = Arc::new(AtomicBool::new(true));
    let (now, refusals) = (removed.clone(), Arc::new(AtomicUsize::new(0)));
    let count = refusals.clone();
    scene.world.provider.answer_refreshes(move |seen| {
        if seen.url.contains(ELSEWHERE) && now.load(Ordering::SeqCst) {
            count.fetch_add(1, Ordering::SeqCst);
            return refused("unauthorized_client");
        }
        rotate(seen)
    });
    scene.process.refresh_due().await;
    let sent = refusals.load(Ordering::SeqCst);
    assert!((1..=4).contains(&sent), "{sent} requests");
    assert_eq!(scene.count(AccountState::WaitingForCompany).await, 20);
    assert_eq!(scene.count(AccountState::Connected).await, 20);
    assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
    assert_eq!(scene.state(theirs[0]).await.1, Some(StateReason::CompanyRefused));
    assert_eq!(scene.state(ours[0]).await, (AccountState::Connected, None));
    for probes in 1..=3 {
        scene.world.clock.advance(Duration::hours(1));
        assert_eq!(scene.process.refresh_due().await, 1);
        assert_eq!(refusals.load(Ordering::SeqCst), sent + probes);
    }
    let answer = scene.token(theirs[1]).await;
    assert!(matches!(answer, Err(NoToken::State(AccountState::WaitingForCompany))), "{answer:?}");
    removed.store(false, Ordering::SeqCst);
    scene.world.clock.advance(Duration::hours(1));
    assert_eq!(scene.process.refresh_due().await, 20);
    assert_eq!(scene.count(AccountState::Connected).await, 40);
}

/// A provider that throttles every request until it is told to serve.
fn throttle(scene: &Scene, canned: Canned) -> Arc<AtomicBool> {
    let serves = Arc::new(AtomicBool::new(false));
    let now = serves.clone();
    scene
        .world
        .provider
        .answer_refreshes(move |seen| if now.load(Ordering::SeqCst) { rotate(seen) } else { canned.clone() });
    serves
}

#[rstest]
#[case::too_many(Canned::Headed(429, ("retry-after", "120"), json!({})), 120)]
#[case::unavailable(Canned::Headed(503, ("retry-after", "120"), json!({})), 120)]
#[case::for_a_day(Canned::Headed(429, ("retry-after", "86400"), json!({})), 3600)]
#[tokio::test]
async fn o17_a_throttled_connector_makes_no_storm_in_any_process(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] canned: Canned,
    #[case] seconds: i64,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(100).await;
    scene.make_due().await;
    let serves = throttle(&scene, canned);
    scene.process.refresh_due().await;
    let sent = scene.sent().len();
    assert!((1..=4).contains(&sent), "{sent} requests");
    let mut other = Process::another(&scene.world, Arc::new(NoStops)).await;
    assert_eq!(other.refresh_due().await, 0);
    // Neither is a request sent for callers, nor is an account blamed.
    let refused = scene.world.raw.id(accounts[7]);
    let expired = format!("UPDATE grants SET access_expires_at = 1 WHERE account_id = {refused}");
    scene.world.raw.run(&expired).await.expect("done");
    let answer = other.grants.valid_access_token(scene.organisation, accounts[7]).await;
    let Err(NoToken::Busy { retry_after }) = answer else { unreachable!("{answer:?}") };
    assert!(i64::from(retry_after) <= seconds, "{retry_after}");
    assert_eq!(scene.count(AccountState::Connected).await, 100);
    scene.world.clock.advance(Duration::seconds(seconds - 1));
    assert_eq!(scene.process.refresh_due().await + other.refresh_due().await, 0);
    serves.store(true, Ordering::SeqCst);
    scene.world.clock.advance(Duration::seconds(1));
    let first = scene.process.refresh_due().await;
    // Those that were refused wait for their own time.
    assert!((96..=100).contains(&first), "{first}");
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    scene.world.clock.advance(Duration::hours(1));
    scene.process.refresh_due().await;
    assert_eq!(scene.sent().len(), sent + 100);
}

#[rstest]
#[tokio::test]
async fn a_provider_that_names_no_time_is_asked_less_and_less_often(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(20).await;
    scene.make_due().await;
    throttle(&scene, Canned::Json(429, json!({})));
    for _ in 0..(24 * 12) {
        scene.process.refresh_due().await;
        scene.world.clock.advance(Duration::minutes(5));
    }
    // Four at once, at most hourly in the end.
    let sent = scene.sent().len();
    assert!((20..=200).contains(&sent), "{sent} requests in a day");
    assert!(scene.count(AccountState::Retrying).await > 0);
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 0);
    scene.world.provider.answer_refreshes(rotate);
    for _ in 0..3 {
        scene.world.clock.advance(Duration::hours(1));
        scene.process.refresh_due().await;
    }
    assert_eq!(scene.count(AccountState::Connected).await, 20);
    assert_eq!(scene.state(accounts[0]).await, (AccountState::Connected, None));
}

#[rstest]
#[tokio::test]
async fn a_throttle_that_a_wrong_clock_wrote_does_not_last(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(Canned::Headed(429, ("retry-after", "120"), json!({})));
    scene.process.refresh_due().await;
    scene.world.clock.advance(Duration::days(-1));
    scene.world.provider.answer_refreshes(|_| Canned::Json(200, refreshed("new")));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_secret_that_cannot_be_opened_is_sent_nowhere_and_its_accounts_wait_for_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let broken = "UPDATE connectors SET client_secret_version = client_secret_version + 1";
    scene.world.raw.run(broken).await.expect("done");
    scene.make_due().await;
    scene.world.provider.answer_refreshes(accept_only_the_new_secret);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, AccountState::WaitingForConnector);
    assert!(scene.world.provider.refreshes().is_empty(), "{SECRET} was sent");
    replace_secret(&mut scene, NEW_SECRET).await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, AccountState::Connected);
}

#[rstest]
#[tokio::test]
async fn a_connector_that_is_being_deleted_refreshes_nothing(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    scene.make_due().await;
    scene.world.raw.run("UPDATE connectors SET deleted_at = 1").await.expect("done");
    assert_eq!(scene.process.refresh_due().await, 0);
    assert!(matches!(scene.token(account).await, Err(NoToken::NotFound)));
    assert!(scene.sent().is_empty());
}
