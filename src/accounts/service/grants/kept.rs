//! Remembers for a moment what was read to lend an access token, because programs make many calls in a row. It counts for
//! at most [`COUNTS`], and only until this process commits the next transaction, whatever it changes. So a change of this
//! process holds for the very next call, and one of another process after a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{AccountId, LentToken, lend::Known};
use crate::accounts::store::Accounts;

/// How long what was read counts.
const COUNTS: Duration = Duration::from_secs(1);
/// Maximum number of accounts that are remembered, each once for each reach of a caller.
const MAX_KEPT: usize = 1_000;
/// Maximum number of bytes of a token that is remembered.
const MAX_TOKEN: usize = 16 * 1024;

/// When something was read.
#[derive(Clone, Copy)]
pub(super) struct ReadAt {
    pub moment: Instant,
    /// [`crate::platform::database::Database::changes`] before the reading.
    pub changes: u64,
}

/// An account with its grant and its opened access token.
pub(super) struct Kept {
    pub known: Known,
    pub lent: LentToken,
}

type Entries = HashMap<(Accounts, AccountId), (ReadAt, Arc<Kept>)>;

/// What was read lately, by what was asked for.
#[derive(Default)]
pub(super) struct KeptTokens(Mutex<Entries>);

fn counts(read: ReadAt, now: ReadAt) -> bool {
    read.changes == now.changes && now.moment.duration_since(read.moment) < COUNTS
}

impl KeptTokens {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, accounts: Accounts, account: AccountId, now: ReadAt) -> Option<Arc<Kept>> {
        let entries = self.lock();
        let (read, kept) = entries.get(&(accounts, account))?;
        counts(*read, now).then(|| kept.clone())
    }

    pub(super) fn put(&self, accounts: Accounts, account: AccountId, read: ReadAt, kept: &Arc<Kept>) {
        if kept.lent.token.expose_secret().len() > MAX_TOKEN {
            return;
        }
        let mut entries = self.lock();
        if entries.len() >= MAX_KEPT {
            entries.retain(|_, (earlier, _)| counts(*earlier, read));
        }
        if entries.len() < MAX_KEPT {
            entries.insert((accounts, account), (read, kept.clone()));
        }
    }

    /// Forgets what no longer counts. Otherwise tokens that no call asks for would stay in memory.
    pub(super) fn forget_old(&self, now: ReadAt) {
        self.lock().retain(|_, (read, _)| counts(*read, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_read_counts_for_a_second_and_until_the_next_change() {
        let read = ReadAt { moment: Instant::now(), changes: 7 };
        let later = |milliseconds, changes| ReadAt {
            moment: read.moment + Duration::from_millis(milliseconds),
            changes,
        };
        assert!(counts(read, read) && counts(read, later(999, 7)));
        assert!(!counts(read, later(1_000, 7)) && !counts(read, later(0, 8)));
    }
}
