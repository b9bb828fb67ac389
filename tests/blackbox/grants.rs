//! Lending access tokens: which one a caller gets, when it is refreshed, and what the database keeps of it.

use std::{sync::Arc, time::Duration as Elapsed};

use mail360::accounts::{
    model::{AccountState, StateReason},
    service::grants::{NoStops, NoToken},
};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;
use time::Duration;
use tokio::sync::Notify;

use crate::support::{
    Canned, Kind, refreshed,
    refreshing::{DIRECTORY, Process, Scene, refused, text},
    rotate, write_keys,
};

#[rstest]
#[tokio::test]
async fn a_token_with_a_minute_left_is_lent_and_one_with_less_is_refreshed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::seconds(3540));
    assert_eq!(scene.token(account).await.expect("a token"), "grace");
    assert!(scene.sent().is_empty());
    scene.world.clock.advance(Duration::seconds(1));
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
    assert_eq!(scene.sent(), ["grace"]);
    let request = scene.world.provider.refreshes().remove(0);
    assert!(request.url.contains(DIRECTORY), "{}", request.url);
    let scope = request.field("scope").expect("scopes");
    assert!(scope.contains("Mail.Read") && !scope.contains("Mail.ReadWrite"), "{scope}");
}

#[rstest]
#[tokio::test]
async fn a_token_that_was_just_refreshed_is_lent_whatever_its_life(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    let mut short = refreshed("short");
    short["expires_in"] = json!(5);
    scene.world.provider.answer_refresh(Canned::Json(200, short));
    assert_eq!(scene.token(account).await.expect("a token"), "short");
    // Without a life, five minutes are assumed.
    let mut unknown = refreshed("unknown");
    unknown.as_object_mut().expect("an object").remove("expires_in");
    scene.world.provider.answer_refresh(Canned::Json(200, unknown));
    assert_eq!(scene.token(account).await.expect("a token"), "unknown");
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::seconds(240));
    assert_eq!(scene.token(account).await.expect("a token"), "unknown");
    scene.world.clock.advance(Duration::seconds(1));
    assert_eq!(scene.token(account).await.expect("a token"), "unknown+");
}

#[rstest]
#[tokio::test]
async fn o15_twenty_callers_share_one_refresh(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed("new"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (grants, organisation) = (scene.process.grants.clone(), scene.organisation);
        callers.spawn(async move { grants.valid_access_token(organisation, account).await });
    }
    scene.wait_for_requests(1).await;
    gate.notify_one();
    for lent in callers.join_all().await {
        assert_eq!(text(&lent.expect("a token")), "new");
    }
    assert_eq!(scene.sent(), ["grace"]);
}

#[rstest]
#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_only_while_it_is_the_stored_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    let refused = SecretString::from("canary-access-grace");
    scene.world.clock.advance(Duration::minutes(5));
    for _ in 0..2 {
        let lent = scene.process.grants.report_refused_token(scene.organisation, account, &refused).await;
        assert_eq!(text(&lent.expect("a token").expect("a new token")), "grace+");
    }
    assert_eq!(scene.sent(), ["grace"]);
}

#[rstest]
#[tokio::test]
async fn an_address_that_refuses_good_tokens_costs_one_refresh_in_five_minutes_over_all_processes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    let other = Process::another(&scene.world, Arc::new(NoStops)).await;
    for (minutes, sent) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        scene.world.clock.advance(Duration::minutes(minutes));
        for grants in [&scene.process.grants, &other.grants] {
            for _ in 0..3 {
                let lent = grants.valid_access_token(scene.organisation, account).await.expect("a token");
                grants
                    .report_refused_token(scene.organisation, account, &lent.token)
                    .await
                    .expect("an answer");
            }
        }
        assert_eq!(scene.sent().len(), sent, "after {minutes} more minutes");
    }
}

#[rstest]
#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one_and_a_long_one_is_stored_whole(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    let mut kept = refreshed("second");
    kept.as_object_mut().expect("an object").remove("refresh_token");
    scene.world.provider.answer_refresh(Canned::Json(200, kept));
    assert_eq!(scene.token(account).await.expect("a token"), "second");
    scene.expire();
    let long = "x".repeat(200_000);
    scene.world.provider.answer_refresh(Canned::Json(200, refreshed(&long)));
    assert_eq!(scene.token(account).await.expect("a token"), long);
    scene.expire();
    scene.world.provider.answer_refreshes(rotate);
    scene.token(account).await.expect("a token");
    assert_eq!(scene.sent(), ["grace", "grace", &long]);
}

#[rstest]
#[tokio::test]
async fn a_paused_account_lends_nothing_and_is_refreshed_daily(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    let admin = scene.world.admin().await;
    assert!(scene.process.accounts().pause(&admin, account).await.expect("paused"));
    assert!(matches!(scene.token(account).await, Err(NoToken::Paused)));
    assert_eq!(scene.process.refresh_due().await, 0);
    for day in 1..=3 {
        scene.world.clock.advance(Duration::days(1));
        assert_eq!(scene.process.refresh_due().await, 1);
        assert_eq!(scene.sent().len(), day);
    }
    assert!(matches!(scene.token(account).await, Err(NoToken::Paused)));
    assert!(scene.process.accounts().resume(&admin, account).await.expect("resumed"));
    assert_eq!(scene.token(account).await.expect("a token"), "grace+++");
}

#[rstest]
#[tokio::test]
async fn a_caller_waits_ten_seconds_and_the_refresh_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    let gate = Arc::new(Notify::new());
    let answer = Canned::Json(200, refreshed("late"));
    scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
    let (grants, organisation) = (scene.process.grants.clone(), scene.organisation);
    let caller = tokio::spawn(async move { grants.valid_access_token(organisation, account).await });
    scene.wait_for_requests(1).await;
    scene.process.monotonic.advance(9.9);
    tokio::time::sleep(Elapsed::from_millis(50)).await;
    assert!(!caller.is_finished());
    scene.process.monotonic.advance(0.1);
    let answer = caller.await.expect("an end");
    assert!(matches!(answer, Err(NoToken::Busy { retry_after: 1.. })), "{answer:?}");
    gate.notify_one();
    scene.process.grants.wait_for_refreshes().await;
    assert_eq!(scene.token(account).await.expect("a token"), "late");
    assert_eq!(scene.sent(), ["grace"]);
}

#[rstest]
#[tokio::test]
async fn a_provider_that_hangs_is_given_fifteen_seconds(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    let gate = Arc::new(Notify::new());
    let never = Canned::After(gate, Box::new(Canned::Json(200, refreshed("never"))));
    scene.world.provider.answer_refresh(never);
    assert_eq!(scene.process.look().await, 1);
    scene.wait_for_requests(1).await;
    scene.process.monotonic.advance(15.0);
    scene.process.grants.wait_for_refreshes().await;
    // The stored token stays usable until it expires.
    assert_eq!(scene.token(account).await.expect("a token"), "grace");
    assert_eq!(scene.state(account).await, (AccountState::Connected, None));
    assert_eq!(scene.of_grant::<i64>("tries").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_provider_that_is_away_is_not_asked_again_for_each_call(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    assert!(matches!(scene.token(account).await, Err(NoToken::Failed(_))));
    for _ in 0..20 {
        let answer = scene.token(account).await;
        assert!(matches!(answer, Err(NoToken::Busy { retry_after: 1..=60 })), "{answer:?}");
    }
    assert_eq!(scene.sent().len(), 1);
    scene.world.clock.advance(Duration::minutes(1));
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
}

#[rstest]
#[tokio::test]
async fn s1_the_database_has_no_token_in_clear(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.expire();
    scene.world.provider.answer_refresh(Canned::Echo);
    assert!(scene.token(account).await.is_err());
    let dump = scene.world.raw.dump(&[]).await.join("\n");
    for canary in ["canary-access", "canary-refresh", "canary-description"] {
        assert!(!dump.contains(canary), "{canary}");
        assert!(!dump.contains(&crate::support::hex(canary.as_bytes())), "{canary}");
    }
}

#[rstest]
#[case::older_token("token_version = token_version - 1")]
#[case::other_application("client_id = '1b4e28ba-2fa1-11d2-883f-0016d3cca427'")]
#[case::other_address("pinned = replace(pinned, 'login.microsoftonline.com', 'login.attacker.test')")]
#[tokio::test]
async fn s3_a_token_opens_only_in_its_row_and_is_sent_to_no_other_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    assert!(scene.world.program.survey().await.expect("a survey").lost.is_empty());
    scene.world.raw.run(&format!("UPDATE grants SET {change}")).await.expect("changed");
    assert_eq!(scene.world.program.survey().await.expect("a survey").lost.len(), 2);
    scene.world.provider.answer_refreshes(rotate);
    let answer = scene.token(account).await;
    assert!(matches!(answer, Err(NoToken::State(AccountState::NeedsSignIn))), "{answer:?}");
    assert!(scene.world.provider.refreshes().is_empty(), "something was sent");
    let (state, reason) = scene.state(account).await;
    assert_eq!(state, AccountState::NeedsSignIn);
    let expected = if change.contains("client_id") {
        StateReason::ApplicationChanged
    } else {
        StateReason::TokenUnreadable
    };
    assert_eq!(reason, Some(expected));
}

#[rstest]
#[tokio::test]
async fn s3_a_token_of_another_account_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let (grace, eve) = (scene.connect("grace").await, scene.connect("eve").await);
    let moved = format!(
        "UPDATE grants SET refresh_token = (SELECT refresh_token FROM grants WHERE account_id = {0}), \
         access_token = (SELECT access_token FROM grants WHERE account_id = {0}) WHERE account_id = {1}",
        scene.world.raw.id(grace),
        scene.world.raw.id(eve)
    );
    scene.world.raw.run(&moved).await.expect("moved");
    assert!(scene.token(eve).await.is_err());
    assert_eq!(scene.state(eve).await.1, Some(StateReason::TokenUnreadable));
    assert_eq!(scene.token(grace).await.expect("a token"), "grace");
    assert!(scene.world.provider.refreshes().is_empty());
}

#[rstest]
#[tokio::test]
async fn s4_resealing_covers_both_tokens_of_a_grant(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.world.clear_expiry_of_secrets().await;
    let key_file = &scene.world.program.config.encryption_key_file;
    write_keys(key_file, &[("new", 9), ("test", 7)]);
    scene.world.another_process(&[]).await;
    let said = scene.world.run("reseal").expect("done");
    assert!(said.contains("you can remove the old lines"), "{said}");
    write_keys(key_file, &[("new", 9)]);
    let world = scene.world.another_process(&[]).await;
    let survey = world.program.survey().await.expect("a survey");
    assert!(survey.lost.is_empty() && survey.by_key.keys().eq(["new"]), "{survey:?}");
    let lent = world.program.grants.valid_access_token(scene.organisation, account).await;
    assert_eq!(text(&lent.expect("a token")), "grace");
    scene.expire();
    scene.world.provider.answer_refreshes(rotate);
    let lent = world.program.grants.valid_access_token(scene.organisation, account).await;
    assert_eq!(text(&lent.expect("a token")), "grace+");
    assert_eq!(scene.sent(), ["grace"]);
}

#[rstest]
#[tokio::test]
async fn the_forecast_tells_the_next_refresh_and_the_end_of_an_idle_grant(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let now = scene.world.program.clock.now();
    let read = scene.world.program.database.read();
    let forecast = scene.process.grants.forecast(&read, &scene.account(account).await).await;
    let forecast = forecast.expect("an answer").expect("a grant");
    let next = forecast.next_refresh_at.expect("a time").since(now);
    assert!(next <= Duration::days(1) && next >= Duration::hours(22), "{next}");
    assert_eq!(forecast.idle_end.expect("a time").since(now), Duration::days(90));
    assert_eq!(forecast.access_expires_at.expect("a time").since(now), Duration::hours(1));
    assert!(forecast.missing.is_empty() && !forecast.is_open);
    scene.world.raw.run("UPDATE grants SET scopes = 'User.Read'").await.expect("changed");
    let forecast = scene.process.grants.forecast(&read, &scene.account(account).await).await;
    let missing = forecast.expect("an answer").expect("a grant").missing;
    assert!(missing.iter().any(|scope| scope == "Mail.Read"), "{missing:?}");
}

#[rstest]
#[tokio::test]
async fn the_forecast_tells_the_end_of_a_grant_that_was_given_for_a_limited_time(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let mut ends = Vec::new();
    for answer in [None, Some(604_800), None] {
        scene.make_due().await;
        let mut tokens = refreshed("grace+");
        if let Some(seconds) = answer {
            tokens["refresh_token_expires_in"] = json!(seconds);
        }
        scene.world.provider.answer_refresh(Canned::Json(200, tokens));
        assert_eq!(scene.process.refresh_due().await, 1);
        let read = scene.world.program.database.read();
        let forecast = scene.process.grants.forecast(&read, &scene.account(account).await).await;
        let end = forecast.expect("an answer").expect("a grant").ends_at;
        ends.push(end.map(|end| end.since(scene.world.program.clock.now()).whole_days()));
    }
    assert_eq!(ends[0], None);
    assert!(ends[1].is_some_and(|days| (6..=7).contains(&days)), "{ends:?}");
    assert!(ends[2].is_some(), "an answer without an end does not take it back: {ends:?}");
}

#[rstest]
#[tokio::test]
async fn a_grant_that_has_ended_lends_nothing_until_an_administrator_tries_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    scene.make_due().await;
    scene.world.provider.answer_refresh(refused("invalid_grant"));
    assert_eq!(scene.process.refresh_due().await, 1);
    // The access token may still be valid, but the person has withdrawn it.
    for _ in 0..3 {
        assert!(matches!(scene.token(account).await, Err(NoToken::State(AccountState::NeedsSignIn))));
    }
    scene.world.clock.advance(Duration::days(400));
    assert_eq!(scene.process.refresh_due().await, 0);
    assert_eq!(scene.sent().len(), 1);
    let admin = scene.world.admin().await;
    scene.world.provider.answer_refresh(refused("interaction_required"));
    let again = scene.process.grants.try_again(&admin, account).await;
    assert_eq!(again.expect("a state"), AccountState::NeedsSignIn);
    scene.world.provider.answer_refreshes(rotate);
    let again = scene.process.grants.try_again(&admin, account).await;
    assert_eq!(again.expect("a state"), AccountState::Connected);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
}
