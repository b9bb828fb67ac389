//! How many scheduled messages wait, how large they are together, and how many are sent at once.

use std::{collections::HashMap, time::Duration as Elapsed};

use mail360::{
    accounts::service::AccountId,
    mail::schedules::{MAX_OPEN_BYTES, ScheduleFailure, ScheduleState},
};
use rstest::rstest;
use time::Duration;

use crate::{
    schedules::{CALL, Scheduling, message},
    support::{Kind, jobs::until},
};

#[rstest]
#[tokio::test]
async fn an_account_with_many_messages_at_one_time_has_four_places_and_its_client_eight(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    // More than a look reads at once.
    for _ in 0..70 {
        scheduling.in_an_hour().await;
    }
    let others = [
        scheduling.uploading.scene.connect("henry").await,
        scheduling.uploading.scene.connect("irene").await,
    ];
    let due = scheduling.now().plus(Duration::hours(1));
    let caller = scheduling.uploading.caller();
    for (account, subjects) in others.into_iter().zip([["1", "2", "3"], ["4", "5", "6"]]) {
        for subject in subjects {
            let request = message(subject, &[]);
            scheduling.schedules.add(&caller, account, CALL, None, request, due).await.expect("scheduled");
        }
    }
    let gate = scheduling.sender.hold();
    scheduling.world().clock.advance(Duration::hours(1));
    for _ in 0..2 {
        scheduling.schedules.send_due().await.expect("a look");
        until(|| scheduling.sender.number() >= 8).await;
        tokio::time::sleep(Elapsed::from_millis(50)).await;
        assert_eq!(scheduling.sender.number(), 8);
    }
    let mut asked: HashMap<AccountId, usize> = HashMap::new();
    for due in scheduling.sender.take() {
        *asked.entry(due.account).or_default() += 1;
    }
    assert!(asked.values().all(|number| *number <= 4), "{asked:?}");
    gate.notify_waiters();
    let sent = "SELECT COUNT(*) FROM schedules WHERE state = 'sent'";
    for _ in 0..1_000 {
        if scheduling.world().raw.one::<i64>(sent).await == 8 {
            break;
        }
        tokio::time::sleep(Elapsed::from_millis(5)).await;
    }
    // Its task may end a moment after the row.
    while scheduling.sender.number() == 0 {
        scheduling.schedules.send_due().await.expect("a look");
        tokio::time::sleep(Elapsed::from_millis(5)).await;
    }
}

#[rstest]
#[tokio::test]
async fn the_messages_of_a_client_that_wait_have_256_mb_together(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let first = scheduling.in_an_hour().await;
    let raw = &scheduling.world().raw;
    let counted = raw.one::<i64>("SELECT counted FROM schedules").await;
    let sealed =
        raw.one::<i64>("SELECT CAST(LENGTH(request) + LENGTH(shown) AS BIGINT) FROM schedules").await;
    assert_eq!(counted, sealed);
    let most = i64::try_from(MAX_OPEN_BYTES).expect("a number");
    raw.run(&format!("UPDATE schedules SET counted = {}", most - 100)).await.expect("changed");
    let refused = scheduling.add(message("one more", &[]), Duration::hours(1), None).await;
    assert!(matches!(refused, Err(ScheduleFailure::TooMany)), "{refused:?}");
    assert_eq!(raw.count("schedules").await, 1);
    scheduling.pass(Duration::hours(1), first, ScheduleState::Sent, None).await;
    scheduling.in_an_hour().await;
    // Two calls at once do not share the last bytes.
    raw.run(&format!("UPDATE schedules SET counted = {} WHERE state = 'waiting'", most - counted - 100))
        .await
        .expect("changed");
    let add = async |subject: &str| scheduling.add(message(subject, &[]), Duration::hours(1), None).await;
    let (one, two) = tokio::join!(add("a"), add("b"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
}

#[rstest]
#[tokio::test]
async fn a_client_has_at_most_a_thousand_messages_that_wait(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let first = scheduling.in_an_hour().await;
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 998)",
            "randomblob(16)",
        ),
        Kind::Postgres => ("WITH numbers(n) AS (SELECT generate_series(1, 998))", "gen_random_uuid()"),
    };
    let columns = "organisation_id, client_id, account_id, state, shown, version, attempt_id, tries, due_at, next_at, \
                   created_at";
    let copies = format!(
        "INSERT INTO schedules (id, {columns}) {numbers} SELECT {id}, {columns} FROM numbers, schedules"
    );
    scheduling.world().raw.run(&copies).await.expect("copied");
    scheduling.in_an_hour().await;
    let refused = scheduling.add(message("one more", &[]), Duration::hours(1), None).await;
    assert!(matches!(refused, Err(ScheduleFailure::TooMany)), "{refused:?}");
    let cancelled =
        scheduling.schedules.cancel(&scheduling.uploading.caller(), scheduling.account(), first).await;
    cancelled.expect("cancelled");
    scheduling.in_an_hour().await;
}
