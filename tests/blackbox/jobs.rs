//! Jobs on a database that processes share: who may run one, and what becomes of it when a process or the database
//! goes away.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use mail360::{
    jobs::{
        model::{BackOff, Kind as JobKind},
        runner::{Runner, Worker},
        service::Jobs,
    },
    platform::{
        database::{DatabaseUrl, Secret},
        failure::Failure,
        monotonic::SystemMonotonic,
    },
    router::SWEEP,
};
use rstest::rstest;

use crate::support::{
    Kind, Raw, World,
    jobs::{End, Process, QUEUED, until, write},
};

/// Two processes on a new database.
async fn two_processes(kind: Kind) -> (World, Process, Process) {
    let world = World::new(kind).await;
    let one = Process::new(&world, "one", &QUEUED).await;
    let two = Process::new(&world, "two", &QUEUED).await;
    (world, one, two)
}

async fn read_written(world: &World) -> Vec<String> {
    world.raw.column("SELECT writer FROM written ORDER BY writer").await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_jobs_and_never_run_one_twice_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    static MANY: JobKind = JobKind {
        name: "many",
        at_once: 4,
        back_off: BackOff { first: time::Duration::seconds(1), longest: time::Duration::seconds(1) },
        every: None,
    };
    let world = World::new(kind).await;
    world.raw.run("CREATE TABLE written (writer TEXT NOT NULL)").await.expect("a table");
    // How often each job has begun, and how often it has ended.
    let runs: Arc<Mutex<HashMap<String, (u32, u32)>>> = Arc::default();
    let mut processes = tokio::task::JoinSet::new();
    for number in 0..2 {
        let program = world.another_process(&[]).await.program;
        let (clock, randomness) = (program.clock.clone(), program.randomness.clone());
        let jobs = Jobs::new(program.database.clone(), clock, randomness, &[&MANY]);
        if number == 0 {
            for name in 0..40 {
                let added = program.database.write(async |tx| jobs.add(&tx, &MANY, None, None, &name).await);
                assert!(added.await.expect("an answer"));
            }
        }
        let (runs, database) = (runs.clone(), program.database.clone());
        let worker = Worker::new(&MANY, move |lease, job| {
            let (runs, database) = (runs.clone(), database.clone());
            async move {
                let id = job.id.to_string();
                {
                    let mut runs = runs.lock().expect("no panic");
                    let (begun, ended) = runs.entry(id.clone()).or_default();
                    assert_eq!(begun, ended, "the job was started twice");
                    *begun += 1;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
                runs.lock().expect("no panic").entry(id.clone()).or_default().1 += 1;
                write(&database, &lease, &id).await
            }
        });
        let mut runner = Runner::new(jobs.clone(), vec![worker], Arc::new(SystemMonotonic));
        let raw = world.raw.clone();
        processes.spawn(async move {
            let give_up = Instant::now() + Duration::from_mins(1);
            while raw.count("jobs").await > 0 {
                assert!(Instant::now() < give_up, "jobs are left: {:?}", jobs.counts().of(&MANY));
                runner.start_due_jobs().await.expect("the table of jobs");
                let running = jobs.counts().of(&MANY).running;
                assert!(running <= 4, "{running} at once");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            until(|| jobs.counts().of(&MANY).running == 0).await;
            jobs.counts().of(&MANY)
        });
    }
    let counts = processes.join_all().await;
    assert_eq!(counts.iter().map(|counts| counts.succeeded).sum::<u64>(), 40, "{counts:?}");
    assert_eq!(counts.iter().map(|counts| counts.started).sum::<u64>(), 40, "{counts:?}");
    assert!(runs.lock().expect("no panic").values().all(|runs| *runs == (1, 1)));
    assert_eq!(read_written(&world).await.len(), 40);
}

#[rstest]
#[tokio::test]
async fn a_job_of_a_killed_process_runs_again_after_30_seconds_and_not_before(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one, mut two) = two_processes(kind).await;
    one.add(None, None, "").await;
    assert_eq!(one.start_due_jobs().await, 1);
    one.wait_for_running(1).await;
    // However long it was there before: what counts is what this process has seen itself.
    two.monotonic.advance(100.0);
    assert_eq!(two.start_due_jobs().await, 0);
    drop(one);
    two.monotonic.advance(29.9);
    assert_eq!(two.start_due_jobs().await, 0);
    two.monotonic.advance(0.1);
    assert_eq!(two.start_due_jobs().await, 1);
    two.let_end(1, End::Succeed);
    two.wait_for_end().await;
    assert_eq!(two.latest().1.attempts, 2);
    assert_eq!(read_written(&world).await, ["two"]);
    assert_eq!(world.raw.count("jobs").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_job_that_runs_for_minutes_stays_with_the_process_that_renews_its_lease(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one, mut two) = two_processes(kind).await;
    one.add(None, None, "").await;
    assert_eq!(one.start_due_jobs().await, 1);
    for renewals in 0..12_i64 {
        assert_eq!(two.start_due_jobs().await, 0, "after {renewals} renewals");
        two.monotonic.advance(10.0);
        one.monotonic.advance(10.0);
        while world.raw.one::<i64>("SELECT lease_counter FROM jobs").await != renewals + 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(two.start_due_jobs().await, 0, "the job ran again");
    assert_eq!(read_written(&world).await, ["one"]);
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_writes_nothing_once_another_has_its_job(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one, mut two) = two_processes(kind).await;
    one.add(None, None, "").await;
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    one.wait_for_running(1).await;
    // The clock of the first one does not move, as that of a machine that is suspended.
    two.monotonic.advance(30.0);
    assert_eq!(two.start_due_jobs().await, 1);
    two.wait_for_running(1).await;
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert!(read_written(&world).await.is_empty(), "the late write was accepted");
    let counts = one.counts(&QUEUED);
    assert_eq!((counts.lost, counts.failed, counts.succeeded), (1, 0, 0));
    two.let_end(1, End::Succeed);
    two.wait_for_end().await;
    assert_eq!(read_written(&world).await, ["two"]);
    assert_eq!(two.counts(&QUEUED).succeeded, 1);
}

// On SQLite one transaction writes at a time.
#[tokio::test]
async fn while_a_transaction_of_its_owner_is_open_no_one_takes_a_job_and_no_one_waits_for_it() {
    let (world, mut one, mut two) = two_processes(Kind::Postgres).await;
    one.add(None, None, "").await;
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    one.wait_for_running(1).await;
    two.monotonic.advance(30.0);
    let lease = one.latest().0;
    let began = Instant::now();
    let held = one.program.database.write(async |tx| {
        lease.hold(&tx).await?;
        assert_eq!(two.start_due_jobs().await, 0, "the job was taken while its lease is held");
        Ok::<_, Failure>(())
    });
    held.await.expect("committed");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(two.start_due_jobs().await, 1);
    lease_is_refused(&world, &one).await;
}

async fn lease_is_refused(world: &World, process: &Process) {
    let lease = process.latest().0;
    assert_lease_is_lost(&write(&process.program.database, &lease, "late").await);
    assert!(read_written(world).await.is_empty());
}

#[track_caller]
fn assert_lease_is_lost(refused: &Result<(), Failure>) {
    assert!(format!("{refused:?}").contains("was lost"), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn each_part_of_the_sweep_is_refused_under_a_lease_that_is_lost(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one, mut two) = two_processes(kind).await;
    world.set_up().await;
    one.add(None, None, "").await;
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    one.wait_for_running(1).await;
    two.monotonic.advance(30.0);
    assert_eq!(two.start_due_jobs().await, 1);
    let (lease, program) = (one.latest().0, one.program.clone());
    let organisation = world.organisation_id_of("ada@contoso.test").await;
    world.clock.advance(time::Duration::days(400));
    let before = world.raw.dump(&[]).await;
    assert_lease_is_lost(&program.sessions.erase_expired_sessions(&lease).await);
    assert_lease_is_lost(&program.throttles.erase_old_windows(&lease).await);
    assert_lease_is_lost(&program.mail.sweep(&lease).await);
    assert_lease_is_lost(&program.people.erase_expired_invitations(&lease).await);
    assert_lease_is_lost(
        &program.activity_log.erase_old_entries(&lease, organisation, program.clock.now()).await,
    );
    assert_lease_is_lost(&program.devices.erase_expired_devices(&lease).await);
    assert_lease_is_lost(&program.sign_ins.erase_old_attempts(&lease).await);
    assert_eq!(world.raw.dump(&[]).await, before);
}

#[rstest]
#[tokio::test]
async fn only_one_of_two_processes_sweeps_at_a_time(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let other = world.another_process(&[]).await;
    let mut one = world.program.runner(Arc::new(SystemMonotonic));
    let mut two = other.program.runner(Arc::new(SystemMonotonic));
    for minute in 1..=3 {
        let (first, second) = tokio::join!(one.start_due_jobs(), two.start_due_jobs());
        assert_eq!(first.expect("the table of jobs") + second.expect("the table of jobs"), 1);
        let counts = || [&world, &other].map(|world| world.program.jobs.counts().of(&SWEEP));
        until(|| counts().iter().all(|counts| counts.running == 0)).await;
        assert_eq!(counts().iter().map(|counts| counts.succeeded).sum::<u64>(), minute);
        assert_eq!(
            (
                one.start_due_jobs().await.expect("the table of jobs"),
                two.start_due_jobs().await.expect("the table of jobs")
            ),
            (0, 0)
        );
        world.clock.advance(time::Duration::minutes(1));
    }
    assert_eq!(world.raw.count("sessions").await, 1);
    world.clock.advance(time::Duration::days(1));
    assert_eq!(two.start_due_jobs().await.expect("the table of jobs"), 1);
    until(|| other.program.jobs.counts().of(&SWEEP).running == 0).await;
    assert_eq!(world.raw.count("sessions").await, 0);
    assert_eq!(world.raw.count("jobs").await, 1, "a second row of the singleton was added");
}

/// Takes the database away. Connections to PostgreSQL end and are refused; SQLite's file is held by another process.
async fn take_away(world: &World, kind: Kind) -> Raw {
    if kind == Kind::Sqlite {
        world.raw.run("BEGIN IMMEDIATE").await.expect("held");
        return world.raw.clone();
    }
    let name: String = world.raw.one("SELECT current_database()::text").await;
    let DatabaseUrl::Postgres(url) = &world.program.config.database else { unreachable!("PostgreSQL") };
    let beside = url.0.replace(&name, "postgres");
    let beside = Raw::open(Kind::Postgres, &DatabaseUrl::Postgres(Secret(beside))).await;
    beside.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.expect("closed");
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.raw.run(cut).await.expect("cut");
    beside
}

async fn give_back(world: &World, kind: Kind, beside: Raw) {
    if kind == Kind::Sqlite {
        world.raw.run("ROLLBACK").await.expect("free");
        return;
    }
    let name: String = world.raw.one("SELECT current_database()::text").await;
    beside.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.expect("open");
}

#[rstest]
#[tokio::test]
async fn a_database_that_is_away_for_a_minute_ends_a_job_in_time_and_counts_as_no_failure_of_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut one, mut two) = two_processes(kind).await;
    one.add(None, None, "").await;
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    one.wait_for_running(1).await;
    let away = take_away(&world, kind).await;
    if kind == Kind::Postgres {
        assert!(two.runner.start_due_jobs().await.is_err());
    }
    one.monotonic.advance(24.9);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(one.running(), 1);
    // Five seconds before any other process might take it.
    one.monotonic.advance(0.1);
    one.wait_for_running(0).await;
    one.monotonic.advance(35.0);
    two.monotonic.advance(60.0);
    give_back(&world, kind, away).await;
    // It tries again every second.
    until(|| {
        one.monotonic.advance(1.0);
        one.counts(&QUEUED).running == 0
    })
    .await;
    assert_eq!(world.raw.one::<i64>("SELECT attempts FROM jobs WHERE lease_owner IS NULL").await, 0);
    let counts = one.counts(&QUEUED);
    assert_eq!((counts.lost, counts.failed), (1, 0));
    assert_eq!((one.start_due_jobs().await, two.start_due_jobs().await), (1, 0));
    one.let_end(1, End::Succeed);
    one.wait_for_end().await;
    assert_eq!(read_written(&world).await, ["one"]);
}

#[tokio::test]
async fn a_runner_outlives_a_database_that_is_away() {
    let (world, one, two) = two_processes(Kind::Postgres).await;
    let (runner, one) = one.split();
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(runner.run(stop.clone()));
    let away = take_away(&world, Kind::Postgres).await;
    for _ in 0..12 {
        one.monotonic.advance(5.0);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    give_back(&world, Kind::Postgres, away).await;
    two.add(None, None, "").await;
    one.let_end(1, End::Succeed);
    until(|| {
        one.monotonic.advance(1.0);
        one.counts(&QUEUED).succeeded == 1
    })
    .await;
    stop.cancel();
    running.await.expect("it ended well");
}
