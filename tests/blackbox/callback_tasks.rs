//! The background task of a callback, while its browser waits or after it has disconnected.

use std::time::Duration as StdDuration;

use rstest::rstest;
use time::Duration;

use crate::support::{Kind, callback, held, sign_in_path, under_way};

#[rstest]
#[tokio::test]
async fn a_browser_that_disconnects_does_not_stop_the_check(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, authorize) = under_way(kind).await;
    let (gate, request) = held(&world, &ada, &authorize).await;
    request.abort();
    assert!(request.await.is_err(), "the request ended before it was aborted");

    let mut ada = ada;
    let path = sign_in_path(&world).await;
    let page = ada.get(&path).await;
    page.assert_status(200).assert_says("Checking…");
    assert_eq!(page.header("refresh"), "2", "the page does not reload itself");
    gate.notify_one();
    world.program.sign_ins.wait_for_exchanges().await;
    ada.get(&path).await.assert_says("The connector works");
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn a_consumed_attempt_without_an_outcome_counts_as_interrupted_after_15_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    // The state after a kill between the consuming write and the outcome.
    let now = mail360::platform::clock::Clock::now(&*world.clock).micros();
    let killed = format!("UPDATE attempts SET consumed_at = {now}, pkce_verifier = NULL");
    world.raw.run(&killed).await.expect("updated");
    let path = sign_in_path(&world).await;
    ada.get(&path).await.assert_says("Checking…");
    world.clock.advance(Duration::seconds(16));
    ada.get(&path).await.assert_says("Interrupted, start again");
    ada.get(&connector).await.assert_says("Interrupted");
    // The callback again changes nothing, because its code may have been used.
    assert_eq!(ada.get(&callback(&authorize, "code=abc")).await.assert_status(303).location(), path);
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn an_interrupted_sign_in_stays_interrupted_after_a_late_answer_of_the_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, authorize) = under_way(kind).await;
    let (gate, request) = held(&world, &ada, &authorize).await;
    world.clock.advance(Duration::seconds(16));
    let (mut ada, path) = (ada, sign_in_path(&world).await);
    ada.get(&path).await.assert_says("Interrupted, start again");
    gate.notify_one();
    assert_eq!(request.await.expect("an answer").assert_status(303).location(), path);
    world.program.sign_ins.wait_for_exchanges().await;
    ada.get(&path).await.assert_says("Interrupted, start again");
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn an_outcome_that_could_not_be_written_is_written_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let (gate, request) = held(&world, &ada, &authorize).await;
    // The outcome is also written into the timeline, whose table is missing for a moment.
    world.raw.run("ALTER TABLE attempt_events RENAME TO gone").await.expect("renamed");
    gate.notify_one();
    tokio::time::sleep(StdDuration::from_millis(700)).await;
    let ended = "SELECT COUNT(*) FROM attempts WHERE outcome IS NOT NULL";
    assert_eq!(world.raw.one::<i64>(ended).await, 0, "the outcome was written in part");
    world.raw.run("ALTER TABLE gone RENAME TO attempt_events").await.expect("renamed");
    let landed = request.await.expect("an answer");
    ada.get(landed.assert_status(303).location()).await.assert_says("The connector works");
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn a_connector_that_is_renamed_during_the_sign_in_is_verified(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, authorize) = under_way(kind).await;
    let (gate, request) = held(&world, &ada, &authorize).await;
    let renamed = "UPDATE connectors SET service_name = 'Other', name_key = 'other', version = version + 1";
    world.raw.run(renamed).await.expect("renamed");
    gate.notify_one();
    request.await.expect("an answer").assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[case("UPDATE users SET disabled_at = 1")]
#[case("UPDATE users SET role = 'viewer'")]
#[tokio::test]
async fn l11_a_user_who_lost_the_role_or_was_disabled_finishes_no_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.raw.run(change).await.expect("changed");
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert!(world.provider.requests().is_empty(), "Microsoft is not even asked");
    assert_eq!(world.state(&connector).await, "not_verified");
    let outcome: String = world.raw.one("SELECT outcome FROM attempts").await;
    assert!(outcome.contains("not_allowed"), "{outcome}");
}
