//! Counts the transactions that this process has committed, so that what was read before can be used again while there is
//! no other one.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Database;

static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Counts a transaction when it is dropped, whatever became of its commit.
pub(super) struct Change;

impl Drop for Change {
    fn drop(&mut self) {
        CHANGES.fetch_add(1, Ordering::SeqCst);
    }
}

impl Database {
    /// A number that becomes another one with each transaction that this process commits, in any database. While it stays,
    /// this process has changed nothing of what was read before.
    pub fn changes() -> u64 {
        CHANGES.load(Ordering::SeqCst)
    }

    /// Makes [`Self::changes`] another number, after a change that did not go through [`Self::write`].
    pub fn note_change() {
        drop(Change);
    }
}
