//! Writes, reads and erases activity. An entry is written in the transaction of the change that it records,
//! so that neither exists without the other. Entries are erased after a year.

use time::Duration;
use uuid::Uuid;

pub use super::repeated::RepeatedActivity;

use super::{
    model::{ActivityFilter, ActivityPosition, Actor, Detail, Entry, Recorded},
    store::{self, OrganisationActivity},
};
use crate::{
    jobs::service::Lease,
    platform::{
        clock::{SKEW, SharedClock, Timestamp},
        database::{Database, DatabaseError, Tx, paging::cut_page},
        failure::Failure,
        id::{OrganisationId, new_uuid},
        randomness::{Hash, SharedRandomness},
    },
};

/// How long entries are kept.
pub const RETENTION: Duration = Duration::days(365);
/// Number of entries on a page.
pub const PAGE_SIZE: usize = 50;

/// Writes activity entries.
#[derive(Clone)]
pub struct Activity {
    pub(super) clock: SharedClock,
    pub(super) randomness: SharedRandomness,
}

impl Activity {
    /// A writer with this clock and this source of ids.
    pub fn new(clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { clock, randomness }
    }

    /// Records an action, in the transaction that performs it.
    pub async fn record(&self, tx: &Tx, actor: Actor, entry: Entry) -> Result<(), DatabaseError> {
        let id = new_uuid(&*self.clock, &*self.randomness);
        store::add(tx, id, self.clock.now(), actor, entry).await
    }

    /// Records something that several processes may record at the same moment: of all entries with one key only the
    /// first stays.
    pub async fn record_first(
        &self,
        tx: &Tx,
        key: &Hash,
        actor: Actor,
        entry: Entry,
    ) -> Result<(), DatabaseError> {
        let (id, _) = key.as_bytes().split_at(16);
        // Of sixteen bytes there always is one.
        let id = Uuid::from_slice(id).unwrap_or_default();
        store::put(tx, id, self.clock.now(), actor, entry, 1).await
    }

    /// Counts something that happens often, possibly in several processes at the same moment: all entries with one key
    /// become one, which has the time of the first. Its detail is `add` of its detail and of the new one.
    pub async fn record_counted(
        &self,
        tx: &Tx,
        key: &Hash,
        actor: Actor,
        entry: Entry,
        add: fn(&Detail, &Detail) -> Detail,
    ) -> Result<(), DatabaseError> {
        let (id, _) = key.as_bytes().split_at(16);
        // Of sixteen bytes there always is one.
        let id = Uuid::from_slice(id).unwrap_or_default();
        let new = entry.detail.clone();
        // The row is locked from here on.
        let Some(stored) = store::count(tx, id, self.clock.now(), actor, entry).await? else { return Ok(()) };
        store::set_detail(tx, id, &add(&stored, &new)).await
    }

    /// Records something that many causes may repeat, unless an entry of the same action, thing and detail is younger
    /// than `window`. The caller has locked the thing.
    pub async fn record_once(
        &self,
        tx: &Tx,
        actor: Actor,
        entry: Entry,
        window: Duration,
    ) -> Result<(), DatabaseError> {
        let now = self.clock.now();
        // A later entry was written by a clock that was ahead, and does not count.
        let (after, until) = (now.minus(window), now.plus(SKEW));
        if OrganisationActivity::of(actor.organisation).has_same(tx, &entry, after, until).await? {
            return Ok(());
        }
        self.record(tx, actor, entry).await
    }
}

/// A page of entries, newest first.
#[derive(Clone, Debug)]
pub struct ActivityPage {
    /// At most [`PAGE_SIZE`] entries.
    pub entries: Vec<Recorded>,
    /// The cursor of the next page, if there is one.
    pub next: Option<ActivityPosition>,
}

/// Reads activity entries, and erases old ones.
#[derive(Clone)]
pub struct ActivityLog {
    database: Database,
}

impl ActivityLog {
    /// A reader of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// A page of an organisation's entries. Only its administrators may see them; the caller checks.
    pub async fn page(
        &self,
        organisation: OrganisationId,
        filter: ActivityFilter,
        before: Option<ActivityPosition>,
    ) -> Result<ActivityPage, Failure> {
        let limit = u64::try_from(PAGE_SIZE + 1).unwrap_or(u64::MAX);
        let entries =
            OrganisationActivity::of(organisation).list(&self.database.read(), filter, before, limit).await?;
        let (entries, next) = cut_page(entries, PAGE_SIZE, |last| last.position);
        Ok(ActivityPage { entries, next })
    }

    /// Erases entries older than [`RETENTION`]. `settled` is the present time of [`SettledTime`], so that a clock that is
    /// ahead for a while erases none: an investigation may need them.
    ///
    /// [`SettledTime`]: crate::platform::settled_time::SettledTime
    pub async fn erase_old_entries(
        &self,
        lease: &Lease,
        organisation: OrganisationId,
        settled: Timestamp,
    ) -> Result<(), Failure> {
        let since = settled.minus(RETENTION);
        self.database
            .write(async |tx| {
                lease.hold(&tx).await?;
                Ok(OrganisationActivity::of(organisation).erase_old_entries(&tx, since).await?)
            })
            .await
    }
}
