//! The runner of one process: looks at the table, takes what is due as far as there is room, and runs it.

mod run;

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    lease::Watch,
    model::{Job, JobId, Kind},
    service::{Jobs, Lease},
    store::{self, Stored},
};
use crate::platform::{failure::Failure, monotonic::SharedMonotonic};
use run::Run;

/// The runner looks at the table this often, and whenever it is woken.
pub const POLL: Duration = Duration::from_secs(5);
/// How long jobs may continue when the program stops. Then they are cancelled, and their leases are released.
pub const TIME_TO_END: Duration = Duration::from_secs(5);
/// Maximum number of leases that one look reads: far more than all processes have together.
const MAX_LEASES: u64 = 1_000;

type WorkFuture = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
type Work = Arc<dyn Fn(Lease, Job) -> WorkFuture + Send + Sync>;

/// The code that runs the jobs of one kind.
#[derive(Clone)]
pub struct Worker {
    kind: &'static Kind,
    work: Work,
}

impl Worker {
    /// `work` does a job of this kind. It may be dropped at any await, and may run again for the same job; each of its
    /// transactions calls [`Lease::hold`].
    pub fn new<F>(kind: &'static Kind, work: impl Fn(Lease, Job) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self { kind, work: Arc::new(move |lease, job| Box::pin(work(lease, job))) }
    }
}

/// The runner of one process. If it is dropped, its jobs end, and their leases stay as those of a killed process do.
pub struct Runner {
    jobs: Jobs,
    workers: Vec<Worker>,
    monotonic: SharedMonotonic,
    watch: Watch,
    /// Whether the singletons are known to be in the table.
    has_singletons: bool,
    tasks: JoinSet<()>,
    running: HashMap<Id, (JobId, &'static str)>,
    /// Ends the jobs that still run.
    stopping: CancellationToken,
}

impl Runner {
    /// With these workers, one for each kind.
    pub fn new(jobs: Jobs, workers: Vec<Worker>, monotonic: SharedMonotonic) -> Self {
        Self {
            jobs,
            workers,
            monotonic,
            watch: Watch::default(),
            has_singletons: false,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// Runs jobs until `stop`. Then it takes no more, gives those that run [`TIME_TO_END`] to end, and puts the others
    /// back.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut is_away = false;
        while !stop.is_cancelled() {
            let next = self.monotonic.now() + POLL;
            match self.start_due_jobs().await {
                // There may be more.
                Ok(started) if started > 0 => continue,
                Ok(_) => {
                    if std::mem::take(&mut is_away) {
                        tracing::info!("jobs run again");
                    }
                }
                Err(failure) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::error!(?failure, "could not read the table of jobs; jobs wait");
                    }
                    self.sleep_unless_stopped(next, &stop).await;
                    continue;
                }
            }
            let (monotonic, jobs) = (self.monotonic.clone(), self.jobs.clone());
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                Some(ended) = self.tasks.join_next_with_id() => self.remove_ended_job(&ended),
                () = jobs.woken() => {}
                () = monotonic.sleep_until(next) => {}
            }
        }
        self.end().await;
    }

    async fn sleep_unless_stopped(&self, until: Instant, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.monotonic.sleep_until(until) => {}
        }
    }

    /// Looks at the table once, and starts what may run and has room.
    ///
    /// # Returns
    /// How many jobs were started.
    ///
    /// # Errors
    /// Those of the database. Jobs that were started before continue.
    pub async fn start_due_jobs(&mut self) -> Result<usize, Failure> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.remove_ended_job(&ended);
        }
        if !self.has_singletons {
            let singletons: Vec<&'static Kind> =
                self.workers.iter().map(|worker| worker.kind).filter(|kind| kind.every.is_some()).collect();
            self.jobs.add_singletons(&singletons).await?;
            self.has_singletons = true;
        }
        let read = self.jobs.database().read();
        let names: Vec<&str> = self.workers.iter().map(|worker| worker.kind.name).collect();
        let asked = self.monotonic.now();
        let leased = store::find_leased_jobs(&read, &names, MAX_LEASES).await;
        let leased = leased.inspect_err(|_| self.watch.forget())?;
        let seen = leased.iter().filter(|stored| !self.is_running(stored.job.id));
        let seen: Vec<_> = seen.map(|stored| (stored.job.id, stored.lease)).collect();
        let left_behind = self.watch.record_leases(seen, asked, self.monotonic.now());
        let mut candidates: Vec<Stored> =
            leased.into_iter().filter(|stored| left_behind.contains(&stored.job.id)).collect();
        for worker in &self.workers {
            let free = self.free(worker) as u64;
            if free > 0 {
                let now = self.jobs.clock().now();
                candidates.extend(store::find_due_jobs(&read, worker.kind, now, free).await?);
            }
        }
        let mut started = 0;
        for candidate in candidates {
            started += usize::from(self.start(candidate).await?);
        }
        Ok(started)
    }

    /// Takes a job and runs it, if there is room for it.
    async fn start(&mut self, candidate: Stored) -> Result<bool, Failure> {
        let Some(worker) = self.workers.iter().find(|worker| worker.kind.name == candidate.kind).cloned()
        else {
            return Ok(false);
        };
        if self.free(&worker) == 0 {
            return Ok(false);
        }
        // Before the row can have changed: others count from later on.
        let taken_at = self.monotonic.now();
        let mut job = candidate.job;
        let Some(lease) = self.jobs.take_job(job.id, candidate.lease).await? else { return Ok(false) };
        job.attempts = job.attempts.saturating_add(1);
        let (id, name) = (job.id, worker.kind.name);
        let run = Run {
            jobs: self.jobs.clone(),
            monotonic: self.monotonic.clone(),
            stopping: self.stopping.clone(),
            worker,
            job,
            lease,
            taken_at,
        };
        // Before the task begins: a job that was taken is never without a count.
        let running = self.jobs.counts().count_start(run.worker.kind);
        let task = self.tasks.spawn(run.run(running));
        self.running.insert(task.id(), (id, name));
        Ok(true)
    }

    fn is_running(&self, id: JobId) -> bool {
        self.running.values().any(|(running, _)| *running == id)
    }

    /// How many more jobs of a kind may run.
    fn free(&self, worker: &Worker) -> usize {
        let running = self.running.values().filter(|(_, name)| *name == worker.kind.name).count();
        worker.kind.at_once.saturating_sub(running)
    }

    fn remove_ended_job(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.running.remove(&id);
    }

    /// Gives running jobs their time to end, and ends the others.
    async fn end(mut self) {
        let until = self.monotonic.now() + TIME_TO_END;
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => return,
            () = self.monotonic.sleep_until(until) => {}
        }
        self.stopping.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
