//! What the program keeps of the sends of a client: how many, and how much of each.

use mail360::{
    mail::sending::{MAX_KEPT, SendFailure, Step, StopPoint},
    people::access::{Caller, Reach},
};
use rstest::rstest;

use super::key;
use crate::support::{
    Kind,
    api_clients::everything,
    outbox::Fault,
    sending::{CALL, DRAFT, Office, message},
};

#[rstest]
#[tokio::test]
async fn a_client_has_a_bounded_number_of_open_sends(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::CreateDraft), Some("k-1"), message("a")).await;
    let raw = &office.scene.world.raw;
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999)",
            "unhex(printf('%032x', n))",
        ),
        Kind::Postgres => {
            ("WITH numbers(n) AS (SELECT generate_series(1, 999))", "lpad(to_hex(n), 32, '0')::uuid")
        }
    };
    // Far in the future, so that none is worked at.
    let next_at = office.scene.world.clock.now_seconds() * 1_000_000 + 60_000_000;
    let copies = format!(
        "INSERT INTO sends (id, organisation_id, account_id, holder_id, holder_kind, kind, state, way, message_id, \
         attached, doubts, recipients, request, is_untold, lease_counter, tries, next_at, lost_drafts, created_at) {numbers} \
         SELECT {id}, organisation_id, account_id, holder_id, holder_kind, kind, state, way, message_id, attached, \
         doubts, recipients, request, is_untold, 1, 0, {next_at}, 0, created_at FROM numbers, sends"
    );
    raw.run(&copies).await.expect("copied");
    let full = office.send(Some("k-2"), message("b")).await;
    assert!(matches!(full, Err(SendFailure::TooManyOpen { .. })), "{full:?}");
    // Another client has its own.
    let another = office.scene.world.add_api_client("ada@contoso.test", &everything("Other")).await;
    let other = Caller::of_client(office.scene.organisation, another.id, Reach::All, None, None);
    let sending = &office.sender.sending;
    sending.send(&other, office.account, CALL, key("k-2"), message("b")).await.expect("sent");
    // A repeat needs no room.
    let repeat = office.begin(&office.sender, Some("k-1"), message("a"));
    let repeat = office.finish(&[&office.sender], repeat).await;
    assert!(!matches!(repeat, Err(SendFailure::TooManyOpen { .. })), "{repeat:?}");
}

#[rstest]
#[tokio::test]
async fn a_client_has_a_bounded_number_of_kept_outcomes(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.send(Some("k-1"), message("a")).await.expect("sent");
    let raw = &office.scene.world.raw;
    let last = MAX_KEPT - 1;
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
            ),
            "unhex(printf('%032x', n))",
        ),
        Kind::Postgres => (
            format!("WITH numbers(n) AS (SELECT generate_series(1, {last}))"),
            "lpad(to_hex(n), 32, '0')::uuid",
        ),
    };
    let copies = format!(
        "INSERT INTO sends (id, organisation_id, account_id, holder_id, holder_kind, kind, state, way, message_id, \
         attached, doubts, recipients, is_untold, lease_counter, tries, lost_drafts, created_at, ended_at) {numbers} SELECT {id}, \
         organisation_id, account_id, holder_id, holder_kind, kind, state, way, message_id, attached, doubts, \
         recipients, is_untold, 1, 0, 0, created_at, ended_at FROM numbers, sends"
    );
    raw.run(&copies).await.expect("copied");
    let full = office.send(Some("k-2"), message("b")).await;
    assert!(matches!(full, Err(SendFailure::TooManyKept { .. })), "{full:?}");
    let again = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(again.is_replay, "a repeat needs no room");
    // Another client has its own.
    let another = office.scene.world.add_api_client("ada@contoso.test", &everything("Other")).await;
    let other = Caller::of_client(office.scene.organisation, another.id, Reach::All, None, None);
    let sending = &office.sender.sending;
    sending.send(&other, office.account, CALL, key("k-2"), message("b")).await.expect("sent");
}

#[rstest]
#[tokio::test]
async fn long_values_of_a_call_are_shown_again_and_not_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let mut long = message("a");
    long.shown.to = "canary@contoso.test,".repeat(5_000);
    office.outbox.fail_next([Fault::Refused]);
    office.send(Some("k-1"), long.clone()).await.expect_err("refused");
    let first = office.send(Some("k-2"), long.clone()).await.expect("sent");
    let again = office.send(Some("k-2"), long.clone()).await.expect("sent");
    assert_eq!((again.is_replay, &again.shown), (true, &long.shown));
    assert_eq!(first.shown, long.shown);
    let largest = "SELECT CAST(MAX(LENGTH(answer)) AS BIGINT) FROM sends";
    let largest = office.scene.world.raw.one::<i64>(largest).await;
    assert!(largest < 1_000, "{largest}");
}
