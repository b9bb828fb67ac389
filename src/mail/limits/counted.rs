//! How many requests were sent to each mailbox lately. Where processes share the count, each takes blocks of it.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    MailLimits, reached,
    shared::Shared,
    window::{BLOCK, Moment, Window},
};
use crate::{
    accounts::service::AccountId,
    providers::mailbox::{MailError, MailProblem},
};

/// When a caller asks again whose mailbox has had its maximum.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// How long the database is not asked about a mailbox that has had its maximum, or almost.
const PAUSE: Duration = Duration::from_secs(2);
/// Maximum number of mailboxes that are remembered before old ones are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Requests that this process may send without asking the database.
#[derive(Clone, Copy, Debug)]
struct Block {
    left: u32,
    until: Instant,
    /// When the database may be asked for more.
    ask_at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    windows: HashMap<AccountId, Window>,
    blocks: HashMap<AccountId, Block>,
}

impl Counts {
    fn forget_old(&mut self, at: Moment, now: Instant) {
        if self.windows.len() >= MAX_REMEMBERED {
            self.windows.retain(|_, window| window.number >= at.window.saturating_sub(1));
        }
        if self.blocks.len() >= MAX_REMEMBERED {
            self.blocks.retain(|_, block| block.until > now || block.ask_at > now);
        }
    }

    /// Takes requests from the block of a mailbox.
    ///
    /// # Returns
    /// Whether they may be sent; `None` if only the database knows.
    fn take(&mut self, account: AccountId, wanted: u32, now: Instant) -> Option<bool> {
        let block = self.blocks.get_mut(&account)?;
        if block.until > now && block.left >= wanted {
            block.left = block.left.saturating_sub(wanted);
            return Some(true);
        }
        (block.ask_at > now).then_some(false)
    }

    /// Adds requests that the database has given, until the end of their window.
    fn add(&mut self, account: AccountId, taken: u32, remaining: Duration, now: Instant) {
        let block = self.blocks.entry(account).or_insert(Block { left: 0, until: now, ask_at: now });
        // What is left of an older block belongs to its window.
        let left = if block.until > now { block.left } else { 0 };
        let ask_at = if taken < BLOCK { now + PAUSE } else { now };
        *block = Block { left: left.saturating_add(taken), until: now + remaining, ask_at };
    }
}

fn allow(is_allowed: bool) -> Result<(), MailError> {
    if is_allowed { Ok(()) } else { Err(reached(RETRY_AFTER)) }
}

impl MailLimits {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts requests to a mailbox that are about to be sent.
    ///
    /// # Errors
    /// [`MailProblem::Throttled`] if the mailbox has had its maximum, [`MailProblem::NotSent`] if the database cannot be
    /// used.
    pub(super) async fn count(&self, account: AccountId, requests: u32) -> Result<(), MailError> {
        let Some(shared) = &self.0.shared else {
            let now = self.now();
            let at = self.moment(now);
            let mut counts = self.counts();
            counts.forget_old(at, now);
            let window = counts.windows.entry(account).or_default();
            // A batch that does not fit leaves the rest of the window to single requests.
            let mut after = *window;
            let is_allowed = after.take(at, requests) == requests;
            if is_allowed {
                *window = after;
            }
            return allow(is_allowed);
        };
        if let Some(is_allowed) = self.known(account, requests) {
            return allow(is_allowed);
        }
        // One request asks for all that wait, so that a busy mailbox causes few writes.
        let _turn = shared.turn_to_count(account).await;
        if let Some(is_allowed) = self.known(account, requests) {
            return allow(is_allowed);
        }
        self.ask_for_block(shared, account, requests).await
    }

    fn moment(&self, now: Instant) -> Moment {
        Moment::after(now.saturating_duration_since(self.0.began))
    }

    fn known(&self, account: AccountId, requests: u32) -> Option<bool> {
        let now = self.now();
        self.counts().take(account, requests, now)
    }

    async fn ask_for_block(
        &self,
        shared: &Shared,
        account: AccountId,
        requests: u32,
    ) -> Result<(), MailError> {
        let (taken, remaining) = shared.take_block(account, BLOCK).await.map_err(|failure| {
            failure.log();
            MailProblem::NotSent
        })?;
        let now = self.now();
        let mut counts = self.counts();
        counts.forget_old(self.moment(now), now);
        counts.add(account, taken, remaining, now);
        allow(counts.take(account, requests, now) == Some(true))
    }
}
