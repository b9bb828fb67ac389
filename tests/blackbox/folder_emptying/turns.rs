//! Jobs that empty folders and wait for each other, and those that end because their client may not go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration as StdDuration,
};

use mail360::{
    mail::emptying::{FOLDER_EMPTYING, STEPS_OF_A_RUN, TURN_WAIT},
    platform::monotonic::SystemMonotonic,
    providers::mailbox::MailProblem,
};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use super::{done, emptying, messages::Messages, run, start, state, wait_for_slots};
use crate::support::{Kind, MailAnswer, MailSeen, TestMonotonic};

#[rstest]
#[tokio::test]
async fn the_jobs_of_an_account_run_one_after_another(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = emptying(kind, &Messages::new(0)).await;
    let world = &reading.scene.world;
    let first = start(&reading, "own").await;
    world.clock.advance(Duration::seconds(1));
    let second = start(&reading, "other").await;
    // The account is paused, so the first one waits.
    let account = format!("/api/accounts/{}", reading.account);
    let set = async |mode: &str| {
        reading.application.send("PUT", &account, &json!({ "mode": mode })).await.assert_status(200);
    };
    set("disableAccount").await;
    run(world).await;
    assert_eq!(state(&reading, &first).await.0, "running");
    assert_eq!(state(&reading, &second).await.0, "queued", "it is not its turn");
    set("enableAccount").await;
    for _ in 0..2 {
        world.clock.advance(Duration::minutes(10));
        run(world).await;
    }
    assert_eq!((state(&reading, &first).await, state(&reading, &second).await), (done(0), done(0)));

    // A row whose work is lost is in the way of no other.
    start(&reading, "own").await;
    world.raw.run("DELETE FROM jobs WHERE kind = 'folder_emptying'").await.expect("lost");
    let a_day_ago = "UPDATE mail_jobs SET created_at = created_at - 86400000000 WHERE ended_at IS NULL";
    world.raw.run(a_day_ago).await.expect("changed");
    let later = start(&reading, "other").await;
    run(world).await;
    assert_eq!(state(&reading, &later).await, done(0));
}

#[rstest]
#[tokio::test]
async fn a_job_whose_folder_does_not_answer_gives_way_to_the_others_of_its_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let stuck = start(&reading, "own").await;
    world.clock.advance(Duration::seconds(1));
    let next = start(&reading, "other").await;
    let answering = messages.clone();
    world.mail.answer(move |seen| match seen.path() {
        "/me/mailFolders/own/messages" => MailAnswer::Failure(MailProblem::Unavailable),
        _ => answering.answer(seen),
    });
    // The second one looks each time whether the first one waits.
    for _ in 0..6 {
        run(world).await;
        world.clock.advance(TURN_WAIT);
    }
    assert_eq!((state(&reading, &next).await, messages.count()), (done(3), 0));
    assert_eq!(state(&reading, &stuck).await, ("running".to_owned(), 0, 0, String::new()));
    let answering = messages.clone();
    world.mail.answer(move |seen| answering.answer(seen));
    world.clock.advance(Duration::minutes(10));
    run(world).await;
    assert_eq!(state(&reading, &stuck).await, done(0));
}

#[rstest]
#[tokio::test]
async fn a_job_waits_longer_after_each_outage_and_shortly_after_a_deletion(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let messages = Messages::new(3);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    let is_away = |seen: &MailSeen| seen.path() == "/me/mailFolders/own/messages";
    let answering = messages.clone();
    world.mail.answer(move |seen| {
        if is_away(seen) { MailAnswer::Failure(MailProblem::Unavailable) } else { answering.answer(seen) }
    });
    let wait = async || {
        let due_at: i64 = world.raw.one("SELECT due_at FROM jobs WHERE kind = 'folder_emptying'").await;
        due_at / 1_000_000 - world.clock.now_seconds()
    };
    for longest in [10, 20, 40, 80, 160, 320, 600, 600] {
        run(world).await;
        let wait = wait().await;
        assert!((longest / 2 - 1..=longest).contains(&wait), "{wait} of {longest}");
        world.clock.advance(Duration::seconds(longest));
    }
    // The first list is answered, and the next ones are not.
    let (answering, lists) = (messages.clone(), AtomicUsize::new(0));
    world.mail.answer(move |seen| {
        if is_away(seen) && lists.fetch_add(1, Ordering::SeqCst) > 0 {
            MailAnswer::Failure(MailProblem::Unavailable)
        } else {
            answering.answer(seen)
        }
    });
    run(world).await;
    assert_eq!(state(&reading, &id).await, ("running".to_owned(), 3, 0, String::new()));
    let wait = wait().await;
    assert!((4..=10).contains(&wait), "{wait}");
}

#[rstest]
#[tokio::test]
async fn a_job_gives_its_place_back_after_many_steps_and_goes_on_later(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let all = u64::from(STEPS_OF_A_RUN) * 20 + 5;
    let messages = Messages::new(usize::try_from(all).expect("a number"));
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    let id = start(&reading, "own").await;
    wait_for_slots(world, kind).await;
    let monotonic = TestMonotonic::new();
    let one = world.with_monotonic(&monotonic).await;
    let counts = || one.program.jobs.counts().of(&FOLDER_EMPTYING);
    let mut runner = one.program.runner(Arc::new(SystemMonotonic));
    for (postponed, succeeded, left) in [(1, 0, 5), (1, 1, 0)] {
        runner.start_due_jobs().await.expect("a look");
        while (counts().postponed, counts().succeeded) != (postponed, succeeded) {
            // The pause between two steps, in small parts: the time of a call must not end.
            monotonic.advance(0.1);
            tokio::time::sleep(StdDuration::from_millis(8)).await;
        }
        assert_eq!(messages.count(), left);
        world.clock.advance(Duration::seconds(5));
    }
    assert_eq!(state(&reading, &id).await, done(all));
}

#[rstest]
#[case::its_credentials_were_revoked("UPDATE api_clients SET revoked_at = #")]
#[case::it_was_deleted("DELETE FROM api_clients")]
#[case::it_does_not_reach_the_account("UPDATE api_clients SET reach = 'connectors'")]
#[tokio::test]
async fn a_job_ends_before_its_next_step_if_its_client_may_not_go_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let messages = Messages::new(25);
    let reading = emptying(kind, &messages).await;
    let world = &reading.scene.world;
    start(&reading, "own").await;
    wait_for_slots(world, kind).await;
    let monotonic = TestMonotonic::new();
    let one = world.with_monotonic(&monotonic).await;
    let counts = || one.program.jobs.counts().of(&FOLDER_EMPTYING);
    let mut runner = one.program.runner(Arc::new(SystemMonotonic));
    runner.start_due_jobs().await.expect("a look");
    while world.raw.one::<i64>("SELECT deleted FROM mail_jobs").await != 20 {
        tokio::time::sleep(StdDuration::from_millis(5)).await;
    }
    let now = (world.clock.now_seconds() + 1) * 1_000_000;
    world.raw.run(&change.replace('#', &now.to_string())).await.expect("changed");
    while counts().succeeded == 0 {
        monotonic.advance(1.0);
        tokio::time::sleep(StdDuration::from_millis(5)).await;
    }
    assert_eq!(world.raw.one::<String>("SELECT failure FROM mail_jobs").await, "not_allowed");
    assert_eq!(messages.count(), 5);
}
