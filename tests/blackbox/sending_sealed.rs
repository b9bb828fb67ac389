//! Records that a process cannot open, as while the key of the vault is changed in one process after the other.

use mail360::mail::sending::{SendFailure, Step, StopPoint};
use rstest::rstest;
use uuid::Uuid;

use crate::support::{
    Kind,
    outbox::Fault,
    sending::{BLIND, DRAFT, Office, message},
};

/// Bytes that no key opens.
fn unreadable(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "x'00'",
        Kind::Postgres => "'\\x00'::bytea",
    }
}

#[rstest]
#[tokio::test]
async fn an_outcome_that_cannot_be_opened_still_tells_whether_the_message_was_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, BLIND).await;
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    office.outbox.fail_next([Fault::AnswerLost]);
    office.send(Some("k-2"), message("b")).await.expect_err("unknown");
    let raw = &office.scene.world.raw;
    raw.run(&format!("UPDATE sends SET answer = {}", unreadable(kind))).await.expect("changed");
    let again = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(again.is_replay);
    assert_eq!(again.internet_message_id, sent.internet_message_id);
    let unknown = office.send(Some("k-2"), message("b")).await;
    assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
}

#[rstest]
#[tokio::test]
async fn a_repeat_joins_a_send_whose_message_cannot_be_opened(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), Some("k-1"), message("a")).await;
    let raw = &office.scene.world.raw;
    raw.run(&format!("UPDATE sends SET request = {}", unreadable(kind))).await.expect("changed");
    // What became of it is found out without the message.
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!(office.outbox.delivered(), [sent.internet_message_id]);
}

#[rstest]
#[tokio::test]
async fn a_message_that_cannot_be_opened_waits_for_another_process_for_ten_minutes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(true, false)] opens_again: bool,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::CreateDraft), Some("k-1"), message("a")).await;
    let (raw, clock) = (&office.scene.world.raw, &office.scene.world.clock);
    raw.run("CREATE TABLE kept AS SELECT request FROM sends").await.expect("kept");
    raw.run(&format!("UPDATE sends SET request = {}", unreadable(kind))).await.expect("changed");
    while office.of_send::<Option<Uuid>>("lease_owner").await.is_some() {
        office.pass(&[&office.sender], 1.0).await;
    }
    assert_eq!(office.of_send::<String>("state").await, "drafting");
    if opens_again {
        raw.run("UPDATE sends SET request = (SELECT request FROM kept)").await.expect("changed");
        clock.advance(time::Duration::minutes(1));
    } else {
        clock.advance(time::Duration::minutes(11));
    }
    office.wait_for_ended(&[&office.sender], 1).await;
    let state = office.of_send::<String>("state").await;
    assert_eq!(state, if opens_again { "done" } else { "failed" });
    assert_eq!(office.outbox.delivered().len(), usize::from(opens_again));
}
