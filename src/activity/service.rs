//! Activity: written always within the transaction of what is recorded, so that neither is there without
//! the other; read, and erased after a year.

use time::Duration;

pub use super::repeated::RepeatedActivity;

use super::{
    model::{Actor, Entry, Filter, Position, Recorded},
    store::{self, Record},
};
use crate::{
    jobs::service::Lease,
    platform::{
        clock::SharedClock,
        database::{Database, DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, new_uuid},
        randomness::SharedRandomness,
    },
};

/// Entries are kept for this long.
pub const KEPT: Duration = Duration::days(365);
/// How many entries a page shows.
pub const PAGE: usize = 50;

/// Records what is done.
#[derive(Clone)]
pub struct Activity {
    pub(super) clock: SharedClock,
    pub(super) randomness: SharedRandomness,
}

impl Activity {
    /// With this clock and these ids.
    pub fn new(clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { clock, randomness }
    }

    /// Records one thing, in the transaction that does it.
    pub async fn record(&self, tx: &Tx, actor: Actor, entry: Entry) -> Result<(), DatabaseError> {
        let id = new_uuid(&*self.clock, &*self.randomness);
        store::add(tx, id, self.clock.now(), actor, entry).await
    }
}

/// A page of entries, latest first.
#[derive(Clone, Debug)]
pub struct ActivityPage {
    /// The entries.
    pub entries: Vec<Recorded>,
    /// Where the next page begins, where there is one.
    pub next: Option<Position>,
}

/// What was recorded.
#[derive(Clone)]
pub struct ActivityLog {
    database: Database,
    clock: SharedClock,
}

impl ActivityLog {
    /// In this database.
    pub fn new(database: Database, clock: SharedClock) -> Self {
        Self { database, clock }
    }

    /// A page of an organisation's entries; only its administrators are to see them.
    pub async fn page(
        &self,
        organisation: OrganisationId,
        filter: Filter,
        before: Option<Position>,
    ) -> Result<ActivityPage, Failure> {
        let limit = u64::try_from(PAGE + 1).unwrap_or(u64::MAX);
        let mut entries = Record::of(organisation).list(&self.database.read(), filter, before, limit).await?;
        // One more than is shown, to know whether there is a next page.
        let more = entries.len() > PAGE;
        entries.truncate(PAGE);
        let next = entries.last().filter(|_| more).map(|last| last.position);
        Ok(ActivityPage { entries, next })
    }

    /// Erases what is older than [`KEPT`].
    pub async fn sweep(&self, lease: &Lease, organisation: OrganisationId) -> Result<(), Failure> {
        let since = self.clock.now().minus(KEPT);
        self.database
            .write(async |tx| {
                lease.hold(&tx).await?;
                Ok(Record::of(organisation).sweep(&tx, since).await?)
            })
            .await
    }
}
