//! Records of API calls: who called what, when, and with which outcome, for *Logs > API*.
//!
//! A call only touches memory: [`Calls::note`]. [`Calls::flush`] writes what has gathered, once a second. A process that
//! is killed loses the records of that second. If calls come faster than they can be written, or the database is away,
//! the number of the calls that were left out is recorded instead. Records are kept for [`RETENTION`], and at most
//! [`MAX_KEPT`] of an organisation.
//!
//! The attack: an application calls again and again, to wipe the records of others. So calls that are refused because of
//! their number make one record for each client and write, an organisation has a share of the places in memory, and a
//! client has a share of the records.

pub mod model;
mod store;

use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::Duration;

pub use self::model::{Call, CallEntry, CallFilter, CallOutcome, CallPosition, RecordedCall};
use self::store::OrganisationCalls;
use super::{model::MAX_CLIENTS, store::OrganisationClients};
use crate::{
    jobs::service::Lease,
    people::access::Admin,
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, paging::cut_page},
        failure::Failure,
        id::{ApiClientId, OrganisationId, new_uuid},
        randomness::SharedRandomness,
    },
};

/// How long records are kept.
pub const RETENTION: Duration = Duration::days(7);
/// Number of entries on a page.
pub const PAGE_SIZE: usize = 50;
/// Maximum number of records of an organisation that the sweep keeps.
const MAX_KEPT: u64 = 1_000_000;
/// The same of one client.
const MAX_KEPT_OF_CLIENT: u64 = MAX_KEPT / 2;
/// The status of a call that was refused because of the number of calls.
const TOO_MANY: u16 = 429;
/// Maximum number of calls in memory that wait to be written.
const MAX_WAITING: usize = 20_000;
/// Number of records that one statement adds. Each has 13 values, and SQLite takes 32,766 in one statement.
const MAX_WRITTEN: usize = 1_000;
/// Maximum number of records that one transaction erases.
const MAX_ERASED: u64 = 10_000;
/// Maximum number of transactions with which one sweep erases records of an organisation.
const MAX_ERASING: usize = 100;
/// Maximum number of characters of a provider's request id.
const MAX_PROVIDER_ID: usize = 200;

/// The limits of the records. Tests use smaller ones.
#[derive(Clone, Copy, Debug)]
pub struct CallLimits {
    /// Maximum number of calls that wait to be written.
    pub waiting: usize,
    /// Maximum number of records of an organisation.
    pub kept: u64,
    /// Maximum number of records of a client.
    pub kept_of_client: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { waiting: MAX_WAITING, kept: MAX_KEPT, kept_of_client: MAX_KEPT_OF_CLIENT }
    }
}

/// A call that waits to be written.
#[derive(Clone, Debug)]
struct WaitingCall {
    position: CallPosition,
    call: Call,
    /// Number of further calls that were refused as this one was.
    more: u64,
}

/// The number of calls of an organisation that were left out since the last write.
#[derive(Clone, Copy, Debug)]
struct LeftOut {
    position: CallPosition,
    organisation: OrganisationId,
    number: u64,
}

#[derive(Debug, Default)]
struct Gathered {
    calls: VecDeque<WaitingCall>,
    /// Number of calls of each organisation that wait.
    numbers: BTreeMap<OrganisationId, usize>,
    /// The first of each client that was refused because of the number of calls, since the last write.
    refused: BTreeMap<ApiClientId, WaitingCall>,
    left_out: BTreeMap<OrganisationId, LeftOut>,
}

impl Gathered {
    /// Gives a call a place, or counts it as left out. An organisation gets a place while it has fewer than are free, so
    /// that one that calls often leaves places for the others.
    fn add(&mut self, waiting: WaitingCall, max: usize) {
        let organisation = waiting.call.organisation;
        let free = max.saturating_sub(self.calls.len());
        let own = self.numbers.entry(organisation).or_default();
        if *own < free {
            *own += 1;
            self.calls.push_back(waiting);
            return;
        }
        let WaitingCall { position, more, .. } = waiting;
        let new = LeftOut { position, organisation, number: 0 };
        let left_out = self.left_out.entry(organisation).or_insert(new);
        left_out.number = left_out.number.saturating_add(more).saturating_add(1);
    }

    /// Counts a call that was refused because of the number of calls.
    fn add_refused(&mut self, waiting: WaitingCall) {
        match self.refused.entry(waiting.call.client) {
            Entry::Vacant(place) => {
                place.insert(waiting);
            }
            Entry::Occupied(mut first) => {
                let first = first.get_mut();
                first.more = first.more.saturating_add(1);
            }
        }
    }

    /// Gives the calls places that were refused because of the number of calls.
    fn place_refused(&mut self, max: usize) {
        for waiting in std::mem::take(&mut self.refused).into_values() {
            self.add(waiting, max);
        }
    }

    /// Frees the places of this number of calls that were written, from the front.
    fn remove_written(&mut self, written: usize) {
        for WaitingCall { call, .. } in self.calls.drain(..written) {
            if let Some(number) = self.numbers.get_mut(&call.organisation) {
                *number = number.saturating_sub(1);
            }
        }
        self.numbers.retain(|_, number| *number > 0);
    }
}

/// A page of entries, newest first.
#[derive(Clone, Debug)]
pub struct CallPage {
    /// At most [`PAGE_SIZE`] entries.
    pub entries: Vec<CallEntry>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<CallPosition>,
}

/// Gathers, writes, reads and erases the records. A clone shares what has gathered.
#[derive(Clone)]
pub struct Calls {
    database: Database,
    clock: SharedClock,
    randomness: SharedRandomness,
    limits: CallLimits,
    gathered: Arc<Mutex<Gathered>>,
    /// Held while the records are written, so that the calls at the front stay in place until they are removed.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Calls {
    /// Writes to this database.
    pub fn new(
        database: Database,
        clock: SharedClock,
        randomness: SharedRandomness,
        limits: CallLimits,
    ) -> Self {
        Self { database, clock, randomness, limits, gathered: Arc::default(), writing: Arc::default() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Gathers the record of a call. It only touches memory.
    pub fn note(&self, mut call: Call) {
        let id = new_uuid(&*self.clock, &*self.randomness);
        let position = CallPosition { at: self.clock.now(), id };
        // The provider wrote it, so its length is not known.
        call.provider_request_id =
            call.provider_request_id.map(|id| id.chars().take(MAX_PROVIDER_ID).collect());
        let is_refused = call.status == TOO_MANY;
        let waiting = WaitingCall { position, call, more: 0 };
        let mut gathered = self.lock();
        if is_refused {
            gathered.add_refused(waiting);
        } else {
            gathered.add(waiting, self.limits.waiting);
        }
    }

    /// Writes the records that have gathered.
    ///
    /// # Errors
    /// Those of the database. Calls that were not written keep waiting.
    pub async fn flush(&self) -> Result<(), Failure> {
        let _writing = self.writing.lock().await;
        self.lock().place_refused(self.limits.waiting);
        // Only calls that wait now, so that a stream of new calls cannot keep this from ending.
        let mut waiting = self.lock().calls.len();
        while waiting > 0 {
            let batch: Vec<WaitingCall> =
                self.lock().calls.iter().take(waiting.min(MAX_WRITTEN)).cloned().collect();
            self.write(&batch, &[]).await?;
            self.lock().remove_written(batch.len());
            waiting = waiting.saturating_sub(batch.len().max(1));
        }
        let left_out: Vec<LeftOut> = self.lock().left_out.values().copied().collect();
        for batch in left_out.chunks(MAX_WRITTEN) {
            self.write(&[], batch).await?;
            let mut gathered = self.lock();
            for written in batch {
                let LeftOut { organisation, number, .. } = *written;
                let Some(rest) = gathered.left_out.remove(&organisation) else { continue };
                let more = rest.number.saturating_sub(number);
                if more > 0 {
                    let id = new_uuid(&*self.clock, &*self.randomness);
                    let position = CallPosition { at: self.clock.now(), id };
                    gathered.left_out.insert(organisation, LeftOut { position, organisation, number: more });
                }
            }
        }
        Ok(())
    }

    async fn write(&self, calls: &[WaitingCall], left_out: &[LeftOut]) -> Result<(), Failure> {
        self.database
            .write(async |tx| {
                store::add(&tx, calls, left_out).await?;
                Ok::<_, DatabaseError>(())
            })
            .await?;
        Ok(())
    }

    /// A page of the calls of the administrator's organisation.
    pub async fn page(
        &self,
        admin: &Admin,
        filter: CallFilter,
        before: Option<CallPosition>,
    ) -> Result<CallPage, Failure> {
        let entries = self.newest(admin, filter, before, PAGE_SIZE + 1).await?;
        let (entries, next) = cut_page(entries, PAGE_SIZE, CallEntry::position);
        Ok(CallPage { entries, next })
    }

    /// The newest `limit` calls that pass the filter and are older than `before`.
    pub async fn newest(
        &self,
        admin: &Admin,
        filter: CallFilter,
        before: Option<CallPosition>,
        limit: usize,
    ) -> Result<Vec<CallEntry>, Failure> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let calls = OrganisationCalls::of(admin.organisation());
        Ok(calls.list(&self.database.read(), filter, before, limit).await?)
    }

    /// Erases records that are older than [`RETENTION`]. `settled` is the present time of [`SettledTime`], so that a clock
    /// that is ahead for a while erases none.
    ///
    /// [`SettledTime`]: crate::platform::settled_time::SettledTime
    pub async fn erase_old(
        &self,
        lease: &Lease,
        organisation: OrganisationId,
        settled: Timestamp,
    ) -> Result<(), Failure> {
        self.erase(lease, OrganisationCalls::of(organisation), None, settled.minus(RETENTION)).await
    }

    /// Erases the oldest records of each client and of the organisation that are more than are kept.
    pub async fn erase_surplus(&self, lease: &Lease, organisation: OrganisationId) -> Result<(), Failure> {
        let (calls, read) = (OrganisationCalls::of(organisation), self.database.read());
        let clients = OrganisationClients::of(organisation).names(&read, MAX_CLIENTS).await?;
        for (client, _) in clients {
            let beyond = calls.time_beyond(&read, Some(client), self.limits.kept_of_client).await?;
            if let Some(since) = beyond {
                self.erase(lease, calls, Some(client), since).await?;
            }
        }
        match calls.time_beyond(&read, None, self.limits.kept).await? {
            Some(since) => self.erase(lease, calls, None, since).await,
            None => Ok(()),
        }
    }

    /// Erases the records of `since` and before, of one client or of all.
    async fn erase(
        &self,
        lease: &Lease,
        calls: OrganisationCalls,
        client: Option<ApiClientId>,
        since: Timestamp,
    ) -> Result<(), Failure> {
        for _ in 0..MAX_ERASING {
            let erased = self
                .database
                .write(async |tx| {
                    lease.hold(&tx).await?;
                    Ok::<_, Failure>(calls.erase(&tx, client, since, MAX_ERASED).await?)
                })
                .await?;
            if erased < MAX_ERASED {
                break;
            }
        }
        Ok(())
    }

    /// A panic of another holder of the lock cannot leave the records half changed.
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
