//! Counts events that an outsider can repeat without limit, such as refused log-ins: one entry per window
//! with a count.
//!
//! An event is counted in memory; [`RepeatedActivity::flush`] writes it, every few seconds. So an attacker
//! can neither fill the database nor learn from the response time what was recorded. A process that is killed
//! loses the events of those seconds. Each process writes entries of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::Duration;
use uuid::Uuid;

use super::{
    model::{Action, Actor, Detail, Entry},
    service::Activity,
    store,
};
use crate::platform::{
    clock::Timestamp,
    database::{Database, DatabaseError},
    failure::Failure,
    id::{OrganisationId, UserId, new_uuid},
};

/// Length of the window that one entry counts.
pub const WINDOW: Duration = Duration::minutes(5);
/// Maximum number of entries of one kind in one window. Further events share one more entry, which names nothing.
const MAX_ENTRIES: usize = 50;
/// Number of entries that one transaction writes.
const BATCH: usize = 100;

/// The kind of an entry. Entries of one kind share the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    organisation: OrganisationId,
    user: Option<UserId>,
    action: Action,
}

/// Identifies the events that one entry counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    entity: String,
    entity_id: Uuid,
    detail: Detail,
}

#[derive(Clone, Debug)]
struct Counter {
    id: Uuid,
    started_at: Timestamp,
    first: Actor,
    entry: Entry,
    count: i64,
    written: i64,
}

/// Counts repeated events. A clone shares the counters.
#[derive(Clone)]
pub struct RepeatedActivity {
    database: Database,
    activity: Activity,
    counters: Arc<Mutex<HashMap<Key, Counter>>>,
}

impl RepeatedActivity {
    /// Writes to this database, with the clock and the ids of `activity`.
    pub fn new(database: Database, activity: Activity) -> Self {
        Self { database, activity, counters: Arc::default() }
    }

    /// Counts an event. It only touches memory, and costs the same for every event.
    pub fn count_event(&self, actor: Actor, entry: Entry) {
        let now = self.activity.clock.now();
        let kind = Kind { organisation: actor.organisation, user: actor.user, action: entry.action };
        let mut counters = self.lock();
        let named = Key {
            kind,
            entity: entry.entity.clone(),
            entity_id: entry.entity_id,
            detail: entry.detail.clone(),
        };
        let (key, entry) = if counters.contains_key(&named)
            || counters.keys().filter(|key| key.kind == kind).count() < MAX_ENTRIES
        {
            (named, entry)
        } else {
            let entry =
                Entry { entity: String::new(), entity_id: Uuid::nil(), detail: Detail::None, ..entry };
            let key = Key { kind, entity: String::new(), entity_id: Uuid::nil(), detail: Detail::None };
            (key, entry)
        };
        let id = new_uuid(&*self.activity.clock, &*self.activity.randomness);
        let counter = counters.entry(key).or_insert_with(|| Counter {
            id,
            started_at: now,
            first: actor,
            entry,
            count: 0,
            written: 0,
        });
        counter.count += 1;
    }

    /// Writes the events counted since the last flush, and drops counters whose window is over.
    ///
    /// # Errors
    /// Those of the database. Events that were not written stay counted.
    pub async fn flush(&self) -> Result<(), Failure> {
        // Only events that are pending now, so that a stream of new events cannot keep this from ending.
        let pending: Vec<(Key, Counter)> = self
            .lock()
            .iter()
            .filter(|(_, counter)| counter.count > counter.written)
            .map(|(key, counter)| (key.clone(), counter.clone()))
            .collect();
        for batch in pending.chunks(BATCH) {
            self.database
                .write(async |tx| {
                    for (_, counter) in batch {
                        let (actor, entry) = (counter.first, counter.entry.clone());
                        store::put(&tx, counter.id, counter.started_at, actor, entry, counter.count).await?;
                    }
                    Ok::<_, DatabaseError>(())
                })
                .await?;
            let mut counters = self.lock();
            for (key, counter) in batch {
                if let Some(now) = counters.get_mut(key).filter(|now| now.id == counter.id) {
                    now.written = counter.count;
                }
            }
        }
        let now = self.activity.clock.now();
        // If the clock was set back, a window can lie in the future. Drop its counter too.
        let is_over = |started_at: Timestamp| now.since(started_at) >= WINDOW || now < started_at;
        self.lock().retain(|_, counter| counter.count > counter.written || !is_over(counter.started_at));
        Ok(())
    }

    /// A panic of another holder of the lock cannot leave a counter half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Counter>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
