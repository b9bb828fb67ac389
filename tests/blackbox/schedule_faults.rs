//! Messages that are sent later, amid kills, races, attacks and wrong clocks.

use std::time::Duration as Elapsed;

use mail360::{
    accounts::service::AccountId,
    mail::{
        schedules::{Attempt, ScheduleFailure, ScheduleState, WhyNotSent},
        sending::{Key, SendFailure},
        uploads::UploadId,
    },
    platform::clock::Timestamp,
};
use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::{
    schedules::{CALL, Scheduling, message, process, sent},
    sending_times::sweep,
    support::{Kind, TestMonotonic, jobs::until, rotate, write_key, write_keys},
};

#[rstest]
#[tokio::test]
async fn a_message_whose_process_is_killed_is_taken_over_under_the_same_id(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.sender.hang();
    scheduling.world().clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    until(|| scheduling.sender.number() == 1).await;

    let (other, sender) = process(scheduling.world());
    other.send_due().await.expect("a look");
    assert_eq!(sender.number(), 0, "the first one may still go on");
    scheduling.world().clock.advance(Duration::minutes(2));
    other.send_due().await.expect("a look");
    scheduling.wait_for(id, ScheduleState::Sent, None).await;
    assert_eq!(sender.take()[0].attempt, scheduling.sender.take()[0].attempt);
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_does_not_put_off_what_another_one_is_sending(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    let attempt = scheduling.attempt().await;
    let gate = scheduling.sender.hold();
    scheduling.sender.answer(|_| Attempt::NotNow(WhyNotSent::Unavailable));
    scheduling.world().clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    until(|| scheduling.sender.number() == 1).await;

    let (other, sender) = process(scheduling.world());
    sender.answer(|_| Attempt::UnderWay);
    scheduling.world().clock.advance(Duration::minutes(2));
    other.send_due().await.expect("a look");
    until(|| sender.number() == 1).await;
    gate.notify_one();
    tokio::time::sleep(Elapsed::from_millis(100)).await;
    assert_eq!(scheduling.state(id).await, (ScheduleState::Sending, None));
    assert_eq!(scheduling.attempt().await, attempt, "a second id would send it twice");
    sender.answer(sent);
    scheduling.world().clock.advance(Duration::minutes(2));
    other.send_due().await.expect("a look");
    scheduling.wait_for(id, ScheduleState::Sent, None).await;
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_begins_no_send_after_another_one_has_put_it_off_or_it_was_cancelled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let world = scheduling.world();
    world.raw.run("UPDATE grants SET scopes = 'User.Read Mail.ReadWrite Mail.Send'").await.expect("granted");
    world.provider.answer_refreshes(rotate);
    let id = scheduling.in_an_hour().await;
    scheduling.sender.hang();
    world.clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    until(|| scheduling.sender.number() == 1).await;
    let due = scheduling.sender.take().remove(0);
    let begin = async || {
        let (request, taken) = (due.request.clone(), Some(due.taken));
        let sending = &world.program.sending;
        sending.send_scheduled(due.organisation, due.attempt, taken, due.account, due.client, request).await
    };

    let (other, sender) = process(world);
    sender.answer(|_| Attempt::NotNow(WhyNotSent::Unavailable));
    world.clock.advance(Duration::minutes(2));
    other.send_due().await.expect("a look");
    scheduling.wait_for(id, ScheduleState::Waiting, Some(WhyNotSent::Unavailable)).await;
    for is_cancelled in [false, true] {
        if is_cancelled {
            let caller = scheduling.uploading.caller();
            scheduling.schedules.cancel(&caller, scheduling.account(), id).await.expect("cancelled");
        }
        let begun = begin().await;
        assert!(matches!(begun, Err(SendFailure::InProgress)), "{begun:?}");
        assert_eq!(world.raw.count("sends").await, 0);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_look_at_once_one_takes_each_message(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(scheduling.in_an_hour().await);
    }
    scheduling.world().clock.advance(Duration::hours(1));
    let processes: Vec<_> = (0..3).map(|_| process(scheduling.world())).collect();
    let looks = processes.iter().map(|(schedules, _)| schedules.send_due());
    for look in futures_util::future::join_all(looks).await {
        look.expect("a look");
    }
    for id in ids {
        // Those for which an account has no place are left to later looks.
        while scheduling.state(id).await != (ScheduleState::Sent, None) {
            for (schedules, _) in &processes {
                schedules.send_due().await.expect("a look");
            }
            tokio::time::sleep(Elapsed::from_millis(5)).await;
        }
    }
    let mut asked: Vec<Uuid> =
        processes.iter().flat_map(|(_, sender)| sender.take()).map(|due| due.attempt).collect();
    assert_eq!(asked.len(), 12);
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 12);
}

#[rstest]
#[tokio::test]
async fn a_clock_that_jumps_ahead_for_a_while_gives_no_message_up_and_sends_none_too_early_after_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let upload = scheduling.uploading.add("a.txt", b"content").await.expect("stored");
    let added = scheduling.add(message("x", &[upload.id]), Duration::hours(10), None).await;
    let id = added.expect("scheduled").id;
    let ahead = Duration::days(30);
    scheduling.pass(ahead, id, ScheduleState::Waiting, Some(WhyNotSent::Late)).await;
    // Whatever time the sweep believes.
    sweep(scheduling.world(), &TestMonotonic::new()).await;
    assert_eq!(scheduling.uploading.stored().await, (1, 1), "the message needs it");
    assert!(scheduling.uploading.find(upload.id).await.is_some());
    scheduling.world().clock.advance(-ahead);
    for _ in 0..2 {
        scheduling.schedules.send_due().await.expect("a look");
        assert_eq!(scheduling.state(id).await, (ScheduleState::Waiting, None));
        scheduling.world().clock.advance(Duration::hours(4));
    }
    assert_eq!(scheduling.sender.number(), 0, "it is not due for two hours");
    scheduling.pass(Duration::hours(2), id, ScheduleState::Sent, None).await;
    assert_eq!(scheduling.sender.take()[0].request.files, [upload.id]);
}

#[rstest]
#[tokio::test]
async fn a_repeat_with_the_same_key_has_the_first_message_and_other_values_are_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let ahead = Duration::hours(48);
    let due = scheduling.now().plus(ahead);
    let caller = scheduling.uploading.caller();
    let add_by = async |call: &'static str, subject: &str, due: Timestamp| {
        let (key, request) = (Some(Key::parse("order 7").expect("a key")), message(subject, &[]));
        scheduling.schedules.add(&caller, scheduling.account(), call, key, request, due).await
    };
    let add = async |subject: &str, due: Timestamp| add_by(CALL, subject, due).await;
    let (one, two) = tokio::join!(add("first", due), add("first", due));
    let (one, two) = (one.expect("scheduled"), two.expect("scheduled"));
    assert_eq!((one.id, one.is_replay), (two.id, !two.is_replay));
    for (subject, due) in [("second", due), ("first", due.plus(Duration::seconds(1)))] {
        let refused = add(subject, due).await;
        assert!(matches!(refused, Err(ScheduleFailure::KeyReused)), "{refused:?}");
    }
    let other = scheduling.add(message("first", &[]), ahead, Some("order 8")).await.expect("scheduled");
    assert_ne!(other.id, one.id);
    let reply = add_by("answerMessage", "first", due).await.expect("a key counts for one call");
    assert!(!reply.is_replay && reply.id != one.id);
    scheduling.world().clock.advance(Duration::hours(24));
    let later = add("second", due).await.expect("a key counts for a day");
    assert!(!later.is_replay);
    assert_eq!(scheduling.world().raw.count("schedules").await, 4);
}

#[rstest]
#[tokio::test]
async fn a_clock_that_jumps_ahead_for_a_while_has_no_message_scheduled_twice(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    for _ in 0..3 {
        scheduling.schedules.send_due().await.expect("a look");
        scheduling.monotonic.advance(6.0 * 3_600.0);
    }
    let due = scheduling.now().plus(Duration::days(30));
    let caller = scheduling.uploading.caller();
    let add = async || {
        let (key, request) = (Some(Key::parse("order 7").expect("a key")), message("first", &[]));
        let added = scheduling.schedules.add(&caller, scheduling.account(), CALL, key, request, due).await;
        added.expect("scheduled")
    };
    let first = add().await;
    scheduling.world().clock.advance(Duration::days(3));
    let repeat = add().await;
    assert_eq!((repeat.id, repeat.is_replay), (first.id, true));
    // Now it is certain that the day is over.
    for _ in 0..3 {
        scheduling.schedules.send_due().await.expect("a look");
        scheduling.monotonic.advance(6.0 * 3_600.0);
    }
    assert!(!add().await.is_replay);
}

#[rstest]
#[tokio::test]
async fn a_call_without_a_key_joins_one_with_the_same_values_for_five_minutes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let due = scheduling.now().plus(Duration::hours(48));
    let caller = scheduling.uploading.caller();
    let add = async |call: &'static str, subject: &str, due: Timestamp| {
        let request = message(subject, &[]);
        let added = scheduling.schedules.add(&caller, scheduling.account(), call, None, request, due).await;
        added.expect("scheduled")
    };
    let (one, two) = tokio::join!(add(CALL, "first", due), add(CALL, "first", due));
    assert_eq!((one.id, one.is_replay), (two.id, !two.is_replay));
    for (call, subject, due) in [
        ("answerMessage", "first", due),
        (CALL, "second", due),
        (CALL, "first", due.plus(Duration::seconds(1))),
    ] {
        let other = add(call, subject, due).await;
        assert!(!other.is_replay && other.id != one.id, "{call} {subject}");
    }
    let keyed = scheduling.add(message("first", &[]), Duration::hours(48), Some("order 7")).await;
    assert!(!keyed.expect("scheduled").is_replay);
    scheduling.world().clock.advance(Duration::seconds(299));
    assert_eq!(add(CALL, "first", due).await.id, one.id);
    scheduling.world().clock.advance(Duration::seconds(1));
    let later = add(CALL, "first", due).await;
    assert!(!later.is_replay && later.id != one.id);
    assert_eq!(scheduling.world().raw.count("schedules").await, 6);
    // What was cancelled is scheduled again.
    scheduling.schedules.cancel(&caller, scheduling.account(), later.id).await.expect("cancelled");
    assert!(!add(CALL, "first", due).await.is_replay);
}

#[rstest]
#[tokio::test]
async fn the_files_of_a_message_are_kept_until_it_is_sent_or_cancelled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let uploading = &scheduling.uploading;
    let missing = UploadId(Uuid::from_u128(7));
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    let refused = scheduling.add(message("x", &[upload.id, missing]), Duration::days(3), None).await;
    assert!(matches!(&refused, Err(ScheduleFailure::UnknownUpload { id }) if *id == missing.to_string()));
    assert_eq!(scheduling.world().raw.count("schedules").await, 0);

    let first = scheduling.add(message("x", &[upload.id]), Duration::days(3), None).await.expect("scheduled");
    let second =
        scheduling.add(message("y", &[upload.id]), Duration::days(4), None).await.expect("scheduled");
    scheduling.world().clock.advance(Duration::days(2));
    scheduling.world().run_sweep().await;
    assert!(uploading.find(upload.id).await.is_some());
    scheduling.pass(Duration::days(1), first.id, ScheduleState::Sent, None).await;
    assert_eq!(scheduling.sender.take()[0].request.files, [upload.id]);
    assert!(uploading.find(upload.id).await.is_some(), "the other message needs it");
    let caller = uploading.caller();
    scheduling.schedules.cancel(&caller, scheduling.account(), second.id).await.expect("cancelled");
    assert!(uploading.find(upload.id).await.is_none(), "its day is over");
    sweep(scheduling.world(), &TestMonotonic::new()).await;
    assert_eq!(uploading.stored().await, (0, 0));
}

#[rstest]
#[tokio::test]
async fn an_attacker_who_can_write_to_the_database_sends_nothing_early_or_from_another_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let raw = &scheduling.world().raw;
    let other: AccountId = scheduling.uploading.scene.connect("henry").await;
    let now = scheduling.now().micros();
    for change in [
        format!("due_at = {now}, next_at = {now}"),
        format!("account_id = {}, next_at = {now}", raw.id(other)),
        format!("request = shown, next_at = {now}"),
    ] {
        let id = scheduling.in_an_hour().await;
        let changed = format!("UPDATE schedules SET {change} WHERE id = {}", raw.id(id));
        assert_eq!(raw.run(&changed).await, Ok(1), "{change}");
        scheduling.schedules.send_due().await.expect("a look");
        assert_eq!(scheduling.sender.number(), 0, "{change}");
        scheduling.world().clock.advance(Duration::hours(1));
        scheduling.schedules.send_due().await.expect("a look");
        let state = format!("SELECT state FROM schedules WHERE id = {}", raw.id(id));
        for _ in 0..1_000 {
            if raw.one::<String>(&state).await == "failed" {
                break;
            }
            tokio::time::sleep(Elapsed::from_millis(5)).await;
        }
        let why = format!("SELECT why FROM schedules WHERE id = {}", raw.id(id));
        assert_eq!(raw.one::<Option<String>>(&why).await.as_deref(), Some("unreadable"), "{change}");
        assert_eq!(scheduling.sender.number(), 0, "{change}");
        raw.run("DELETE FROM schedules").await.expect("deleted");
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_try_that_a_clock_ahead_has_put_off_is_made_when_the_clock_is_right(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.sender.answer(|_| Attempt::NotNow(WhyNotSent::Unavailable));
    scheduling.pass(Duration::hours(20), id, ScheduleState::Waiting, Some(WhyNotSent::Unavailable)).await;
    scheduling.sender.answer(sent);
    scheduling.pass(Duration::hours(-18), id, ScheduleState::Sent, None).await;
    // A first try waits for its time.
    let later = scheduling.add(message("x", &[]), Duration::days(30), None).await.expect("scheduled");
    scheduling.world().clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!(scheduling.state(later.id).await, (ScheduleState::Waiting, None));
}

#[rstest]
#[tokio::test]
async fn s4_a_message_is_sent_after_resealing_with_the_new_key_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    let world = scheduling.world();
    world.clear_expiry_of_secrets().await;
    let keys = &world.program.config.encryption_key_file;
    write_keys(keys, &[("new", 9), ("test", 7)]);
    let said = world.another_process(&[]).await.run("reseal").expect("done");
    assert!(said.contains("you can remove the old lines"), "{said}");
    write_key(keys, "new", 9);
    let resealed = world.another_process(&[]).await;
    let (schedules, sender) = process(&resealed);
    world.clock.advance(Duration::hours(1));
    schedules.send_due().await.expect("a look");
    until(|| sender.number() == 1).await;
    assert_eq!(sender.take()[0].request, message("canary-subject", &[]));
    let state = format!("SELECT state FROM schedules WHERE id = {}", world.raw.id(id));
    for _ in 0..1_000 {
        if world.raw.one::<String>(&state).await == "sent" {
            return;
        }
        tokio::time::sleep(Elapsed::from_millis(5)).await;
    }
    panic!("it was not sent");
}
