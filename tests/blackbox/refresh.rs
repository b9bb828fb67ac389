//! Refreshing: what each answer of the provider does to an account, when grants are refreshed, and how many at once.

use std::sync::Arc;

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::grants::{MAX_BACKGROUND, MAX_OF_CONNECTOR},
    },
    people::access::Caller,
    providers::http::HttpFailure,
};
use rstest::rstest;
use serde_json::json;
use time::Duration;
use tokio::sync::Notify;

use crate::support::{
    Canned, Kind, NewConnector,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshed,
    refreshing::{DIRECTORY, Scene, refused, strict},
    rotate,
};

/// The seconds until the next refresh; `None` if there is none.
async fn wait(scene: &Scene) -> Option<i64> {
    let next: Option<i64> = scene.of_grant("next_refresh_at").await;
    next.map(|next| next / 1_000_000 - scene.world.clock.now_seconds())
}

#[rstest]
#[case::invalid_grant("invalid_grant", StateReason::GrantRefused)]
#[case::interaction("interaction_required", StateReason::InteractionRequired)]
#[case::consent("consent_required", StateReason::ConsentRequired)]
#[case::login("login_required", StateReason::LoginRequired)]
#[tokio::test]
async fn o17_a_refused_grant_needs_a_sign_in_and_is_not_tried_again(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] error: &str,
    #[case] reason: StateReason,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(refused(error));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await, (AccountState::NeedsSignIn, Some(reason)));
    assert_eq!(wait(&scene).await, None);
    scene.world.clock.advance(Duration::days(100));
    assert_eq!(scene.process.refresh_due().await, 0);
    assert_eq!(scene.sent().len(), 1);
    assert_eq!(scene.world.state(&scene.connector).await, "not_verified");
    // Signing in again keeps the key.
    assert_eq!(scene.connect("grace").await, account);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
}

#[rstest]
#[case::scope("invalid_scope", StateReason::ScopesRefused)]
#[case::other("invalid_request", StateReason::Refused)]
#[case::unknown("of_next_year", StateReason::Refused)]
#[tokio::test]
async fn o17_another_refusal_needs_attention_and_is_tried_less_and_less_often(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] error: &'static str,
    #[case] reason: StateReason,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(move |_| refused(error));
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(scene.process.refresh_due().await, 1);
        assert_eq!(scene.state(account).await, (AccountState::NeedsAttention, Some(reason)));
        waits.push(wait(&scene).await.expect("a time"));
        scene.make_due().await;
    }
    assert!(
        waits[0] <= 3600 && waits[7] >= 12 * 3600 - 1 && waits.iter().all(|wait| *wait <= 86_400),
        "{waits:?}"
    );
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
}

#[rstest]
#[case::server_error(Canned::Json(500, json!({ "error": "server_error" })), StateReason::Unavailable)]
#[case::html(Canned::Text(200, "<html>Maintenance</html>".to_owned()), StateReason::Garbled)]
#[case::truncated(Canned::Text(200, r#"{"access_token":"canary"#.to_owned()), StateReason::Garbled)]
#[case::time_out(Canned::Failure(HttpFailure::TimedOut), StateReason::Slow)]
#[case::network(Canned::Failure(HttpFailure::Unreachable), StateReason::Unreachable)]
#[tokio::test]
async fn o17_an_outage_changes_nothing_until_the_third_failure_and_recovers_by_itself(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] canned: Canned,
    #[case] reason: StateReason,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(move |_| canned.clone());
    let mut waits = Vec::new();
    for failure in 1..=9 {
        scene.make_due().await;
        assert_eq!(scene.process.refresh_due().await, 1);
        let expected = if failure < 3 {
            (AccountState::Connected, None)
        } else {
            (AccountState::Retrying, Some(reason))
        };
        assert_eq!(scene.state(account).await, expected, "after {failure} failures");
        assert_eq!(scene.account(account).await.failures, failure);
        waits.push(wait(&scene).await.expect("a time"));
    }
    assert!(waits[0] <= 60 && waits[8] >= 1799 && waits.iter().all(|wait| *wait <= 3600), "{waits:?}");
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
    // The access token stays usable until it expires.
    assert_eq!(scene.token(account).await.expect("a token"), "grace");
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::hours(1));
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
    assert_eq!(scene.account(account).await.failures, 0);
}

#[rstest]
#[tokio::test]
async fn an_outage_of_a_day_does_not_fill_the_history(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    for _ in 0..20 {
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    scene.world.provider.answer_refreshes(rotate);
    for _ in 0..20 {
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    let admin = scene.world.admin().await;
    let history = scene.process.accounts().history(&admin, account).await.expect("a history");
    let count = |name: &str| history.iter().filter(|entry| entry.kind.name() == name).count();
    // The newest ten, and the first one after the failures.
    assert_eq!((count("refreshed"), count("refresh_failed")), (11, 1));
    assert_eq!((count("state_changed"), count("signed_in")), (2, 1));
}

#[rstest]
#[tokio::test]
async fn a_grant_is_refreshed_at_least_once_a_day_for_as_long_as_it_lives(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    for day in 1..=100 {
        scene.world.clock.advance(Duration::days(1));
        assert_eq!(scene.process.refresh_due().await, 1, "on day {day}");
        assert_eq!(scene.process.refresh_due().await, 0, "twice on day {day}");
    }
}

#[rstest]
#[case::forward(Duration::days(1))]
#[case::back(Duration::days(-1))]
#[tokio::test]
async fn a_clock_that_jumps_by_a_day_loses_no_grant_and_refreshes_none_twice(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] jump: Duration,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(10).await;
    scene.world.provider.answer_refreshes(strict(site.company));
    scene.world.clock.advance(jump);
    // A token that seems to be from the future is not lent: its end is unknown.
    assert_eq!(scene.token(accounts[0]).await.expect("a token"), "m0+");
    scene.process.refresh_due().await;
    assert_eq!(scene.process.refresh_due().await, 0);
    let mut sent = scene.sent();
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), scene.sent().len(), "a token was sent twice");
    scene.world.clock.advance(-jump);
    scene.process.refresh_due().await;
    for _ in 0..3 {
        scene.world.clock.advance(Duration::days(1));
        assert_eq!(scene.process.refresh_due().await, 10);
    }
    assert_eq!(scene.count(AccountState::Connected).await, 10);
}

/// Lets each refresh wait at the provider until the gate opens.
fn hold(scene: &Scene) -> Arc<Notify> {
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    scene.world.provider.answer_refreshes(move |_| {
        Canned::After(held.clone(), Box::new(Canned::Json(200, refreshed("held"))))
    });
    gate
}

#[rstest]
#[tokio::test]
async fn connectors_take_turns_with_four_refreshes_each_and_thirty_two_in_all(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let first = scene.connector_id();
    let names: Vec<String> = (0..9).map(|number| format!("Connector {number}")).collect();
    let mut connectors = vec![first];
    for name in &names {
        let new = NewConnector { name, ..NewConnector::default() };
        let path = scene.world.add_connector(&mut scene.ada, &new).await;
        connectors.push(path.rsplit('/').next().expect("an id").parse().expect("an id"));
    }
    for (at, connector) in connectors.iter().enumerate() {
        for number in 0..6 {
            let name = format!("c{at}-{number}");
            scene.connect_in(*connector, &name, DIRECTORY, &name).await;
        }
    }
    scene.make_due().await;
    let gate = hold(&scene);
    assert_eq!(scene.process.look().await, MAX_BACKGROUND);
    scene.wait_for_requests(MAX_BACKGROUND).await;
    let mut by_connector = std::collections::HashMap::<String, usize>::new();
    for name in scene.sent() {
        let (connector, _) = name.split_once('-').expect("a name");
        *by_connector.entry(connector.to_owned()).or_default() += 1;
    }
    assert!(by_connector.values().all(|count| *count == MAX_OF_CONNECTOR), "{by_connector:?}");
    assert_eq!(scene.process.look().await, 0);
    scene.world.provider.answer_refreshes(rotate);
    scene.process.let_end(&gate).await;
    scene.process.refresh_due().await;
    assert_eq!(scene.sent().len(), 60);
}

#[rstest]
#[tokio::test]
async fn d2_a_caller_never_waits_behind_background_refreshes(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    scene.connect_many(4).await;
    let asked = scene.connect("asked").await;
    scene.make_due().await;
    scene.expire();
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    scene.world.provider.answer_refreshes(move |seen| match rotate(seen) {
        answer if seen.field("refresh_token") == Some("canary-refresh-asked") => answer,
        answer => Canned::After(held.clone(), Box::new(answer)),
    });
    // The due times are the same, so the one that is asked for may be among them.
    scene.process.look().await;
    assert_eq!(scene.token(asked).await.expect("a token"), "asked+");
    // A page of the console needs no connection that a refresh holds.
    let mut ada = scene.world.log_in("ada@contoso.test").await;
    ada.get("/connectors").await.assert_status(200);
    let caller = Caller::job(scene.organisation, "test");
    assert!(scene.process.accounts().get(&caller, asked).await.is_ok());
    scene.process.let_end(&gate).await;
    scene.process.refresh_due().await;
    assert_eq!(scene.sent().len(), 5);
}
