//! Processes that run jobs, on clocks that a test moves; and jobs that end when a test lets them.

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mail360::{
    jobs::{
        counts::Snapshot,
        model::{BackOff, Job, Kind as JobKind},
        runner::{Runner, Worker},
        service::{Jobs, Lease},
    },
    platform::{
        database::{Database, DatabaseError, Queries},
        failure::Failure,
        id::OrganisationId,
        monotonic::SystemMonotonic,
    },
    router::Program,
};
use sea_orm::ConnectionTrait;
use tokio::sync::Semaphore;

use super::{World, clock::TestMonotonic};

const BACK_OFF: BackOff =
    BackOff { first: time::Duration::seconds(10), longest: time::Duration::seconds(80) };

/// Queued work.
pub static QUEUED: JobKind = JobKind { name: "queued", at_once: 2, back_off: BACK_OFF, every: None };
/// A singleton.
pub static SINGLETON: JobKind =
    JobKind { name: "singleton", at_once: 1, back_off: BACK_OFF, every: Some(time::Duration::minutes(1)) };

/// How a job ends once it is let.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Succeed,
    Fail,
    Panic,
    DatabaseIsAway,
    /// Puts itself back for twenty seconds.
    PutBack,
}

/// The parts of a process that a test uses besides the runner.
#[derive(Clone)]
pub struct Hand {
    pub program: Program,
    pub jobs: Jobs,
    pub monotonic: Arc<TestMonotonic>,
    /// The name of the process, which its jobs write into the table `written`.
    name: &'static str,
    gate: Arc<Semaphore>,
    end: Arc<Mutex<End>>,
    running: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<(Lease, Job)>>>,
}

/// A process of an installation, with a runner that looks when it is told to.
pub struct Process {
    pub runner: Runner,
    hand: Hand,
}

impl Deref for Process {
    type Target = Hand;

    fn deref(&self) -> &Hand {
        &self.hand
    }
}

/// Counts a job as running for as long as it is there.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Process {
    /// Another process on the database of `world`, which runs jobs of this kind.
    pub async fn new(world: &World, name: &'static str, kind: &'static JobKind) -> Self {
        world.raw.run("CREATE TABLE IF NOT EXISTS written (writer TEXT NOT NULL)").await.expect("a table");
        let program = world.another_process(&[]).await.program;
        let jobs = Jobs::new(
            program.database.clone(),
            program.clock.clone(),
            program.randomness.clone(),
            &[&QUEUED, &SINGLETON],
        );
        let hand = Hand {
            program,
            jobs: jobs.clone(),
            monotonic: TestMonotonic::new(),
            name,
            gate: Arc::new(Semaphore::new(0)),
            end: Arc::new(Mutex::new(End::Succeed)),
            running: Arc::default(),
            seen: Arc::default(),
        };
        let doer = hand.clone();
        let worker = Worker::new(kind, move |lease, job| {
            let doer = doer.clone();
            async move { doer.work(lease, job).await }
        });
        Self { runner: Runner::new(jobs, vec![worker], hand.monotonic.clone()), hand }
    }

    /// Has the runner start the jobs that are due, and returns their number.
    pub async fn start_due_jobs(&mut self) -> usize {
        self.runner.start_due_jobs().await.expect("the table of jobs")
    }

    /// The runner alone, and the rest.
    pub fn split(self) -> (Runner, Hand) {
        (self.runner, self.hand)
    }
}

impl Hand {
    async fn work(&self, lease: Lease, job: Job) -> Result<(), Failure> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(self.running.clone());
        self.seen.lock().expect("no panic").push((lease.clone(), job));
        self.gate.acquire().await.expect("a gate").forget();
        let end = *self.end.lock().expect("no panic");
        match end {
            End::Succeed => write(&self.program.database, &lease, self.name).await,
            End::Fail => Err(Failure::Unexpected("the test wants it so".to_owned())),
            End::Panic => unreachable!("the test wants it so"),
            End::PutBack => {
                lease.put_back_until(self.program.clock.now().plus(time::Duration::seconds(20)));
                Ok(())
            }
            End::DatabaseIsAway => Err(Failure::Unavailable("the test wants it so".to_owned())),
        }
    }

    /// Lets this number of jobs go to their end.
    pub fn let_end(&self, jobs: usize, end: End) {
        *self.end.lock().expect("no panic") = end;
        self.gate.add_permits(jobs);
    }

    /// How many jobs are in the middle of their work.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// The latest job that began, with its lease.
    pub fn latest(&self) -> (Lease, Job) {
        self.seen.lock().expect("no panic").last().cloned().expect("a job")
    }

    pub fn counts(&self, kind: &JobKind) -> Snapshot {
        self.jobs.counts().of(kind)
    }

    /// Adds a queued job.
    pub async fn add(&self, organisation: Option<OrganisationId>, key: Option<&str>, payload: &str) -> bool {
        let key = key.map(str::to_owned);
        let database = &self.program.database;
        let added =
            database.write(async |tx| self.jobs.add(&tx, &QUEUED, organisation, key, &payload).await).await;
        added.expect("an answer")
    }

    /// Waits until this number of jobs of both kinds are in the middle of their work.
    pub async fn wait_for_running(&self, number: usize) {
        until(|| self.running() == number).await;
    }

    /// Waits until every run has ended, its lease too.
    pub async fn wait_for_end(&self) {
        until(|| self.jobs.counts().all().all(|(_, counts)| counts.running == 0)).await;
    }
}

/// Writes a line under a lease, as a job does.
pub async fn write(database: &Database, lease: &Lease, line: &str) -> Result<(), Failure> {
    database
        .write(async |tx| {
            lease.hold(&tx).await?;
            let insert = format!("INSERT INTO written (writer) VALUES ('{line}')");
            tx.connection().execute_unprepared(&insert).await.map_err(DatabaseError::from)?;
            Ok(())
        })
        .await
}

/// Runs the jobs that are due in this process, until one of this kind has ended.
pub async fn run_job(world: &World, kind: &'static JobKind) {
    let counts = || world.program.jobs.counts().of(kind);
    let ended = || counts().succeeded + counts().failed;
    let before = ended();
    let mut runner = world.program.runner(Arc::new(SystemMonotonic));
    runner.start_due_jobs().await.expect("a look");
    until(|| ended() > before && counts().running == 0).await;
}

/// Waits until a condition is met. Fails after thirty seconds.
pub async fn until(mut is_met: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !is_met() {
        assert!(Instant::now() < give_up, "the condition was not met in time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
