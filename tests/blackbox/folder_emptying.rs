//! Emptying a folder by a job, through the real router: its steps, its waits and its end, and what becomes of it when a
//! process is killed.

mod messages;
mod turns;

use std::{sync::Arc, time::Duration as StdDuration};

use futures_util::future::join_all;
use mail360::{
    mail::emptying::{FOLDER_EMPTYING, KEPT, MAX_AGE, MAX_OPEN, TURN_WAIT},
    platform::monotonic::SystemMonotonic,
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use self::messages::Messages;
use crate::{
    api_reading::Reading,
    sending_times::sweep,
    support::{
        Application, Kind, MailAnswer, TestMonotonic, World, assert_refusal, data,
        jobs::{run_job, until},
    },
};

/// An account whose folders have these messages.
async fn emptying(kind: Kind, messages: &Messages) -> Reading {
    let reading = Reading::new(kind).await;
    let answering = messages.clone();
    reading.scene.world.mail.answer(move |seen| answering.answer(seen));
    reading
}

/// Starts to empty a folder, and returns the id of the job.
async fn start(reading: &Reading, folder: &str) -> String {
    let answer =
        reading.send_within("PUT", &format!("folders/{folder}"), &json!({ "mode": "emptyFolder" })).await;
    data(answer.assert_status(200))["jobId"].as_str().expect("an id").to_owned()
}

/// The job as its call answers it.
async fn job(reading: &Reading, id: &str) -> Value {
    reading.application.read(&reading.at(&format!("jobs/{id}"))).await
}

/// State, deleted and failed messages, and the code.
async fn state(reading: &Reading, id: &str) -> (String, u64, u64, String) {
    let job = job(reading, id).await;
    let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| job[name].as_u64().expect("a number");
    (text("state"), number("deletedCount"), number("failedCount"), text("errorCode"))
}

fn done(deleted: u64) -> (String, u64, u64, String) {
    ("done".to_owned(), deleted, 0, String::new())
}

fn failed(deleted: u64, failed: u64, code: &str) -> (String, u64, u64, String) {
    ("failed".to_owned(), deleted, failed, code.to_owned())
}

/// Waits until no process has a slot of a mailbox. Each process keeps one for a moment.
async fn wait_for_slots(world: &World, kind: Kind) {
    while kind == Kind::Postgres && world.raw.count("provider_slots").await > 0 {
        tokio::time::sleep(StdDuration::from_millis(20)).await;
    }
}

/// Runs the jobs that are due, until those that began have ended or wait.
async fn run(world: &World) {
    let counts = || world.program.jobs.counts().of(&FOLDER_EMPTYING);
    let mut runner = world.program.runner(Arc::new(SystemMonotonic));
    runner.start_due_jobs().await.expect("a look");
    until(|| counts().running == 0).await;
}

#[rstest]
#[tokio::test]
async fn a_folder_is_emptied_in_steps_of_twenty_messages(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let messages = Messages::new(25);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    assert_eq!(state(&reading, &id).await, ("queued".to_owned(), 0, 0, String::new()));
    world.mail.take_requests();
    run_job(world, &FOLDER_EMPTYING).await;
    assert_eq!(state(&reading, &id).await, done(25));
    assert_eq!((messages.count(), messages.ways()), (0, vec!["move".to_owned()]), "they go to the trash");
    let seen = world.mail.take_requests();
    let sizes = seen.iter().filter(|seen| seen.path() == "/$batch").map(|seen| {
        let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
        asked["requests"].as_array().map_or(0, Vec::len)
    });
    assert_eq!(sizes.filter(|size| *size != 8).collect::<Vec<_>>(), [20, 5]);
    assert!(seen.iter().all(|seen| seen.header("authorization") == "Bearer canary-access-grace"));
    let job = job(&reading, &id).await;
    assert_eq!((&job["folderId"], job["endedTime"].is_string()), (&json!("own"), true), "{job}");
    assert_eq!(world.raw.count("jobs WHERE kind = 'folder_emptying'").await, 0);
}

#[rstest]
#[tokio::test]
async fn messages_of_the_trash_and_of_spam_are_deleted_for_good(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    for folder in ["id-of-deleteditems", "id-of-junkemail"] {
        let messages = Messages::new(3);
        let reading = emptying(kind, &messages).await;
        let id = start(&reading, folder).await;
        run(&reading.scene.world).await;
        assert_eq!(state(&reading, &id).await, done(3));
        assert_eq!(messages.ways(), ["permanentDelete"], "{folder}");
    }
}

#[rstest]
#[tokio::test]
async fn a_job_of_a_killed_process_goes_on_in_another_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(25);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    // The time of this process does not move, so it pauses for ever after its first step.
    wait_for_slots(world, kind).await;
    let one = world.with_monotonic(&TestMonotonic::new()).await;
    let mut runner = one.program.runner(TestMonotonic::new());
    runner.start_due_jobs().await.expect("a look");
    while world.raw.one::<i64>("SELECT deleted FROM mail_jobs").await != 20 {
        tokio::time::sleep(StdDuration::from_millis(5)).await;
    }
    assert_eq!(state(&reading, &id).await, ("running".to_owned(), 20, 0, String::new()));
    drop((runner, one));
    if kind == Kind::Postgres {
        // What happens by itself 15 seconds after the end of a process.
        world.raw.run("DELETE FROM provider_slots").await.expect("deleted");
    }

    let (two, monotonic) = (world.another_process(&[]).await, TestMonotonic::new());
    let mut runner = two.program.runner(monotonic.clone());
    let counts = || two.program.jobs.counts().of(&FOLDER_EMPTYING);
    runner.start_due_jobs().await.expect("a look");
    monotonic.advance(29.9);
    runner.start_due_jobs().await.expect("a look");
    assert_eq!((counts().started, messages.count()), (0, 5), "the lease may have an owner");
    monotonic.advance(0.1);
    runner.start_due_jobs().await.expect("a look");
    until(|| counts().succeeded == 1).await;
    assert_eq!((state(&reading, &id).await, messages.count()), (done(25), 0));
}

#[rstest]
#[tokio::test]
async fn a_job_that_was_killed_before_its_first_step_or_after_its_last_one_ends_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    // A process has marked it as running, and was killed.
    world.raw.run("UPDATE mail_jobs SET state = 'running', failed = 2").await.expect("changed");
    run(world).await;
    assert_eq!(state(&reading, &id).await, done(3));

    // A process has stored the end, and was killed before its lease ended.
    let again = start(&reading, "own").await;
    world
        .raw
        .run("UPDATE mail_jobs SET state = 'done', ended_at = 1 WHERE ended_at IS NULL")
        .await
        .expect("changed");
    world.mail.take_requests();
    run(world).await;
    assert!(world.mail.take_requests().is_empty(), "it has ended");
    assert_eq!(state(&reading, &again).await, done(0));
    assert_eq!(world.raw.count("jobs WHERE kind = 'folder_emptying'").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_job_waits_while_the_provider_wants_no_requests(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    world.mail.answer(|_| {
        let error = json!({ "error": { "code": "ApplicationThrottled" } });
        MailAnswer::Headed(429, ("retry-after", "60".to_owned()), error)
    });
    run(world).await;
    assert_eq!(state(&reading, &id).await, ("running".to_owned(), 0, 0, String::new()));
    let counts = world.program.jobs.counts().of(&FOLDER_EMPTYING);
    assert_eq!((counts.postponed, counts.failed), (1, 0));
    assert_eq!(world.raw.one::<i64>("SELECT attempts FROM jobs WHERE kind = 'folder_emptying'").await, 0);

    let answering = messages.clone();
    world.mail.answer(move |seen| answering.answer(seen));
    // It remembers nothing of the provider's wish, which holds in the process that was refused.
    let later = world.another_process(&[]).await;
    world.clock.advance(Duration::seconds(59));
    run(&later).await;
    assert_eq!(messages.count(), 3, "too early");
    world.clock.advance(Duration::seconds(2));
    run(&later).await;
    assert_eq!((state(&reading, &id).await, messages.count()), (done(3), 0));
}

#[rstest]
#[tokio::test]
async fn a_job_waits_for_its_account_and_gives_up_after_a_day(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let account = format!("/api/accounts/{}", reading.account);
    let set = async |mode: &str| {
        reading.application.send("PUT", &account, &json!({ "mode": mode })).await.assert_status(200);
    };
    let waits = start(&reading, "own").await;
    set("disableAccount").await;
    run(world).await;
    assert_eq!(state(&reading, &waits).await, ("running".to_owned(), 0, 0, String::new()));
    set("enableAccount").await;
    world.clock.advance(Duration::minutes(10));
    run(world).await;
    assert_eq!((state(&reading, &waits).await, messages.count()), (done(3), 0));

    let gives_up = start(&reading, "own").await;
    set("disableAccount").await;
    world.clock.advance(MAX_AGE - Duration::minutes(11));
    run(world).await;
    assert_eq!(state(&reading, &gives_up).await.0, "running");
    world.clock.advance(Duration::minutes(10));
    run(world).await;
    assert_eq!(state(&reading, &gives_up).await, failed(0, 0, "ACCOUNT_PAUSED"));
}

#[rstest]
#[case::of_messages(&["m1", "m3"], "ErrorSomethingNew", failed(3, 2, "PROVIDER_ERROR"), 2)]
#[case::of_all(&["m0", "m1", "m2", "m3", "m4"], "ErrorAccessDenied", failed(0, 0, "PERMISSION_NOT_GRANTED"), 5)]
#[tokio::test]
async fn what_the_provider_refuses_to_delete_is_counted_and_the_rest_is_deleted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] refused: &[&str],
    #[case] code: &'static str,
    #[case] expected: (String, u64, u64, String),
    #[case] left: usize,
) {
    let messages = Messages::new(5);
    messages.refuse(refused, code);
    let reading = emptying(kind, &messages).await;
    let id = start(&reading, "own").await;
    run(&reading.scene.world).await;
    assert_eq!((state(&reading, &id).await, messages.count()), (expected, left));
}

#[rstest]
#[tokio::test]
async fn a_job_ends_if_its_folder_or_its_account_is_gone(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    let answering = messages.clone();
    world.mail.answer(move |seen| {
        if seen.path().starts_with("/me/mailFolders/own") {
            MailAnswer::refusal(404, "ErrorItemNotFound")
        } else {
            answering.answer(seen)
        }
    });
    run(world).await;
    assert_eq!(state(&reading, &id).await, failed(0, 0, "NOT_FOUND"));

    start(&reading, "other").await;
    let account = format!("/api/accounts/{}", reading.account);
    reading.application.send("DELETE", &account, &Value::Null).await.assert_status(200);
    assert_eq!(world.raw.count("mail_jobs").await, 0, "they go with the account");
    run(world).await;
    assert_eq!((world.raw.count("jobs WHERE kind = 'folder_emptying'").await, messages.count()), (0, 3));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_for_the_same_folder_join_and_an_account_has_a_limited_number_of_open_jobs(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(0);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let same = join_all((0..8).map(|_| start(&reading, "own"))).await;
    assert!(same.iter().all(|id| *id == same[0]), "{same:?}");
    assert_eq!(world.raw.count("mail_jobs").await, 1);

    let asked = (0..MAX_OPEN + 4).map(|number| {
        let (reading, path) = (&reading, format!("folders/f{number}"));
        async move { reading.send_within("PUT", &path, &json!({ "mode": "emptyFolder" })).await }
    });
    let answers = join_all(asked).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    // One is open already.
    assert_eq!(refused.len(), 5);
    for answer in refused {
        let refusal = assert_refusal(answer, 429, "TOO_MANY_REQUESTS");
        assert_eq!(refusal["limit"], "mailbox");
        let words = refusal["moreInfo"].as_str().expect("words");
        assert!(words.starts_with("The account has 10 open jobs"), "{words}");
        assert_eq!(answer.header("retry-after"), "60");
    }
    assert_eq!(world.raw.count("mail_jobs").await, i64::from(MAX_OPEN));
    while world.raw.count("mail_jobs WHERE ended_at IS NULL").await > 0 {
        run(world).await;
        world.clock.advance(TURN_WAIT);
    }
    let new = start(&reading, "own").await;
    assert_ne!(new, same[0], "the first one has ended");
}

#[rstest]
#[tokio::test]
async fn a_job_is_known_within_reach_and_for_seven_days(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let messages = Messages::new(1);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    let open = start(&reading, "other").await;
    let other = reading.scene.connect("henry").await;
    for unknown in [
        format!("/api/accounts/{other}/jobs/{id}"),
        reading.at("jobs/018f0000-7e57-7000-8000-000000000001"),
        reading.at("jobs/x"),
    ] {
        assert_refusal(&reading.application.get(&unknown).await, 404, "NOT_FOUND");
    }
    let folders = Application::new(world, "MailApps.folders.ALL").await;
    assert_refusal(&folders.get(&reading.at(&format!("jobs/{id}"))).await, 403, "MISSING_SCOPE");
    let ended = format!(
        "UPDATE mail_jobs SET state = 'done', ended_at = created_at WHERE id = {}",
        world.raw.id(&id)
    );
    world.raw.run(&ended).await.expect("changed");
    // So that the runner of the sweep does not do them.
    world.raw.run("DELETE FROM jobs WHERE kind = 'folder_emptying'").await.expect("deleted");
    let monotonic = TestMonotonic::new();
    world.clock.advance(Duration::days(400));
    world.run_sweep_at(monotonic.clone()).await;
    world.clock.advance(Duration::days(-400));
    assert_eq!(state(&reading, &id).await.0, "done", "the clock was ahead for a while");
    world.clock.advance(KEPT);
    sweep(world, &monotonic).await;
    assert_eq!(state(&reading, &id).await.0, "done");
    world.clock.advance(Duration::seconds(1));
    sweep(world, &monotonic).await;
    let gone = reading.application.get(&reading.at(&format!("jobs/{id}"))).await;
    assert_refusal(&gone, 404, "NOT_FOUND");
    assert_eq!(state(&reading, &open).await.0, "queued", "an open job stays");
}

#[rstest]
#[tokio::test]
async fn n7_a_job_that_was_started_while_the_clock_was_ahead_deletes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    world.raw.run("UPDATE mail_jobs SET created_at = created_at + 2592000000000").await.expect("changed");
    run(world).await;
    assert_eq!(state(&reading, &id).await, failed(0, 0, "PROVIDER_UNAVAILABLE"));
    assert_eq!(messages.count(), 3);
}

#[rstest]
#[tokio::test]
async fn messages_that_come_after_the_call_stay(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = emptying(kind, &Messages::new(0)).await;
    let world = &reading.scene.world;
    start(&reading, "own").await;
    world.clock.advance(Duration::minutes(10));
    world.mail.take_requests();
    run(world).await;
    let seen = world.mail.take_requests();
    let list = seen.iter().find(|seen| seen.path().ends_with("/messages")).expect("a list");
    // The clock of the test began at 06:57:10.
    assert_eq!(list.query("$filter"), "receivedDateTime lt 2026-11-23T06:57:11Z");
}
