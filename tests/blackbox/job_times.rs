//! When jobs run: limits, waits after failures, wall clocks that jump, and the end of a process.

use std::time::Duration;

use mail360::platform::clock::Clock;
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Kind, World,
    jobs::{End, Process, QUEUED, SINGLETON, until},
};

async fn one_process(kind: Kind) -> (World, Process) {
    let world = World::new(kind).await;
    let one = Process::new(&world, "one", &QUEUED).await;
    (world, one)
}

/// In how many seconds the one job is due.
async fn due_in(world: &World) -> f64 {
    let due: i64 = world.raw.one("SELECT due_at FROM jobs").await;
    time::Duration::microseconds(due - world.clock.now().micros()).as_seconds_f64()
}

#[rstest]
#[tokio::test]
async fn a_process_takes_as_many_jobs_as_it_has_room_for(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut one) = one_process(kind).await;
    let mut two = Process::new(&world, "two", &QUEUED).await;
    for _ in 0..5 {
        one.add(None, None, "").await;
    }
    assert_eq!(one.start_due_jobs().await, 2);
    assert_eq!(one.start_due_jobs().await, 0);
    let taken = "SELECT COUNT(*) FROM jobs WHERE lease_owner IS NOT NULL";
    assert_eq!(world.raw.one::<i64>(taken).await, 2);
    assert_eq!(two.start_due_jobs().await, 2);
    assert_eq!(one.counts(&QUEUED).running, 2);
    one.let_end(1, End::Succeed);
    until(|| one.counts(&QUEUED).succeeded == 1).await;
    assert_eq!((two.start_due_jobs().await, one.start_due_jobs().await), (0, 1));
    one.let_end(2, End::Succeed);
    two.let_end(2, End::Succeed);
    one.wait_for_end().await;
    two.wait_for_end().await;
    assert_eq!(world.raw.count("jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_job_that_fails_waits_longer_each_time_and_one_that_succeeds_is_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one) = one_process(kind).await;
    one.add(None, None, "").await;
    let ends =
        [(End::Fail, 10.0), (End::Panic, 20.0), (End::Fail, 40.0), (End::Panic, 80.0), (End::Fail, 80.0)];
    for (number, (end, longest)) in (1_u32..).zip(ends) {
        assert_eq!(one.start_due_jobs().await, 1);
        one.let_end(1, end);
        one.wait_for_end().await;
        assert_eq!(one.counts(&QUEUED).failed, u64::from(number));
        assert_eq!(one.latest().1.attempts, number);
        let wait = due_in(&world).await;
        assert!(wait >= longest / 2.0 && wait <= longest, "{number}: {wait}");
        assert_eq!(one.start_due_jobs().await, 0);
        world.clock.advance(time::Duration::seconds_f64(wait - 0.1));
        assert_eq!(one.start_due_jobs().await, 0);
        world.clock.advance(time::Duration::seconds_f64(0.2));
    }
    assert_eq!(one.start_due_jobs().await, 1);
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(world.raw.count("jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_job_that_puts_itself_back_runs_again_at_its_time_and_not_as_another_attempt(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one) = one_process(kind).await;
    one.add(None, None, "").await;
    for postponed in 1..=3 {
        assert_eq!(one.start_due_jobs().await, 1);
        one.let_end(1, End::PutBack);
        one.wait_for_end().await;
        assert_eq!((one.counts(&QUEUED).postponed, one.latest().1.attempts), (postponed, 1));
        assert!((due_in(&world).await - 20.0).abs() < 0.001);
        assert_eq!(one.start_due_jobs().await, 0);
        world.clock.advance(time::Duration::seconds(20));
    }
    assert_eq!(one.start_due_jobs().await, 1);
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(world.raw.count("jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_job_for_which_the_database_is_away_is_tried_again_and_not_counted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one) = one_process(kind).await;
    one.add(None, None, "").await;
    for number in 1..=5 {
        assert_eq!(one.start_due_jobs().await, 1);
        one.let_end(1, End::DatabaseIsAway);
        one.wait_for_end().await;
        let counts = one.counts(&QUEUED);
        assert_eq!((counts.postponed, counts.failed), (number, 0));
        assert_eq!(world.raw.one::<i64>("SELECT attempts FROM jobs").await, 0);
        assert!((due_in(&world).await - 10.0).abs() < 0.001);
        assert_eq!(one.start_due_jobs().await, 0);
        world.clock.advance(time::Duration::seconds(10));
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_wall_clock_that_jumps_stops_no_job(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut one = Process::new(&world, "one", &SINGLETON).await;
    let run = async |one: &mut Process| {
        let started = one.start_due_jobs().await;
        one.let_end(started, End::Succeed);
        one.wait_for_end().await;
        started
    };
    assert_eq!(run(&mut one).await, 1);
    assert_eq!(run(&mut one).await, 0);
    for ahead in [time::Duration::hours(1), time::Duration::days(30), time::Duration::days(36_500)] {
        world.clock.advance(ahead);
        assert_eq!(run(&mut one).await, 1, "{ahead}");
        // The clock is right again: the next time lies far ahead and counts as not written.
        world.clock.advance(-ahead);
        assert_eq!(run(&mut one).await, 1, "back by {ahead}");
        assert_eq!(run(&mut one).await, 0);
    }
    world.clock.advance(time::Duration::seconds(59));
    assert_eq!(run(&mut one).await, 0);
    world.clock.advance(time::Duration::seconds(1));
    assert_eq!(run(&mut one).await, 1);
    // A small jump back is waited for: a due time is at most the longest wait and a minute ahead.
    world.clock.advance(time::Duration::seconds(-80));
    let mut waited = 0;
    while run(&mut one).await == 0 {
        world.clock.advance(time::Duration::seconds(10));
        waited += 10;
    }
    assert!(waited <= 140, "{waited}");
}

#[rstest]
#[tokio::test]
async fn n7_a_wall_clock_that_jumps_gives_no_lease_away(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut one) = one_process(kind).await;
    let mut two = Process::new(&world, "two", &QUEUED).await;
    one.add(None, None, "").await;
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    for days in [400, -800, 400] {
        world.clock.advance(time::Duration::days(days));
        assert_eq!(two.start_due_jobs().await, 0, "{days}");
    }
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(one.counts(&QUEUED).succeeded, 1);
}

#[rstest]
#[tokio::test]
async fn a_process_that_stops_lets_its_jobs_end_and_puts_back_those_that_do_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, one) = one_process(kind).await;
    let mut two = Process::new(&world, "two", &QUEUED).await;
    for name in ["", ""] {
        one.add(None, None, name).await;
    }
    let (runner, one) = one.split();
    let stop = CancellationToken::new();
    let running = tokio::spawn(runner.run(stop.clone()));
    one.wait_for_running(2).await;
    stop.cancel();
    one.let_end(1, End::Succeed);
    until(|| one.counts(&QUEUED).succeeded == 1).await;
    assert_eq!(one.running(), 1, "the second job was ended at once");
    assert_eq!(two.start_due_jobs().await, 0);
    until(|| {
        one.monotonic.advance(0.5);
        running.is_finished()
    })
    .await;
    running.await.expect("it ended well");
    let counts = one.counts(&QUEUED);
    assert_eq!((counts.started, counts.succeeded, counts.postponed), (2, 1, 1));
    assert_eq!(two.start_due_jobs().await, 1, "at once");
    two.wait_for_running(1).await;
    assert_eq!(two.latest().1.attempts, 1, "the attempt that was cut off does not count");
}

#[rstest]
#[tokio::test]
async fn a_woken_runner_takes_a_new_job_before_its_next_poll(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, one) = one_process(kind).await;
    let (runner, one) = one.split();
    let stop = CancellationToken::new();
    let running = tokio::spawn(runner.run(stop.clone()));
    for number in 1..=3 {
        // Until it waits; its clock does not move.
        tokio::time::sleep(Duration::from_millis(100)).await;
        one.add(None, None, "").await;
        one.jobs.wake();
        one.let_end(1, End::Succeed);
        until(|| one.counts(&QUEUED).succeeded == number).await;
    }
    stop.cancel();
    running.await.expect("it ended well");
}

#[rstest]
#[tokio::test]
async fn there_is_one_job_of_a_key_and_any_number_without_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one) = one_process(kind).await;
    assert!(one.add(None, Some("a"), "first").await);
    assert!(!one.add(None, Some("a"), "second").await);
    assert!(one.add(None, Some("b"), "third").await);
    assert_eq!(one.start_due_jobs().await, 2);
    assert!(!one.add(None, Some("a"), "while it runs").await);
    one.let_end(2, End::Succeed);
    one.wait_for_end().await;
    assert!(one.add(None, Some("a"), "afterwards").await);
    assert!(one.add(None, None, "").await && one.add(None, None, "").await);
    assert_eq!(world.raw.count("jobs").await, 3);
}

#[rstest]
#[tokio::test]
async fn a_job_has_its_organisation_and_payload_and_is_deleted_with_the_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one) = one_process(kind).await;
    world.stranger().await;
    let organisation = world.organisation_id_of("eve@fabrikam.test").await;
    one.add(Some(organisation), None, "what it is \"about\"").await;
    assert_eq!(one.start_due_jobs().await, 1);
    one.wait_for_running(1).await;
    let job = one.latest().1;
    assert_eq!(job.organisation, Some(organisation));
    assert_eq!(job.payload.parse::<String>().expect("a text"), "what it is \"about\"");
    assert!(job.payload.parse::<u32>().is_err());
    world.raw.run("DELETE FROM organisations").await.expect("deleted");
    assert_eq!(world.raw.count("jobs").await, 0);
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(one.counts(&QUEUED).lost, 1);
    assert_eq!(world.raw.count("written").await, 0);
}
