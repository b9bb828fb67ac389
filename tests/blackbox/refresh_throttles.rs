//! A token endpoint that asks for fewer requests: answers of requests that were under way do not shorten the wait, and
//! without a named time each wait is longer.

use std::{sync::Arc, time::Duration as Elapsed};

use mail360::accounts::model::AccountState;
use rstest::rstest;
use serde_json::json;
use time::Duration;
use tokio::sync::Notify;

use crate::support::{
    Canned, Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshing::{Scene, refused},
    rotate,
};

/// A provider that throttles `m1`. It answers `m0` and `m2` when their gates open: tokens for `m0`, and `refusal` for
/// `m2`. All others get tokens.
fn throttle_one(scene: &Scene, refusal: &Canned) -> (Arc<Notify>, Arc<Notify>) {
    let (success, failure) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (serving, refusing, refusal) = (success.clone(), failure.clone(), refusal.clone());
    scene.world.provider.answer_refreshes(move |seen| match seen.field("refresh_token") {
        Some("canary-refresh-m0") => Canned::After(serving.clone(), Box::new(rotate(seen))),
        Some("canary-refresh-m1") => Canned::Headed(429, ("retry-after", "120"), json!({})),
        Some("canary-refresh-m2") => Canned::After(refusing.clone(), Box::new(refusal.clone())),
        _ => rotate(seen),
    });
    (success, failure)
}

/// Waits until the only gate is of this kind.
async fn wait_for_gate(scene: &Scene, kind: &str) {
    let of_kind = format!("refresh_gates WHERE kind = '{kind}'");
    for _ in 0..1_000 {
        if scene.world.raw.count(&of_kind).await == 1 {
            return;
        }
        tokio::time::sleep(Elapsed::from_millis(5)).await;
    }
    unreachable!("there is no gate of the kind {kind}");
}

async fn not_before(scene: &Scene) -> Option<i64> {
    scene.world.raw.one("SELECT not_before FROM refresh_gates").await
}

#[rstest]
#[tokio::test]
async fn tokens_and_sign_ins_do_not_shorten_the_wait_that_the_provider_has_named(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(2).await;
    let (success, _) = throttle_one(&scene, &refused("invalid_client"));
    scene.make_account_due(accounts[0]).await;
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(1).await;
    scene.make_account_due(accounts[1]).await;
    assert_eq!(scene.process.look().await, 1);
    wait_for_gate(&scene, "throttled").await;
    let until = not_before(&scene).await;
    assert!(until.is_some(), "the provider has named a time");
    // Its request was sent before the provider asked for fewer.
    success.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    assert_eq!(scene.token(accounts[0]).await.expect("a token"), "m0+");
    wait_for_gate(&scene, "throttled").await;
    assert_eq!(not_before(&scene).await, until);
    scene.connect("m3").await;
    wait_for_gate(&scene, "throttled").await;
    assert_eq!(not_before(&scene).await, until);
    scene.make_due().await;
    scene.world.clock.advance(Duration::seconds(119));
    assert_eq!(scene.process.refresh_due().await, 0);
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::seconds(1));
    assert_eq!(scene.process.refresh_due().await, 3);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    assert_eq!(scene.count(AccountState::Connected).await, 3);
}

#[rstest]
#[tokio::test]
async fn a_gate_that_the_credentials_closed_as_well_opens_and_keeps_the_wait(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let accounts = scene.connect_many(3).await;
    let (success, failure) = throttle_one(&scene, &refused("invalid_client"));
    scene.make_account_due(accounts[0]).await;
    scene.make_account_due(accounts[2]).await;
    assert_eq!(scene.process.look().await, 2);
    scene.wait_for_requests(2).await;
    scene.make_account_due(accounts[1]).await;
    assert_eq!(scene.process.look().await, 1);
    wait_for_gate(&scene, "throttled").await;
    let until = not_before(&scene).await;
    failure.notify_one();
    wait_for_gate(&scene, "suspected").await;
    assert_eq!(not_before(&scene).await, until);
    // The tokens contradict the suspicion. The provider still wants no request.
    success.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    wait_for_gate(&scene, "throttled").await;
    assert_eq!(not_before(&scene).await, until);
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::seconds(119));
    assert_eq!(scene.process.refresh_due().await, 0);
    scene.world.clock.advance(Duration::minutes(10));
    assert_eq!(scene.process.refresh_due().await, 2);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    assert_eq!(scene.count(AccountState::Connected).await, 3);
}

#[rstest]
#[tokio::test]
async fn without_a_named_time_each_wait_of_a_throttled_connector_is_longer_up_to_an_hour(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("m0").await;
    scene.world.provider.answer_refreshes(|_| Canned::Json(429, json!({})));
    let mut last = 0;
    for round in 0..10 {
        scene.make_due().await;
        assert_eq!(scene.process.refresh_due().await, 1, "round {round}");
        let until = not_before(&scene).await.expect("a time");
        let wait = until - scene.world.program.clock.now().micros();
        // Half of it is random.
        let longest = (30_000_000_i64 << round).min(3_600_000_000);
        assert!((longest / 2..=longest).contains(&wait), "round {round}: {wait}");
        assert!(wait >= last || longest == 3_600_000_000, "round {round}: {wait} after {last}");
        last = wait;
        // Before its end no request is sent.
        scene.make_due().await;
        assert_eq!(scene.process.refresh_due().await, 0, "round {round}");
        scene.world.clock.advance(Duration::microseconds(longest));
    }
    assert_eq!(scene.sent().len(), 10);
    // A success ends the throttle, and the next one begins with the shortest wait again.
    scene.world.provider.answer_refreshes(rotate);
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    assert_eq!(scene.state(account).await.0, AccountState::Connected);
    scene.world.provider.answer_refreshes(|_| Canned::Json(429, json!({})));
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    let wait = not_before(&scene).await.expect("a time") - scene.world.program.clock.now().micros();
    assert!((15_000_000..=30_000_000).contains(&wait), "{wait}");
}
