//! A clock that was ahead, and clocks that jump during a refresh: times that a wrong clock wrote keep nothing waiting, and
//! leases do not depend on the clock.

use std::sync::Arc;

use mail360::accounts::{model::AccountState, service::grants::NoStops};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned, Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    held::Held,
    refreshing::{Process, Scene, refused, strict},
    rotate,
};

const DAY: Duration = Duration::days(1);

/// Accounts whose refreshes have failed while the clock was a day ahead. Now it is right.
async fn failed_ahead(site: impl Into<Site>, accounts: usize, failure: Canned) -> Scene {
    let mut scene = Scene::new(site).await;
    scene.connect_many(accounts).await;
    scene.make_due().await;
    scene.world.clock.advance(DAY);
    scene.world.provider.answer_refreshes(move |_| failure.clone());
    assert!(scene.process.refresh_due().await > 0);
    scene.world.clock.advance(-DAY);
    scene.world.provider.answer_refreshes(rotate);
    scene
}

#[rstest]
#[case::outage(Canned::Json(500, json!({})))]
#[case::throttle(Canned::Headed(429, ("retry-after", "7200"), json!({})))]
#[case::broken_answer(Canned::Text(200, "<html>".to_owned()))]
#[tokio::test]
async fn n7_an_outage_while_the_clock_was_ahead_keeps_no_caller_waiting(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] failure: Canned,
) {
    let mut scene = failed_ahead(site, 1, failure).await;
    scene.expire();
    let account = mail360::accounts::service::AccountId(scene.of_grant("account_id").await);
    assert_eq!(scene.token(account).await.expect("a token"), "m0+");
    assert_eq!(scene.account(account).await.failures, 0);
    assert_eq!(scene.process.refresh_due().await, 0);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[case::suspected(refused("invalid_client"), 1, AccountState::WaitingForConnector)]
#[case::credentials(refused("invalid_client"), 6, AccountState::WaitingForConnector)]
#[case::company(refused("unauthorized_client"), 6, AccountState::WaitingForCompany)]
#[case::attention(refused("invalid_scope"), 6, AccountState::NeedsAttention)]
#[tokio::test]
async fn n7_a_gate_that_closed_while_the_clock_was_ahead_is_tried_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] failure: Canned,
    #[case] accounts: usize,
    #[case] state: AccountState,
) {
    let mut scene = failed_ahead(kind, accounts, failure).await;
    let expected = i64::try_from(accounts).expect("a number");
    assert_eq!(scene.count(state).await, expected);
    assert_eq!(scene.process.refresh_due().await, accounts);
    assert_eq!(scene.count(AccountState::Connected).await, expected);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[case::forward(DAY)]
#[case::back(-DAY)]
#[tokio::test]
async fn o15_a_clock_that_jumps_during_a_refresh_gives_the_lease_to_no_other_process(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] jump: Duration,
) {
    let mut held = Held::succeeding(site).await;
    let mut other = Process::another(&held.scene.world, Arc::new(NoStops)).await;
    assert_eq!(other.look().await, 0);
    held.scene.world.clock.advance(jump);
    for _ in 0..3 {
        assert_eq!(other.look().await, 0);
    }
    held.answer().await;
    assert_eq!(other.look().await, 0);
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "late");
    assert_eq!(held.scene.sent(), ["grace"]);
    // Nothing is stuck, and nothing is refreshed twice.
    held.scene.world.provider.answer_refreshes(strict(site.company));
    for day in 1..=3 {
        held.scene.world.clock.advance(DAY);
        let (one, two) = tokio::join!(held.scene.process.refresh_due(), other.refresh_due());
        assert_eq!(one + two, 1, "on day {day}");
    }
    assert_eq!(held.scene.count(AccountState::Connected).await, 1);
}
