//! Kills in the middle of a refresh, at each of its points, and other processes that take over; a database that is away
//! when the answer comes.

use std::{sync::Arc, time::Duration as Elapsed};

use mail360::accounts::{
    model::{AccountState, StateReason},
    service::grants::{NoStops, NoToken, StopPoint},
};
use rstest::rstest;
use tokio::sync::Notify;

use crate::support::{
    Canned, Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshed,
    refreshing::{Process, Scene, StopAt, refused, strict, text},
    rotate,
};

/// An account whose refresh was killed at a point. The process that is killed has its requests answered.
async fn killed_at(
    site: impl Into<Site>,
    point: StopPoint,
    is_strict: bool,
) -> (Scene, mail360::accounts::service::AccountId) {
    let scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    if is_strict {
        scene.world.provider.answer_refreshes(strict(scene.site.company));
    } else {
        scene.world.provider.answer_refreshes(rotate);
    }
    scene.make_due().await;
    let stops = StopAt::new(point);
    let mut killed = scene.stopped_at(&stops).await;
    assert_eq!(killed.look().await, 1);
    stops.wait_for(1).await;
    // Its task never continues.
    (scene, account)
}

#[rstest]
#[case::claimed(StopPoint::Claimed, 0)]
#[case::sent(StopPoint::Sent, 1)]
#[case::answered(StopPoint::Answered, 1)]
#[tokio::test]
async fn o16_after_a_kill_the_next_owner_tries_the_old_token_once_and_where_it_still_works_nothing_is_lost(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] point: StopPoint,
    #[case] requests: usize,
) {
    let (mut scene, account) = killed_at(site, point, false).await;
    assert_eq!(scene.sent().len(), requests);
    assert!(scene.of_grant::<Option<i64>>("refresh_started_at").await.is_some());
    // However long the lease was there before: this process has to see it for thirty seconds itself.
    scene.process.monotonic.advance(100.0);
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(29.9);
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(0.1);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), vec!["grace"; requests + 1]);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
    assert!(scene.of_grant::<Option<i64>>("refresh_started_at").await.is_none());
}

/// Google does not rotate, so this is about Microsoft alone.
#[rstest]
#[case::claimed(StopPoint::Claimed, (AccountState::Connected, None))]
#[case::sent(StopPoint::Sent, (AccountState::NeedsSignIn, Some(StateReason::Interrupted)))]
#[case::answered(StopPoint::Answered, (AccountState::NeedsSignIn, Some(StateReason::Interrupted)))]
#[tokio::test]
async fn o16_at_a_provider_that_revokes_on_reuse_the_account_says_that_a_refresh_was_interrupted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] point: StopPoint,
    #[case] expected: (AccountState, Option<StateReason>),
) {
    let (mut scene, account) = killed_at(kind, point, true).await;
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await, expected);
    assert_eq!(scene.process.refresh_due().await, 0);
    assert!(scene.sent().len() <= 2, "{:?}", scene.sent());
    // Signing in again keeps the key, and the account is as good as new.
    assert_eq!(scene.connect("grace").await, account);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
    assert_eq!(scene.token(account).await.expect("a token"), "grace");
}

#[rstest]
#[tokio::test]
async fn o16_a_kill_after_the_commit_loses_nothing(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let (mut scene, account) = killed_at(site, StopPoint::Committed, true).await;
    assert_eq!(scene.process.look().await, 0);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["grace".to_owned(), scene.refresh_token("grace", 1)]);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
}

#[rstest]
#[tokio::test]
async fn a_killed_refresh_of_a_caller_is_taken_over_too(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.expire();
    scene.world.provider.answer_refreshes(rotate);
    let stops = StopAt::new(StopPoint::Answered);
    let killed = scene.stopped_at(&stops).await;
    let (grants, organisation) = (killed.grants.clone(), scene.organisation);
    let caller = tokio::spawn(async move { grants.valid_access_token(organisation, account).await });
    stops.wait_for(1).await;
    caller.abort();
    // A caller in another process waits for the lease and is sent away, without a second request.
    let (grants, monotonic) = (scene.process.grants.clone(), scene.process.monotonic.clone());
    let waiting = tokio::spawn(async move { grants.valid_access_token(organisation, account).await });
    while !waiting.is_finished() {
        monotonic.advance(0.25);
        tokio::time::sleep(Elapsed::from_millis(2)).await;
    }
    let answer = waiting.await.expect("an end");
    assert!(matches!(answer, Err(NoToken::Busy { .. })), "{answer:?}");
    assert_eq!(scene.sent().len(), 1);
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    // It is not due before tomorrow, but it was interrupted.
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
}

#[rstest]
#[tokio::test]
async fn the_only_process_that_serves_from_a_file_takes_over_at_its_start(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let (scene, account) = killed_at(site, StopPoint::Claimed, false).await;
    let restarted = Process::another(&scene.world, Arc::new(NoStops)).await;
    let mut alone = mail360::accounts::service::grants::Refresher::new(restarted.grants.clone(), true);
    assert_eq!(alone.refresh_due().await.expect("a round"), 1);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
}

#[rstest]
#[tokio::test]
async fn o15_two_processes_refresh_each_of_fifty_accounts_once_despite_kills(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect_many(50).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(strict(site.company));
    // Five kills, each with four refreshes under way: one before its requests, the others after the answers.
    let mut repeated = 0;
    for kill in 0..5 {
        let point = if kill == 0 { StopPoint::Claimed } else { StopPoint::Answered };
        let stops = StopAt::new(point);
        let mut killed = scene.stopped_at(&stops).await;
        assert_eq!(killed.look().await, 4);
        stops.wait_for(4).await;
        repeated += if kill == 0 { 0 } else { 4 };
    }
    let mut other = Process::another(&scene.world, Arc::new(NoStops)).await;
    let (one, two) = tokio::join!(scene.process.refresh_due(), other.refresh_due());
    assert_eq!(one + two, 30);
    scene.process.monotonic.advance(30.0);
    other.monotonic.advance(30.0);
    let (one, two) = tokio::join!(scene.process.refresh_due(), other.refresh_due());
    assert_eq!(one + two, 20);
    // A refresh token that does not rotate is as good as before.
    let interrupted = if site.company.facts().rotates { repeated } else { 0 };
    assert_eq!(scene.count(AccountState::Connected).await, 50 - interrupted);
    let said = "SELECT COUNT(*) FROM accounts WHERE state = 'needs_sign_in' AND reason = '\"interrupted\"'";
    assert_eq!(scene.world.raw.one::<i64>(said).await, interrupted);
    assert_eq!(scene.sent().len(), 50 + usize::try_from(repeated).expect("a count"));
    assert_eq!(scene.process.refresh_due().await + other.refresh_due().await, 0);
}

#[rstest]
#[tokio::test]
async fn o15_a_living_process_keeps_its_lease_and_no_other_sends_a_second_request(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed("new"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(1).await;
    let mut other = Process::another(&scene.world, Arc::new(NoStops)).await;
    assert_eq!(other.look().await, 0);
    // The call ends after fifteen seconds, so twenty-nine are never reached.
    other.monotonic.advance(29.0);
    assert_eq!(other.look().await, 0);
    gate.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    other.monotonic.advance(29.0);
    assert_eq!(other.look().await, 0);
    let lent = other.grants.valid_access_token(scene.organisation, account).await;
    assert_eq!(text(&lent.expect("a token")), "new");
    assert_eq!(scene.sent(), ["grace"]);
}

#[rstest]
#[tokio::test]
async fn d4_an_answer_that_cannot_be_stored_is_kept_in_memory_until_it_is(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed("kept"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(1).await;
    scene.world.raw.run("ALTER TABLE grants RENAME TO away").await.expect("away");
    gate.notify_one();
    for _ in 0..60 {
        scene.process.monotonic.advance(0.5);
        tokio::time::sleep(Elapsed::from_millis(2)).await;
    }
    assert!(scene.process.is_refreshing().await, "the result was given up");
    scene.world.raw.run("ALTER TABLE away RENAME TO grants").await.expect("back");
    while scene.process.is_refreshing().await {
        scene.process.monotonic.advance(1.0);
        tokio::time::sleep(Elapsed::from_millis(2)).await;
    }
    assert_eq!(scene.token(account).await.expect("a token"), "kept");
    assert_eq!(scene.sent(), ["grace"]);
    assert_eq!(scene.process.refresh_due().await, 0);
}

#[rstest]
#[tokio::test]
async fn o15_after_an_outage_of_the_database_the_owner_of_a_lease_has_time_to_store_its_result(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(strict(site.company));
    let stops = StopAt::new(StopPoint::Answered);
    let mut owner = scene.stopped_at(&stops).await;
    assert_eq!(owner.look().await, 1);
    stops.wait_for(1).await;
    assert_eq!(scene.process.look().await, 0);
    // The database is away for thirty seconds, and this process notices it once.
    scene.world.raw.run("ALTER TABLE grants RENAME TO away").await.expect("away");
    scene.process.monotonic.advance(5.0);
    assert!(scene.process.refresher.look_once().await.is_err(), "the table is away");
    scene.process.monotonic.advance(25.0);
    scene.world.raw.run("ALTER TABLE away RENAME TO grants").await.expect("back");
    for _ in 0..6 {
        assert_eq!(scene.process.look().await, 0, "the owner may be about to store the new token");
        scene.process.monotonic.advance(4.9);
    }
    assert_eq!(scene.sent(), ["grace"]);
    // It is dead, and not only late.
    scene.process.monotonic.advance(1.0);
    assert_eq!(scene.process.refresh_due().await, 1);
    let interrupted = (AccountState::NeedsSignIn, Some(StateReason::Interrupted));
    let expected = if site.company.facts().rotates { interrupted } else { (AccountState::Connected, None) };
    assert_eq!(scene.state(account).await, expected);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_tells_a_later_refusal_from_a_revocation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    // A body that breaks off may have had the new token.
    scene.world.provider.answer_refresh(Canned::Text(200, r#"{"access_token":"ey"#.to_owned()));
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    scene.world.provider.answer_refresh(Canned::Json(503, serde_json::json!({})));
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    scene.world.provider.answer_refresh(refused("invalid_grant"));
    scene.world.clock.advance(time::Duration::hours(1));
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    let interrupted = (AccountState::NeedsSignIn, Some(StateReason::Interrupted));
    assert_eq!(scene.state(account).await, interrupted);
}

/// Google does not rotate, so this is about Microsoft alone.
#[rstest]
#[case::credentials("invalid_client", AccountState::WaitingForConnector)]
#[case::company("unauthorized_client", AccountState::WaitingForCompany)]
#[case::permissions("invalid_scope", AccountState::NeedsAttention)]
#[tokio::test]
async fn a_refusal_that_is_not_about_the_grant_does_not_hide_that_a_refresh_was_interrupted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] error: &str,
    #[case] state: AccountState,
) {
    let (mut scene, account) = killed_at(kind, StopPoint::Answered, true).await;
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    scene.world.provider.answer_refresh(refused(error));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await.0, state);
    // Each of them is tried again within an hour, and the provider has used up the old token.
    scene.world.clock.advance(time::Duration::hours(1));
    assert_eq!(scene.process.refresh_due().await, 1);
    let interrupted = (AccountState::NeedsSignIn, Some(StateReason::Interrupted));
    assert_eq!(scene.state(account).await, interrupted);
}
