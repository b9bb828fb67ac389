//! Counts the results of jobs in this process, by kind, for metrics.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::model::Kind;

/// The counts of all kinds. A clone shares them.
#[derive(Clone, Debug)]
pub struct Counts(Arc<[(&'static str, Arc<KindCounts>)]>);

/// The counts of one kind since the process started.
#[derive(Debug, Default)]
pub struct KindCounts {
    started: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    postponed: AtomicU64,
    lost: AtomicU64,
    running: AtomicU64,
}

/// The counts of one kind at one moment. What was started has succeeded, failed, been postponed, lost its lease, or is
/// still running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Begun.
    pub started: u64,
    /// Done.
    pub succeeded: u64,
    /// Ended by a failure or by a panic.
    pub failed: u64,
    /// Put back because the database was away, the process was stopping, or the work must wait.
    pub postponed: u64,
    /// Ended because the lease could not be renewed, or was no longer ours at the end.
    pub lost: u64,
    /// Running now.
    pub running: u64,
}

/// How one run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeded,
    Failed,
    Postponed,
    Lost,
}

impl Counts {
    pub(super) fn new(kinds: &[&'static Kind]) -> Self {
        Self(kinds.iter().map(|kind| (kind.name, Arc::default())).collect())
    }

    /// The counts of each kind, by its name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Snapshot)> {
        self.0.iter().map(|(name, counts)| (*name, counts.snapshot()))
    }

    /// The counts of this kind; zero for one that this process does not know.
    pub fn of(&self, kind: &Kind) -> Snapshot {
        self.all().find(|(name, _)| *name == kind.name).map(|(_, counts)| counts).unwrap_or_default()
    }

    /// Counts a run that begins.
    pub(super) fn count_start(&self, kind: &Kind) -> Running {
        let counts = self.0.iter().find(|(name, _)| *name == kind.name);
        let counts = counts.map(|(_, counts)| counts.clone()).unwrap_or_default();
        counts.started.fetch_add(1, Ordering::Relaxed);
        counts.running.fetch_add(1, Ordering::Relaxed);
        Running(counts)
    }
}

impl KindCounts {
    fn snapshot(&self) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Snapshot {
            started: read(&self.started),
            succeeded: read(&self.succeeded),
            failed: read(&self.failed),
            postponed: read(&self.postponed),
            lost: read(&self.lost),
            running: read(&self.running),
        }
    }
}

/// A run that is counted as running until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<KindCounts>);

impl Running {
    /// Counts how it ended.
    pub(super) fn count_ending(self, ending: Ending) {
        let count = match ending {
            Ending::Succeeded => &self.0.succeeded,
            Ending::Failed => &self.0.failed,
            Ending::Postponed => &self.0.postponed,
            Ending::Lost => &self.0.lost,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
