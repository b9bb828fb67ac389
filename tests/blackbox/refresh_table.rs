//! The table *What went wrong* of the design, line by line, with real answers of a token endpoint: the state of the
//! account and its reason, the gate of the connector, the time of the next refresh, and the number of tries.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use mail360::{
    accounts::{
        model::{AccountState, StateReason},
        service::AccountId,
    },
    providers::{NoConnection, http::HttpFailure},
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    Canned, Seen,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    refreshed,
    refreshing::{DIRECTORY, Scene},
    rotate,
};

/// What an answer does.
struct Line {
    answer: Canned,
    /// The state after the first answer.
    first: (AccountState, Option<StateReason>),
    /// The state after the third answer, if the account is tried again by itself within an hour.
    third: Option<(AccountState, StateReason)>,
    /// The kind of the gate, and the seconds for which it lets no request through.
    gate: Option<(&'static str, Option<(i64, i64)>)>,
    /// The shortest and the longest time until the next refresh, in seconds; `None` if a gate or a person decides.
    next: Option<(i64, i64)>,
    tries: i64,
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Only a sign-in or *Try again* continues.
fn ended(error: &str, reason: StateReason) -> Line {
    Line {
        answer: Canned::Json(400, json!({ "error": error })),
        first: (AccountState::NeedsSignIn, Some(reason)),
        third: None,
        gate: None,
        next: None,
        tries: 1,
    }
}

/// The account stays connected, and is *Retrying* after the third failure.
fn outage(answer: Canned, reason: StateReason) -> Line {
    Line {
        answer,
        first: (AccountState::Connected, None),
        third: Some((AccountState::Retrying, reason)),
        gate: None,
        next: Some((30, 60)),
        tries: 1,
    }
}

/// The same, and the connector sends no request for these seconds.
fn throttled(answer: Canned, seconds: (i64, i64)) -> Line {
    let (shortest, longest) = seconds;
    Line {
        gate: Some(("throttled", Some(seconds))),
        next: Some((shortest.max(30), longest.max(60))),
        ..outage(answer, StateReason::Throttled)
    }
}

/// Back-off to daily.
fn attention(answer: Canned, reason: StateReason) -> Line {
    Line {
        answer,
        first: (AccountState::NeedsAttention, Some(reason)),
        third: None,
        gate: None,
        next: Some((HOUR / 2, HOUR)),
        tries: 1,
    }
}

/// New tokens, in an answer that some providers give.
fn success(answer: Value) -> Line {
    Line {
        answer: Canned::Json(200, answer),
        first: (AccountState::Connected, None),
        third: None,
        gate: None,
        next: Some((22 * HOUR, DAY)),
        tries: 0,
    }
}

fn lines() -> Vec<Line> {
    let error = |status, error: &str| Canned::Json(status, json!({ "error": error }));
    let wait = |status, seconds| Canned::Headed(status, ("retry-after", seconds), json!({}));
    let mut endless = refreshed("endless");
    endless.as_object_mut().expect("an object").remove("expires_in");
    let mut unrotated = refreshed("unrotated");
    unrotated.as_object_mut().expect("an object").remove("refresh_token");
    vec![
        ended("invalid_grant", StateReason::GrantRefused),
        ended("interaction_required", StateReason::InteractionRequired),
        ended("consent_required", StateReason::ConsentRequired),
        ended("login_required", StateReason::LoginRequired),
        Line {
            answer: error(401, "invalid_client"),
            first: (AccountState::WaitingForConnector, Some(StateReason::CredentialsRejected)),
            third: None,
            gate: Some(("suspected", None)),
            next: None,
            tries: 1,
        },
        Line {
            answer: error(400, "unauthorized_client"),
            first: (AccountState::WaitingForCompany, Some(StateReason::CompanyRefused)),
            third: None,
            gate: Some(("company", None)),
            next: None,
            tries: 1,
        },
        attention(error(400, "invalid_scope"), StateReason::ScopesRefused),
        attention(error(400, "invalid_request"), StateReason::Refused),
        attention(error(403, "of_next_year"), StateReason::Refused),
        throttled(wait(429, "120"), (120, 120)),
        throttled(wait(503, "120"), (120, 120)),
        throttled(Canned::Json(429, json!({})), (15, 30)),
        throttled(error(503, "temporarily_unavailable"), (15, 30)),
        // Two hours are too long.
        throttled(wait(429, "7200"), (HOUR, HOUR)),
        outage(error(500, "server_error"), StateReason::Unavailable),
        outage(error(400, "temporarily_unavailable"), StateReason::Unavailable),
        // An error that would end the grant does not count with this status.
        outage(error(502, "invalid_grant"), StateReason::Unavailable),
        outage(Canned::Failure(HttpFailure::TimedOut), StateReason::Slow),
        outage(Canned::Text(200, "<html>Maintenance</html>".to_owned()), StateReason::Garbled),
        outage(Canned::Text(403, "<html>Blocked by a firewall</html>".to_owned()), StateReason::Garbled),
        outage(Canned::Text(200, r#"{"access_token":"canary"#.to_owned()), StateReason::Garbled),
        outage(Canned::Text(200, String::new()), StateReason::Garbled),
        outage(Canned::Failure(HttpFailure::TooLarge), StateReason::Garbled),
        outage(Canned::Failure(HttpFailure::Unreachable), StateReason::Unreachable),
        outage(Canned::Failure(HttpFailure::NoConnection(NoConnection::Refused)), StateReason::Unreachable),
        outage(Canned::Json(407, json!({})), StateReason::Unreachable),
        success(endless),
        success(unrotated),
        success(refreshed(&"x".repeat(200_000))),
    ]
}

/// The provider: each mailbox has its own answer.
type Answers = Arc<Mutex<HashMap<String, Canned>>>;

fn answer(answers: &Answers, seen: &Seen) -> Canned {
    let token = seen.field("refresh_token").unwrap_or_default().trim_start_matches("canary-refresh-");
    answers.lock().expect("a list").get(token).cloned().unwrap_or_else(|| rotate(seen))
}

async fn of_grant(scene: &Scene, column: &str, account: AccountId) -> Option<i64> {
    let account = scene.world.raw.id(account);
    scene.world.raw.one(&format!("SELECT {column} FROM grants WHERE account_id = {account}")).await
}

fn seconds_from_now(scene: &Scene, micros: i64) -> i64 {
    micros / 1_000_000 - scene.world.clock.now_seconds()
}

fn assert_within(seconds: i64, (shortest, longest): (i64, i64), context: &str) {
    // A second is lost if both times are cut to seconds.
    assert!(
        (shortest - 1..=longest).contains(&seconds),
        "{context}: {seconds} is not {shortest} to {longest}"
    );
}

async fn assert_gate(scene: &Scene, connector: &str, line: &Line, context: &str) {
    let connector = scene.world.raw.id(connector);
    let from = format!("FROM refresh_gates WHERE connector_id = {connector}");
    let kinds: Vec<String> = scene.world.raw.column(&format!("SELECT kind {from}")).await;
    assert_eq!(kinds, line.gate.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), "{context}");
    let times: Vec<Option<i64>> = scene.world.raw.column(&format!("SELECT not_before {from}")).await;
    let closed = times.into_iter().flatten().next();
    let expected = line.gate.and_then(|(_, seconds)| seconds);
    assert_eq!(closed.is_some(), expected.is_some(), "{context}");
    if let (Some(closed), Some(expected)) = (closed, expected) {
        assert_within(seconds_from_now(scene, closed), expected, context);
    }
}

#[rstest]
#[tokio::test]
async fn o17_each_line_of_the_table_gives_the_state_the_gate_the_next_time_and_the_tries_that_it_names(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let answers = Answers::default();
    let prepared = answers.clone();
    scene.world.provider.answer_refreshes(move |seen| answer(&prepared, seen));
    // A gate of one line must not stop the next one.
    let mut paths = Vec::new();
    for number in 0..lines().len() {
        paths.push(scene.add_connector(&format!("Connector {number}")).await);
    }
    for (number, (line, path)) in lines().into_iter().zip(paths).enumerate() {
        let (name, context) = (format!("m{number}"), format!("line {number}"));
        let connector = path.rsplit('/').next().expect("an id");
        let id = connector.parse().expect("an id");
        let account = scene.connect_in(id, &name, DIRECTORY, &name).await;
        answers.lock().expect("a list").insert(name.clone(), line.answer.clone());
        let before = of_grant(&scene, "lease_counter", account).await.expect("a number");
        let count = |scene: &Scene| scene.sent().iter().filter(|sent| **sent == name).count();

        scene.make_account_due(account).await;
        scene.process.refresh_due().await;
        assert_eq!(count(&scene), 1, "{context}");
        assert_eq!(scene.state(account).await, line.first, "{context}");
        assert_eq!(of_grant(&scene, "tries", account).await, Some(line.tries), "{context}");
        let next = of_grant(&scene, "next_refresh_at", account).await;
        assert_eq!(next.is_some(), line.next.is_some(), "{context}");
        if let (Some(next), Some(expected)) = (next, line.next) {
            assert_within(seconds_from_now(&scene, next), expected, &context);
        }
        assert_gate(&scene, connector, &line, &context).await;
        assert_eq!(scene.world.state(&path).await, "not_verified", "{context}");
        assert_eq!(of_grant(&scene, "lease_counter", account).await, Some(before + 1), "{context}");

        let Some((state, reason)) = line.third else { continue };
        assert_eq!(scene.account(account).await.failures, 1, "{context}");
        for tries in 2..=3 {
            // Each gate and each wait of this table ends within an hour.
            scene.world.clock.advance(Duration::hours(1));
            scene.process.refresh_due().await;
            assert_eq!(count(&scene), tries, "{context}");
            assert_eq!(of_grant(&scene, "tries", account).await, i64::try_from(tries).ok(), "{context}");
        }
        assert_eq!(scene.state(account).await, (state, Some(reason)), "{context}");
        assert_eq!(scene.account(account).await.failures, 3, "{context}");
        // It recovers by itself.
        answers.lock().expect("a list").remove(&name);
        scene.world.clock.advance(Duration::hours(1));
        scene.process.refresh_due().await;
        assert_eq!(scene.state(account).await, (AccountState::Connected, None), "{context}");
        assert_eq!(scene.account(account).await.failures, 0, "{context}");
        assert_eq!(of_grant(&scene, "tries", account).await, Some(0), "{context}");
    }
}

#[rstest]
#[tokio::test]
async fn a_wait_of_two_hours_is_shown_on_the_page_of_the_account(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(Canned::Headed(429, ("retry-after", "7200"), json!({})));
    assert_eq!(scene.process.refresh_due().await, 1);
    let page = scene.ada.get(&format!("/accounts/{account}")).await;
    let name = site.company.facts().name;
    let said = format!("{name} wants no request for 2 hours. The program tries again after 1 hour.");
    page.assert_says(&said);
}

#[rstest]
#[tokio::test]
async fn a_rule_of_the_company_that_has_ended_the_access_is_shown_with_what_happens_next(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    let said = "AADSTS70043: The refresh token has expired due to sign-in frequency checks.";
    let refused = json!({ "error": "invalid_grant", "error_description": said });
    scene.world.provider.answer_refresh(Canned::Json(400, refused));
    assert_eq!(scene.process.refresh_due().await, 1);
    let shown = format!("/accounts/{account}");
    let ended = scene.ada.get(&shown).await;
    ended.assert_says("A rule of the company has ended the access").assert_says("last seen on");
    // The next access will end in the same way.
    scene.connect("grace").await;
    scene.ada.get(&shown).await.assert_says("Next refresh:").assert_says("last seen on");
}
