//! The rule by which a process takes a job from another one.
//!
//! The row of a job has an owner and a counter. The owner is a random id for each time that the job is taken; the
//! counter grows with each taking and each renewal. A process may take a job that has an owner only after it has seen
//! the same owner and counter for [`UNCHANGED`], measured by its own monotonic clock, with an answer of the database
//! at both ends. The owner renews every [`RENEWAL`]; without a renewal it ends its work [`TERM`] after the last one,
//! which is before anyone else may begin. No clock is compared with the clock of another machine.

use std::{collections::HashMap, hash::Hash, time::Duration};

use tokio::time::Instant;

use super::model::JobId;
use crate::identifier;

/// A lease that has been unchanged for this long has no living owner.
pub const UNCHANGED: Duration = Duration::from_secs(30);
/// The owner renews its lease this often.
pub const RENEWAL: Duration = Duration::from_secs(10);
/// The owner ends its work this long after it sent the last renewal that went through. The distance to [`UNCHANGED`]
/// is for clocks that do not run equally fast, and for the time that work takes to end.
pub const TERM: Duration = Duration::from_secs(25);
/// A lease is renewed this long before its term ends.
pub const REMAINS_AT_RENEWAL: Duration = Duration::from_secs(TERM.as_secs() - RENEWAL.as_secs());

identifier! {
    /// The owner of a lease: a random id for each time that a job is taken.
    Owner
}

/// The state of a lease, as the row of its job has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseState {
    /// The process that holds the lease; `None` if the job is free.
    pub owner: Option<Owner>,
    /// How often it was taken and renewed.
    pub counter: i64,
}

/// A lease as one process has seen it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub state: LeaseState,
    /// When the database first answered with this state.
    pub since: Instant,
}

/// Whether a process may take a job with this lease, which the database has shown in answer to a query sent at `asked`.
pub fn may_take(state: LeaseState, seen: Option<Sighting>, asked: Instant) -> bool {
    state.owner.is_none()
        || seen.is_some_and(|seen| {
            seen.state == state && asked.saturating_duration_since(seen.since) >= UNCHANGED
        })
}

/// The leases that one process has seen, of jobs or of other rows that are taken by the same rule.
#[derive(Debug)]
pub struct Watch<T = JobId>(HashMap<T, Sighting>);

impl<T> Default for Watch<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Copy + Eq + Hash> Watch<T> {
    /// Forgets all leases, because the database did not answer: in that time no owner could renew its lease.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Records all leases, as the database answered at `answered` to a query that was sent at `asked`.
    ///
    /// # Returns
    /// The rows that may be taken.
    pub fn record_leases(
        &mut self,
        leases: impl IntoIterator<Item = (T, LeaseState)>,
        asked: Instant,
        answered: Instant,
    ) -> Vec<T> {
        let before = std::mem::take(&mut self.0);
        let mut free = Vec::new();
        for (id, state) in leases {
            let seen = before.get(&id).copied();
            if may_take(state, seen, asked) {
                free.push(id);
            }
            let same = seen.filter(|seen| seen.state == state);
            self.0.insert(id, same.unwrap_or(Sighting { state, since: answered }));
        }
        free
    }
}

#[cfg(test)]
mod tests;
