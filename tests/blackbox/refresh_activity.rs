//! What administrators learn from the activity and from the page of a connector when its accounts cannot be refreshed:
//! one entry and one notice, however many accounts there are.

use std::sync::Arc;

use mail360::accounts::{model::AccountState, service::grants::NoStops};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned, Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshing::{Process, Scene, refused},
    rotate,
};

/// The details of the entries about refreshes that failed, oldest first.
async fn recorded(scene: &Scene) -> Vec<String> {
    let entries = "SELECT detail FROM activity WHERE action = 'connector.refreshes_failed' ORDER BY at, id";
    scene.world.raw.column(entries).await
}

fn detail(state: AccountState) -> String {
    json!({ "kind": "account_state", "state": state.name() }).to_string()
}

#[rstest]
#[tokio::test]
async fn s8_a_provider_that_forgets_every_grant_is_one_entry_and_one_notice_and_no_storm(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(40).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_grant"));
    // Two processes meet the refusals at the same time.
    let mut other = Process::another(&scene.world, Arc::new(NoStops)).await;
    let (one, two) = tokio::join!(scene.process.refresh_due(), other.refresh_due());
    assert_eq!(one + two, 40);
    assert_eq!(scene.count(AccountState::NeedsSignIn).await, 40);
    assert_eq!(recorded(&scene).await, [detail(AccountState::NeedsSignIn)]);
    scene.world.clock.advance(Duration::days(30));
    assert_eq!(scene.process.refresh_due().await + other.refresh_due().await, 0);
    assert_eq!(scene.sent().len(), 40, "one request for each account");
    scene.world.clock.advance(Duration::days(-30));

    let page = scene.ada.get(&scene.connector).await;
    page.assert_says("40 accounts need a sign-in.");
    let entry = "The program could not refresh accounts of Mail archive because people must sign in again";
    assert_eq!(page.text().matches("need a sign-in.").count(), 1);
    scene.ada.get("/settings/activity").await.assert_says(entry);

    let again = scene.connect("m0").await;
    assert_eq!(again, accounts[0], "the key stays");
    scene.ada.get(&scene.connector).await.assert_says("39 accounts need a sign-in.");
}

#[rstest]
#[tokio::test]
async fn s8_each_kind_of_failure_of_a_connector_is_recorded_once_a_day(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    scene.connect_many(6).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.process.refresh_due().await;
    // Probes say nothing new.
    for _ in 0..6 {
        scene.world.clock.advance(Duration::minutes(10));
        scene.process.refresh_due().await;
    }
    assert_eq!(recorded(&scene).await, [detail(AccountState::WaitingForConnector)]);
    // Another kind on the same day.
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::minutes(10));
    scene.process.refresh_due().await;
    assert_eq!(scene.count(AccountState::Connected).await, 6);
    scene.world.provider.answer_refreshes(|_| refused("invalid_scope"));
    for _ in 0..3 {
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    let both = [detail(AccountState::WaitingForConnector), detail(AccountState::NeedsAttention)];
    assert_eq!(recorded(&scene).await, both);
    // The same kind on the next day.
    scene.world.provider.answer_refreshes(rotate);
    scene.make_due().await;
    scene.process.refresh_due().await;
    scene.world.clock.advance(Duration::days(1));
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.make_due().await;
    scene.process.refresh_due().await;
    assert_eq!(recorded(&scene).await.len(), 3);
}

#[rstest]
#[tokio::test]
async fn an_outage_of_the_provider_is_no_entry_and_one_that_a_wrong_clock_wrote_does_not_count(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(|_| Canned::Json(500, json!({})));
    for _ in 0..5 {
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    assert_eq!(scene.state(account).await.0, AccountState::Retrying);
    assert!(recorded(&scene).await.is_empty());
    scene.world.provider.answer_refreshes(|_| refused("invalid_grant"));
    scene.world.clock.advance(Duration::days(7));
    scene.make_due().await;
    scene.process.refresh_due().await;
    scene.world.clock.advance(Duration::days(-7));
    scene.connect("grace").await;
    scene.make_due().await;
    scene.process.refresh_due().await;
    assert_eq!(recorded(&scene).await.len(), 2);
}
