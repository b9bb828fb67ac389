//! Processes that take over the refresh of a process that is late and not dead.

use std::sync::Arc;

use mail360::{
    accounts::{
        model::AccountState,
        service::grants::{NoStops, StopPoint},
    },
    providers::http::HttpFailure,
};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{
    Canned,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    held::HoldAt,
    refreshed,
    refreshing::{Process, Scene, refused},
    rotate,
};

#[rstest]
#[case::slow(Canned::Failure(HttpFailure::TimedOut))]
#[case::garbled(Canned::Text(200, "<html>".to_owned()))]
#[case::throttled(Canned::Headed(429, ("retry-after", "120"), json!({})))]
#[case::grant(refused("invalid_grant"))]
#[case::credentials(refused("invalid_client"))]
#[case::company(refused("unauthorized_client"))]
#[tokio::test]
async fn a_refusal_after_a_take_over_changes_nothing_and_the_tokens_of_the_new_owner_are_stored(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] late: Canned,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(late);
    let hold = HoldAt::new(StopPoint::Answered);
    let mut stalled = Process::another(&scene.world, hold.clone()).await;
    assert_eq!(stalled.look().await, 1);
    hold.wait_for(1).await;
    // Another process takes the lease, and its request is under way when the first one settles its refusal.
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    let gate = Arc::new(Notify::new());
    let fresh = Canned::Json(200, refreshed("fresh"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(fresh)));
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(2).await;
    let before = scene.world.raw.dump(&["sessions"]).await;
    hold.let_one_go_on();
    stalled.grants.wait_for_refreshes().await;
    assert_eq!(scene.world.raw.dump(&["sessions"]).await, before);
    gate.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    assert_eq!(scene.token(account).await.expect("a token"), "fresh");
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
    assert!(scene.of_grant::<Option<uuid::Uuid>>("lease_owner").await.is_none());
    assert!(scene.of_grant::<Option<i64>>("refresh_started_at").await.is_none());
}

/// Begins a refresh in this process, whose answer waits at the provider until the gate opens.
async fn begin_held(scene: &Scene, process: &mut Process, answer: &str) -> Arc<Notify> {
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed(answer));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    scene.make_due().await;
    let before = scene.sent().len();
    assert_eq!(process.look().await, 1);
    scene.wait_for_requests(before + 1).await;
    gate
}

#[rstest]
#[tokio::test]
async fn a_lease_of_a_grant_that_was_removed_says_nothing_about_the_next_grant_of_the_account(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    let mut owner = Process::another(&scene.world, Arc::new(NoStops)).await;
    let gate = begin_held(&scene, &mut owner, "first").await;
    // The other process remembers the lease of the first refresh.
    assert_eq!(scene.process.look().await, 0);
    gate.notify_one();
    owner.grants.wait_for_refreshes().await;
    let admin = scene.world.admin().await;
    assert!(scene.process.accounts().disconnect(&admin, account).await.expect("done"));
    assert_eq!(scene.connect("grace").await, account);
    scene.process.monotonic.advance(30.0);
    let gate = begin_held(&scene, &mut owner, "second").await;
    assert_eq!(scene.process.look().await, 0, "the owner is alive");
    assert_eq!(scene.sent(), ["grace", "grace"]);
    gate.notify_one();
    owner.grants.wait_for_refreshes().await;
    assert_eq!(scene.token(account).await.expect("a token"), "second");
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_after_its_claim_sends_nothing_and_ends_its_lease(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(rotate);
    let hold = HoldAt::new(StopPoint::Claimed);
    let mut stalled = Process::another(&scene.world, hold.clone()).await;
    assert_eq!(stalled.look().await, 1);
    hold.wait_for(1).await;
    stalled.monotonic.advance(10.0);
    hold.let_one_go_on();
    stalled.grants.wait_for_refreshes().await;
    assert!(scene.sent().is_empty(), "{:?}", scene.sent());
    // No answer is missing, and no other process has to wait.
    assert!(scene.of_grant::<Option<uuid::Uuid>>("lease_owner").await.is_none());
    assert!(scene.of_grant::<Option<i64>>("refresh_started_at").await.is_none());
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["grace"]);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_after_its_claim_leaves_the_lease_of_the_one_that_took_over(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    let hold = HoldAt::new(StopPoint::Claimed);
    let mut stalled = Process::another(&scene.world, hold.clone()).await;
    assert_eq!(stalled.look().await, 1);
    hold.wait_for(1).await;
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    let gate = Arc::new(Notify::new());
    let fresh = Canned::Json(200, refreshed("fresh"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(fresh)));
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(1).await;
    let before = scene.world.raw.dump(&["sessions"]).await;
    stalled.monotonic.advance(30.0);
    hold.let_one_go_on();
    stalled.grants.wait_for_refreshes().await;
    assert_eq!(scene.world.raw.dump(&["sessions"]).await, before);
    assert_eq!(scene.sent(), ["grace"]);
    gate.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    assert_eq!(scene.token(account).await.expect("a token"), "fresh");
}
