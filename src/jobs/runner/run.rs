//! Runs one job once: does its work, renews its lease during the work, and records the result.

use std::time::Duration;

use tokio::{task::JoinError, time::Instant};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::Worker;
use crate::{
    jobs::{
        counts::{Ending, Running},
        lease::{REMAINS_AT_RENEWAL, TERM},
        model::Job,
        service::{Jobs, Lease},
        store::Next,
    },
    platform::{failure::Failure, monotonic::SharedMonotonic},
};

/// How long a write about a lease waits after the database has refused it.
const RETRY: Duration = Duration::from_secs(1);

/// A job that was taken.
pub(super) struct Run {
    pub jobs: Jobs,
    pub monotonic: SharedMonotonic,
    pub stopping: CancellationToken,
    pub worker: Worker,
    pub job: Job,
    pub lease: Lease,
    /// A moment before it was taken.
    pub taken_at: Instant,
}

impl Run {
    /// Runs the job to its end. `running` counts it as running until then.
    pub(super) async fn run(self, running: Running) {
        // The work has a separate task. If it panics, this task continues. If this task is dropped, the work is
        // cancelled.
        let (work, lease, job) = (self.worker.work.clone(), self.lease.clone(), self.job.clone());
        let mut work = AbortOnDropHandle::new(tokio::spawn(async move { work(lease, job).await }));
        let ended = tokio::select! {
            // The lease first: after a process stood still, both may be ready.
            biased;
            () = self.keep_lease() => None,
            () = self.lease.wait_until_lost() => None,
            ended = &mut work => Some(ended),
            () = self.stopping.cancelled() => None,
        };
        let ended = if let Some(ended) = ended {
            ended
        } else {
            work.abort();
            // Until it really has ended: another run of this job must not begin before.
            work.await
        };
        let (ending, next) = self.decide_next(ended);
        let ending = if self.end_lease(next).await { ending } else { Ending::Lost };
        if ending == Ending::Lost {
            tracing::warn!(kind = self.worker.kind.name, job = %self.job.id, "a job lost its lease");
        }
        running.count_ending(ending);
    }

    /// Renews the lease for as long as that succeeds in time, and then marks it as lost.
    async fn keep_lease(&self) {
        let mut until = self.taken_at + TERM;
        loop {
            let renewed = async {
                self.monotonic.sleep_until(until - REMAINS_AT_RENEWAL).await;
                loop {
                    let sent = self.monotonic.now();
                    match self.jobs.renew_lease(&self.lease).await {
                        Ok(true) => break Some(sent),
                        Ok(false) => break None,
                        Err(error) => {
                            tracing::debug!(%error, job = %self.job.id, "could not renew a lease");
                            self.monotonic.sleep_until(sent + RETRY).await;
                        }
                    }
                }
            };
            let sent = tokio::select! {
                biased;
                () = self.monotonic.sleep_until(until) => None,
                sent = renewed => sent,
            };
            let Some(sent) = sent else { break };
            until = sent + TERM;
        }
        self.lease.lose();
    }

    /// Decides the next state of the job by the result of its work.
    fn decide_next(&self, ended: Result<Result<(), Failure>, JoinError>) -> (Ending, Next) {
        let (kind, now) = (self.worker.kind, self.jobs.clock().now());
        match ended {
            Ok(Ok(())) => {
                if let Some(at) = self.lease.later() {
                    return (Ending::Postponed, Next::PutBack(at));
                }
                let next = kind.every.map_or(Next::Gone, |every| Next::Again(now.plus(every)));
                (Ending::Succeeded, next)
            }
            // Cut off, or refused by its fence.
            Ok(Err(_)) | Err(_) if self.lease.is_lost() => (Ending::Lost, Next::PutBack(now)),
            Err(error) if error.is_cancelled() => (Ending::Postponed, Next::PutBack(now)),
            Ok(Err(Failure::Unavailable(reason))) => {
                tracing::warn!(kind = kind.name, job = %self.job.id, reason, "a job waits for the database");
                (Ending::Postponed, Next::PutBack(now.plus(kind.back_off.first)))
            }
            Ok(Err(failure)) => self.retry_later(&format!("{failure:?}")),
            Err(error) => self.retry_later(&error.to_string()),
        }
    }

    fn retry_later(&self, failure: &str) -> (Ending, Next) {
        let (kind, attempts) = (self.worker.kind, self.job.attempts);
        tracing::error!(kind = kind.name, job = %self.job.id, attempts, failure, "a job failed");
        let wait = kind.back_off.wait(attempts, self.jobs.random());
        (Ending::Failed, Next::Retry(self.jobs.clock().now().plus(wait)))
    }

    /// Ends the lease, again and again while the database is away: until then the lease stays ours, or becomes that of
    /// a process that has seen it unchanged for long enough.
    ///
    /// # Returns
    /// Whether it was still ours.
    async fn end_lease(&self, next: Next) -> bool {
        loop {
            let sent = self.monotonic.now();
            match self.jobs.end_lease(&self.lease, next).await {
                Ok(ours) => return ours,
                Err(error) if error.is_outage() && !self.stopping.is_cancelled() => {
                    tracing::debug!(%error, job = %self.job.id, "could not end a lease; trying again");
                }
                Err(error) => {
                    tracing::error!(%error, job = %self.job.id, "could not end a lease");
                    return false;
                }
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = self.monotonic.sleep_until(sent + RETRY) => {}
            }
        }
    }
}
