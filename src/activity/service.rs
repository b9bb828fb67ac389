//! Writes, reads and erases activity. An entry is written in the transaction of the change that it records,
//! so that neither exists without the other. Entries are erased after a year.

use time::Duration;

pub use super::repeated::RepeatedActivity;

use super::{
    model::{Actor, Entry, Filter, Position, Recorded},
    store::{self, Record},
};
use crate::platform::{
    clock::SharedClock,
    database::{Database, DatabaseError, Tx},
    failure::Failure,
    id::{OrganisationId, new_uuid},
    randomness::SharedRandomness,
};

/// How long entries are kept.
pub const KEPT: Duration = Duration::days(365);
/// Number of entries on a page.
pub const PAGE: usize = 50;

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
}

/// A page of entries, newest first.
#[derive(Clone, Debug)]
pub struct ActivityPage {
    /// At most [`PAGE`] entries.
    pub entries: Vec<Recorded>,
    /// The cursor of the next page, if there is one.
    pub next: Option<Position>,
}

/// Reads activity entries, and erases old ones.
#[derive(Clone)]
pub struct ActivityLog {
    database: Database,
    clock: SharedClock,
}

impl ActivityLog {
    /// A reader of this database.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock }
    }

    /// A page of an organisation's entries. Only its administrators may see them; the caller checks.
    pub async fn page(
        &self,
        organisation: OrganisationId,
        filter: Filter,
        before: Option<Position>,
    ) -> Result<ActivityPage, Failure> {
        let limit = u64::try_from(PAGE + 1).unwrap_or(u64::MAX);
        let mut entries = Record::of(organisation).list(&self.database.read(), filter, before, limit).await?;
        // One more than is shown tells whether there is a next page.
        let more = entries.len() > PAGE;
        entries.truncate(PAGE);
        let next = entries.last().filter(|_| more).map(|last| last.position);
        Ok(ActivityPage { entries, next })
    }

    /// Erases entries older than [`KEPT`].
    pub async fn sweep(&self, organisation: OrganisationId) -> Result<(), Failure> {
        let since = self.clock.now().minus(KEPT);
        self.database.write(async |tx| Ok(Record::of(organisation).sweep(&tx, since).await?)).await
    }
}
