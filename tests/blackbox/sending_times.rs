//! How long outcomes are kept, and clocks that are wrong.

use std::sync::Arc;

use mail360::mail::sending::{NoStops, SendFailure, Step, StopPoint};
use rstest::rstest;
use time::Duration;

use crate::support::{
    Kind, TestMonotonic, World,
    outbox::Fault,
    sending::{BLIND, DRAFT, Office, message},
    write_keys,
};

/// Runs the sweep again and again until it believes the time that the clock shows.
pub async fn sweep(world: &World, monotonic: &Arc<TestMonotonic>) {
    for _ in 0..3 {
        world.run_sweep_at(monotonic.clone()).await;
        monotonic.advance(6.0 * 3_600.0);
    }
}

#[rstest]
#[tokio::test]
async fn an_outcome_is_kept_for_a_day_and_an_unknown_one_for_thirty(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, BLIND).await;
    let (world, raw, monotonic) = (&office.scene.world, &office.scene.world.raw, TestMonotonic::new());
    office.send(Some("k-1"), message("a")).await.expect("sent");
    office.outbox.fail_next([Fault::AnswerLost]);
    office.send(Some("k-2"), message("b")).await.expect_err("unknown");
    office.outbox.fail_next([Fault::Refused]);
    office.send(Some("k-3"), message("c")).await.expect_err("refused");
    world.clock.advance(Duration::hours(23));
    sweep(world, &monotonic).await;
    assert_eq!(raw.count("sends").await, 3);
    assert!(office.send(Some("k-1"), message("a")).await.expect("sent").is_replay);
    world.clock.advance(Duration::hours(2));
    sweep(world, &monotonic).await;
    assert_eq!(raw.column::<String>("SELECT state FROM sends").await, ["unknown"]);
    let unknown = office.send(Some("k-2"), message("b")).await;
    assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
    world.clock.advance(Duration::days(30));
    sweep(world, &monotonic).await;
    assert_eq!(raw.count("sends").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_erases_no_outcome(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let world = &office.scene.world;
    office.send(Some("k-1"), message("a")).await.expect("sent");
    world.clock.advance(Duration::days(400));
    world.run_sweep().await;
    world.clock.advance(Duration::days(-400));
    assert!(office.send(Some("k-1"), message("a")).await.expect("sent").is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn n7_a_record_that_a_clock_has_put_off_too_far_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Answered(Step::SendDraft), Some("k-1"), message("a")).await;
    let ahead = (office.scene.world.clock.now_seconds() + 30 * 86_400) * 1_000_000;
    let put_off = format!("UPDATE sends SET lease_owner = NULL, next_at = {ahead}");
    office.scene.world.raw.run(&put_off).await.expect("put off");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "done");
}

#[rstest]
#[tokio::test]
async fn n7_a_message_that_was_begun_too_long_ago_or_is_from_the_future_is_not_sent_any_more(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(("created_at", -3_660), ("created_at", 660), ("begun_at", -660), ("begun_at", 660))] time: (
        &str,
        i64,
    ),
) {
    let (column, seconds) = time;
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::CreateDraft), Some("k-1"), message("a")).await;
    let at = (office.scene.world.clock.now_seconds() + seconds) * 1_000_000;
    let raw = &office.scene.world.raw;
    raw.run(&format!("UPDATE sends SET {column} = {at}")).await.expect("changed");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "failed");
    assert_eq!(office.outbox.delivered().len(), 0);
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(!sent.is_replay, "the key is free");
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_ends_no_doubt(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Answered(Step::SendDraft), Some("k-1"), message("a")).await;
    office.scene.world.clock.advance(Duration::days(8));
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "done");
}

/// Makes the only record one that has waited in the table for these minutes, and was never begun.
async fn queue(office: &Office, minutes: i64) {
    let micros = minutes * 60_000_000;
    let queued = format!(
        "UPDATE sends SET state = 'accepted', lease_owner = NULL, next_at = 0, begun_at = NULL, \
         created_at = created_at - {micros}"
    );
    office.scene.world.raw.run(&queued).await.expect("queued");
}

#[rstest]
#[tokio::test]
async fn a_message_that_has_waited_for_a_place_for_up_to_an_hour_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values((50, "done"), (61, "failed"))] waited: (i64, &str),
) {
    let (minutes, expected) = waited;
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::CreateDraft), Some("k-1"), message("a")).await;
    queue(&office, minutes).await;
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, expected);
}

#[rstest]
#[tokio::test]
async fn a_new_message_does_not_overtake_one_of_its_mailbox_that_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let raw = &office.scene.world.raw;
    office.kill_at(StopPoint::Claimed(Step::CreateDraft), Some("k-1"), message("a")).await;
    queue(&office, 1).await;
    let call = office.begin(&office.sender, Some("k-2"), message("b"));
    while raw.count("sends").await < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert_eq!(raw.one::<i64>("SELECT COUNT(*) FROM sends WHERE lease_owner IS NOT NULL").await, 0);
    office.finish(&[&office.sender], call).await.expect("sent");
    office.wait_for_ended(&[&office.sender], 2).await;
    assert_eq!(office.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn n7_an_end_in_the_future_is_joined_by_no_call_without_a_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Answered(Step::SendDraft), None, message("a")).await;
    office.wait_for_ended(&[&office.sender], 1).await;
    let ahead = (office.scene.world.clock.now_seconds() + 86_400) * 1_000_000;
    office.scene.world.raw.run(&format!("UPDATE sends SET ended_at = {ahead}")).await.expect("changed");
    assert!(!office.send(None, message("a")).await.expect("sent").is_replay);
}

#[rstest]
#[tokio::test]
async fn s4_a_repeat_is_known_with_a_new_key_of_the_vault_and_without_the_old_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let world = &office.scene.world;
    let first = office.send(Some("k-1"), message("a")).await.expect("sent");
    office.kill_at(StopPoint::Committed(Step::CreateDraft), Some("k-2"), message("b")).await;
    world.clear_expiry_of_secrets().await;
    let file = &world.program.config.encryption_key_file;
    write_keys(file, &[("new", 9), ("test", 7)]);
    let resealing = world.another_process(&[]).await;
    let said = resealing.run("reseal").expect("done");
    assert!(said.contains("you can remove the old lines"), "{said}");
    write_keys(file, &[("new", 9)]);
    let after = office.another(Arc::new(NoStops)).await;
    let again = office.send_at(&after, Some("k-1"), message("a")).await.expect("sent");
    assert_eq!((again.is_replay, again.message_id), (true, first.message_id));
    let other_values = office.send_at(&after, Some("k-1"), message("b")).await;
    assert!(matches!(other_values, Err(SendFailure::KeyReused)), "{other_values:?}");
    let open = office.send_at(&after, Some("k-2"), message("b")).await.expect("sent");
    assert!(open.is_replay);
    assert_eq!(office.outbox.delivered().len(), 2);
}
