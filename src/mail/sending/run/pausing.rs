//! Waiting between two questions: a short wait keeps the lease, a long one puts the record back, so that its place and its
//! memory are free for others.

use std::time::Duration as Elapsed;

use time::Duration;

use super::{Run, Stop, asking::named_wait, lease::RETRY};
use crate::{
    jobs::model::BackOff,
    mail::{
        sending::{DOUBT, LONGEST_QUEUED, PATIENCE, SendFailure},
        store::sends::{Stage, open},
    },
    platform::{clock::Timestamp, failure::Failure},
    providers::mailbox::{MailError, MailProblem},
};

/// How long a record waits after questions without a clear answer.
pub(in crate::mail::sending) const BACK_OFF: BackOff =
    BackOff { first: Duration::seconds(2), longest: Duration::minutes(5) };
/// The longest wait that keeps the lease.
const LONGEST_HELD: Duration = Duration::seconds(15);

impl Run {
    fn now(&self) -> Timestamp {
        self.sending.parts().clock.now()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.sending.0.stopping.is_cancelled()
    }

    /// Whether the provider was asked to send, and did not say clearly that it will not.
    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self.send.stage, Stage::Sending | Stage::Withdrawing | Stage::Deleting)
    }

    /// Whether the record has no clear outcome for so long that it gets one without the provider.
    pub(super) fn is_too_old(&self) -> bool {
        let (created, now) = (self.send.created_at, self.now());
        if self.is_in_doubt() {
            // A clock that is ahead for a while must not end what can still be found out.
            return self.sending.settled().is_some_and(|settled| settled.since(created) >= DOUBT);
        }
        let begun = self.send.begun_at.unwrap_or(created);
        let is_old = now.since(begun) >= PATIENCE || now.since(created) >= LONGEST_QUEUED;
        is_old || !created.is_credible(now) || !begun.is_credible(now)
    }

    /// Ends a record that is too old. A message about which the provider was not asked is not sent so late.
    pub(super) async fn give_up(&mut self) -> Result<(), Stop> {
        if self.is_in_doubt() {
            return self.end_unknown().await;
        }
        let failure = self.last_failure.take().unwrap_or_else(|| MailProblem::Unavailable.into());
        self.end_failed(failure).await
    }

    /// Waits after an error, and longer after each one without progress.
    pub(super) async fn pause_after(&mut self, error: MailError) -> Result<(), Stop> {
        self.pause(named_wait(&error), error.into()).await
    }

    /// Waits this long, or longer after each time without progress.
    pub(super) async fn pause(&mut self, named: Option<Elapsed>, failure: SendFailure) -> Result<(), Stop> {
        self.last_failure = Some(failure);
        let wait = self.next_wait(named);
        if wait > LONGEST_HELD {
            return self.release(wait).await;
        }
        self.hold(wait.unsigned_abs()).await?;
        // A session or a search repeats its question in a loop of its own.
        if self.is_too_old() { self.give_up().await } else { Ok(()) }
    }

    /// Puts the record back for later.
    pub(super) async fn put_back(
        &mut self,
        named: Option<Elapsed>,
        failure: SendFailure,
    ) -> Result<(), Stop> {
        self.last_failure = Some(failure);
        let wait = self.next_wait(named);
        self.release(wait).await
    }

    fn next_wait(&mut self, named: Option<Elapsed>) -> Duration {
        self.send.tries = self.send.tries.saturating_add(1);
        let mut random = [0; 4];
        self.sending.parts().randomness.fill(&mut random);
        let usual = BACK_OFF.wait(self.send.tries, u32::from_le_bytes(random));
        let named = named.and_then(|named| Duration::try_from(named).ok()).unwrap_or_default();
        usual.max(named).min(BACK_OFF.longest)
    }

    /// Waits with the lease.
    pub(super) async fn hold(&mut self, wait: Elapsed) -> Result<(), Stop> {
        let parts = self.sending.parts();
        let until = parts.monotonic.now() + wait;
        tokio::select! {
            biased;
            () = self.lease.wait_until_lost() => return Err(Stop::Over),
            () = self.sending.0.stopping.cancelled() => {}
            () = parts.monotonic.sleep_until(until) => return Ok(()),
        }
        self.put_back_now().await
    }

    /// Puts the record back, so that another process goes on with it at once.
    pub(super) async fn put_back_now(&mut self) -> Result<(), Stop> {
        self.release(Duration::ZERO).await
    }

    /// Ends the lease, and stops this run.
    async fn release(&mut self, wait: Duration) -> Result<(), Stop> {
        let next_at = self.now().plus(wait);
        let (send, owner) = (&self.send, self.lease.owner());
        let database = &self.sending.parts().database;
        database.write(async |tx| open::release(&tx, send, owner, next_at).await).await?;
        Err(Stop::Over)
    }

    /// Waits a moment after the database has refused a write.
    pub(super) async fn sleep_for_database(&self) {
        let monotonic = &self.sending.parts().monotonic;
        monotonic.sleep_until(monotonic.now() + RETRY).await;
    }

    /// After a failure of this program or of its database. The lease stays while the database is away.
    pub(super) async fn put_off_after_fault(&mut self, failure: Failure) -> Result<(), Stop> {
        if matches!(failure, Failure::Unavailable(_)) {
            self.sleep_for_database().await;
            return Err(Stop::Failure(failure));
        }
        failure.log();
        tracing::error!(send = %self.send.id, "a send is put off after a fault");
        match self.put_back(None, failure.into()).await {
            Err(Stop::Over) => Ok(()),
            other => other,
        }
    }
}
