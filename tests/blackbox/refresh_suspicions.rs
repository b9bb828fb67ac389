//! Accounts that are refused alone, and accounts that meet one gate while they wait for another: no storm, and nothing is
//! stuck.

use std::time::Duration as Elapsed;

use mail360::accounts::model::{AccountState, StateReason};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned, Kind, Seen,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshing::{Scene, refused},
    rotate,
};

/// Whether a refresh is of the mailbox with this name.
fn is_of(seen: &Seen, name: &str) -> bool {
    let token = seen.field("refresh_token").unwrap_or_default();
    token.trim_start_matches("canary-refresh-").trim_end_matches('+') == name
}

#[rstest]
#[tokio::test]
async fn o17_an_account_that_is_refused_alone_is_tried_every_ten_minutes_and_the_connector_does_not_fail(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let alone = scene.connect("alone").await;
    scene.connect_many(4).await;
    scene.make_due().await;
    scene
        .world
        .provider
        .answer_refreshes(|seen| if is_of(seen, "alone") { refused("invalid_client") } else { rotate(seen) });
    let waiting = (AccountState::WaitingForConnector, Some(StateReason::CredentialsRejected));
    let mut before = 0;
    for round in 0..6 {
        let all = tokio::time::timeout(Elapsed::from_secs(20), scene.process.refresh_due()).await;
        let begun = all.expect("the refreshes end");
        assert_eq!(scene.state(alone).await, waiting, "round {round}");
        assert_eq!(scene.world.state(&scene.connector).await, "not_verified", "round {round}");
        assert_eq!(scene.count(AccountState::Connected).await, 4, "round {round}");
        let sent = scene.sent().len();
        // The account, and one other that contradicts the suspicion.
        let most = if round == 0 { 6 } else { 2 };
        assert!((1..=most).contains(&(sent - before)) && begun == sent - before, "round {round}: {sent}");
        before = sent;
        scene.world.clock.advance(Duration::minutes(9));
        assert_eq!(scene.process.refresh_due().await, 0, "round {round}");
        scene.world.clock.advance(Duration::minutes(1));
    }
    scene.world.provider.answer_refreshes(rotate);
    scene.process.refresh_due().await;
    assert_eq!(scene.state(alone).await, (AccountState::Connected, None));
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[case::connector_after_company("unauthorized_client", "invalid_client")]
#[case::company_after_connector("invalid_client", "unauthorized_client")]
#[tokio::test]
async fn an_account_that_waits_and_meets_the_other_gate_recovers_with_that_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] first: &'static str,
    #[case] second: &'static str,
) {
    let mut scene = Scene::new(kind).await;
    let (waiting, other) = (scene.connect("waiting").await, scene.connect("other").await);
    scene.make_due().await;
    scene.world.provider.answer_refreshes(move |_| refused(first));
    scene.process.refresh_due().await;
    // The first gate opens, and the account meets the second one before it has recovered.
    scene.world.provider.answer_refreshes(move |seen| {
        let is_other = is_of(seen, "other");
        if is_other { rotate(seen) } else { refused(second) }
    });
    let admin = scene.world.admin().await;
    let state = scene.process.grants.try_again(&admin, other).await.expect("a state");
    assert_eq!(state, AccountState::Connected);
    scene.process.refresh_due().await;
    assert_ne!(scene.state(waiting).await.0, AccountState::Connected);
    scene.world.provider.answer_refreshes(rotate);
    for _ in 0..7 {
        scene.world.clock.advance(Duration::minutes(10));
        scene.process.refresh_due().await;
    }
    assert_eq!(scene.state(waiting).await, (AccountState::Connected, None));
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_connector_that_works_again_is_tried_soon_and_without_an_answer_once_a_minute(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    scene.connect_many(3).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.process.refresh_due().await;
    assert_eq!(scene.count(AccountState::WaitingForConnector).await, 3);
    scene.world.clock.advance(Duration::minutes(2));
    assert_eq!(scene.process.refresh_due().await, 0);
    // A sign-in or a try of the credentials has shown that they are good. Then the token endpoint has a problem.
    let works = "UPDATE connectors SET state = 'not_verified', failure = NULL";
    scene.world.raw.run(works).await.expect("changed");
    scene.world.provider.answer_refreshes(|_| Canned::Json(500, json!({})));
    for round in 0..3 {
        let probes = tokio::time::timeout(Elapsed::from_secs(20), scene.process.refresh_due()).await;
        assert_eq!(probes.expect("the probes end"), 1, "round {round}");
        scene.world.clock.advance(Duration::seconds(30));
        assert_eq!(scene.process.refresh_due().await, 0, "round {round}");
        scene.world.clock.advance(Duration::seconds(30));
    }
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.process.refresh_due().await, 3);
    assert_eq!(scene.count(AccountState::Connected).await, 3);
}
