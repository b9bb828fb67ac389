//! Adding jobs, and the lease under which one runs.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    counts::Counts,
    lease::{LeaseState, Owner},
    model::{JobId, Kind, Payload},
    store::{self, NewJob, Next},
};
use crate::platform::{
    clock::{SharedClock, Timestamp},
    database::{Database, DatabaseError, Tx},
    failure::Failure,
    id::OrganisationId,
    randomness::SharedRandomness,
};

/// The key of a singleton.
const SINGLETON: &str = "singleton";

/// The jobs of this program. A clone is another handle to the same.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    database: Database,
    clock: SharedClock,
    randomness: SharedRandomness,
    wake: Notify,
    counts: Counts,
}

impl Jobs {
    /// In this database, with the kinds that this program counts.
    pub fn new(
        database: Database,
        clock: SharedClock,
        randomness: SharedRandomness,
        kinds: &[&'static Kind],
    ) -> Self {
        let (wake, counts) = (Notify::new(), Counts::new(kinds));
        Self(Arc::new(Inner { database, clock, randomness, wake, counts }))
    }

    /// Adds a job that is due now, in the transaction of the change that it belongs to. After the transaction call
    /// [`Jobs::wake`], or the job waits for the next look at the table.
    ///
    /// # Returns
    /// Whether it was added: with a `key`, there is one job of its kind with this key at a time.
    pub async fn add(
        &self,
        tx: &Tx,
        kind: &'static Kind,
        organisation: Option<OrganisationId>,
        key: Option<String>,
        payload: &impl Serialize,
    ) -> Result<bool, Failure> {
        let payload = serde_json::to_string(payload).map_err(|error| Failure::unexpected(&error))?;
        let Inner { clock, randomness, .. } = &*self.0;
        let id = JobId::new(&**clock, &**randomness);
        let (payload, due_at) = (Payload(payload), clock.now());
        Ok(store::add_job(tx, NewJob { id, kind, organisation, key, payload, due_at }).await?)
    }

    /// Makes sure that these singletons are there. New ones are due now.
    pub(super) async fn add_singletons(&self, kinds: &[&'static Kind]) -> Result<(), Failure> {
        self.0
            .database
            .write(async |tx| {
                for kind in kinds {
                    self.add(&tx, kind, None, Some(SINGLETON.to_owned()), &()).await?;
                }
                Ok(())
            })
            .await
    }

    /// Has the runner of this process look at the table now.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits until [`Jobs::wake`] is called; at once if it was called since the last wait.
    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// The counts of the results of jobs in this process.
    pub fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    /// A random number, for jitter.
    pub(super) fn random(&self) -> u32 {
        let mut bytes = [0; 4];
        self.0.randomness.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// Takes a job whose lease still is `before`.
    pub(super) async fn take_job(
        &self,
        id: JobId,
        before: LeaseState,
    ) -> Result<Option<Lease>, DatabaseError> {
        let Inner { database, clock, randomness, .. } = &*self.0;
        let owner = Owner::new(&**clock, &**randomness);
        let taken = database.write(async |tx| store::take_job(&tx, id, before, owner).await).await?;
        Ok(taken.then(|| Lease { id, owner, lost: CancellationToken::new(), later: Arc::default() }))
    }

    pub(super) async fn renew_lease(&self, lease: &Lease) -> Result<bool, DatabaseError> {
        self.0.database.write(async |tx| store::renew_lease(&tx, lease.id, lease.owner).await).await
    }

    pub(super) async fn end_lease(&self, lease: &Lease, next: Next) -> Result<bool, DatabaseError> {
        self.0.database.write(async |tx| store::end_lease(&tx, lease.id, lease.owner, next).await).await
    }
}

/// The lease under which a job runs.
#[derive(Clone, Debug)]
pub struct Lease {
    id: JobId,
    owner: Owner,
    lost: CancellationToken,
    /// When the job runs again although its work has succeeded.
    later: Arc<Mutex<Option<Timestamp>>>,
}

impl Lease {
    /// Makes sure that the lease is still ours, and keeps it ours until the transaction ends. Each transaction of a
    /// job begins with it: a process that stood still for a while must not write what another one has taken over.
    ///
    /// # Errors
    /// If the lease is lost: the transaction must fail then.
    pub async fn hold(&self, tx: &Tx) -> Result<(), Failure> {
        if !self.is_lost() && store::lock_lease(tx, self.id, self.owner).await? {
            return Ok(());
        }
        self.lose();
        Err(Failure::Unexpected(format!("the lease of the job {} was lost", self.id)))
    }

    /// Has the job run again at this time, if its work now ends without a failure: it must wait for something outside. The
    /// run does not count as an attempt. The time is at most [`Kind::longest_wait`] ahead.
    pub fn put_back_until(&self, at: Timestamp) {
        *self.later.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// The time of [`Self::put_back_until`].
    pub(super) fn later(&self) -> Option<Timestamp> {
        *self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is known to be lost.
    pub fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    pub(super) fn lose(&self) {
        self.lost.cancel();
    }

    /// Waits until it is known to be lost.
    pub(super) async fn wait_until_lost(&self) {
        self.lost.cancelled().await;
    }
}
