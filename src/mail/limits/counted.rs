//! How many units of its limit each mailbox has used lately. Where processes share the count, each takes blocks of it.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    MailLimits, RETRY_AFTER, reached,
    shared::Shared,
    window::{Moment, Taken, Window},
};
use crate::{
    accounts::service::AccountId,
    providers::mailbox::{MailError, MailProblem, MailboxLimits, Reserved},
};

/// A process takes this part of a mailbox's units at once where several processes share the count: 5 %.
const BLOCKS: u32 = 20;
/// How long the database is not asked about a mailbox that has had its maximum, or almost.
const PAUSE: Duration = Duration::from_secs(2);
/// Maximum number of mailboxes that are remembered before old ones are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// The count of a mailbox that only this process uses.
#[derive(Clone, Copy, Debug)]
struct Counted {
    window: Window,
    /// When it no longer matters.
    until: Instant,
}

/// Units that this process may use without asking the database.
#[derive(Clone, Copy, Debug)]
struct Block {
    left: u32,
    until: Instant,
    /// The units that the database had left when it was asked last.
    elsewhere: u32,
    /// When the database may be asked for more than that.
    ask_at: Instant,
    /// When the database has what it did not have.
    retry_at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    counted: HashMap<AccountId, Counted>,
    blocks: HashMap<AccountId, Block>,
}

impl Counts {
    fn forget_old(&mut self, now: Instant) {
        if self.counted.len() >= MAX_REMEMBERED {
            self.counted.retain(|_, counted| counted.until > now);
        }
        if self.blocks.len() >= MAX_REMEMBERED {
            self.blocks.retain(|_, block| block.until > now || block.ask_at > now);
        }
    }

    /// Takes units from the block of a mailbox.
    ///
    /// # Returns
    /// Whether they may be used; `None` if only the database knows.
    fn take(&mut self, account: AccountId, units: u32, now: Instant) -> Option<Reserved> {
        let block = self.blocks.get_mut(&account)?;
        let left = if block.until > now { block.left } else { 0 };
        if left >= units {
            block.left = left.saturating_sub(units);
            return Some(Reserved::All);
        }
        // They are all taken from one place.
        let left = left.max(block.elsewhere);
        let retry_after = block.retry_at.saturating_duration_since(now);
        (block.ask_at > now && left < units).then_some(Reserved::TooFew { left, retry_after })
    }

    /// Adds what the database has given, of this many units, until the end of their window.
    fn add(&mut self, account: AccountId, wanted: u32, taken: Taken, remaining: Duration, now: Instant) {
        // What is left of an older block belongs to its window.
        let before = self.blocks.get(&account).filter(|block| block.until > now);
        let left = before.map_or(0, |block| block.left).saturating_add(taken.units);
        let ask_at = if taken.units < wanted { now + PAUSE } else { now };
        let retry_at = ask_at.max(now + taken.wait);
        let block = Block { left, until: now + remaining, elsewhere: taken.left, ask_at, retry_at };
        self.blocks.insert(account, block);
    }
}

impl MailLimits {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts units of a mailbox that a request is about to use.
    ///
    /// # Errors
    /// [`MailProblem::Throttled`] if the mailbox has too few, [`MailProblem::NotSent`] if the database cannot be used.
    pub(super) async fn count(
        &self,
        account: AccountId,
        limits: MailboxLimits,
        units: u32,
    ) -> Result<(), MailError> {
        match self.take_units(account, limits, units).await? {
            Reserved::All => Ok(()),
            // A part of a second lets too few units through to be worth a request.
            Reserved::TooFew { retry_after, .. } => Err(reached(retry_after.max(RETRY_AFTER))),
        }
    }

    /// Takes all of these units, or none.
    ///
    /// # Errors
    /// [`MailProblem::NotSent`] if the database cannot be used.
    pub(super) async fn take_units(
        &self,
        account: AccountId,
        limits: MailboxLimits,
        units: u32,
    ) -> Result<Reserved, MailError> {
        if units == 0 {
            return Ok(Reserved::All);
        }
        let Some(shared) = &self.0.shared else {
            return Ok(self.take_counted(account, limits, units));
        };
        if let Some(known) = self.known(account, units) {
            return Ok(known);
        }
        // One request asks for all that wait, so that a busy mailbox causes few writes.
        let _turn = shared.turn_to_count(account).await;
        if let Some(known) = self.known(account, units) {
            return Ok(known);
        }
        self.ask_for_block(shared, account, limits, units).await
    }

    /// [`Self::take_units`] where only this process counts.
    fn take_counted(&self, account: AccountId, limits: MailboxLimits, units: u32) -> Reserved {
        let now = self.now();
        let at = self.moment(now, limits);
        let mut counts = self.counts();
        counts.forget_old(now);
        let counted =
            counts.counted.entry(account).or_insert(Counted { window: Window::default(), until: now });
        counted.until = now + at.until_forgotten();
        // A batch that does not fit leaves the rest of the window to single requests.
        let taken = counted.window.take(at, limits.units, units, units);
        if taken.units == units {
            Reserved::All
        } else {
            Reserved::TooFew { left: taken.left, retry_after: taken.wait }
        }
    }

    fn moment(&self, now: Instant, limits: MailboxLimits) -> Moment {
        Moment::after(now.saturating_duration_since(self.0.began), limits.window)
    }

    fn known(&self, account: AccountId, units: u32) -> Option<Reserved> {
        let now = self.now();
        self.counts().take(account, units, now)
    }

    async fn ask_for_block(
        &self,
        shared: &Shared,
        account: AccountId,
        limits: MailboxLimits,
        units: u32,
    ) -> Result<Reserved, MailError> {
        let wanted = units.max(limits.units / BLOCKS);
        let (taken, remaining) =
            shared.take_block(account, limits, units, wanted).await.map_err(|failure| {
                failure.log();
                MailProblem::NotSent
            })?;
        let now = self.now();
        let mut counts = self.counts();
        counts.forget_old(now);
        counts.add(account, wanted, taken, remaining, now);
        let reserved = counts.take(account, units, now);
        Ok(reserved.unwrap_or(Reserved::TooFew { left: taken.left, retry_after: taken.wait }))
    }

    /// When units of a mailbox that are taken now can no longer be given back: the end of their window.
    pub(super) fn end_of_window(&self, account: AccountId, limits: MailboxLimits) -> Instant {
        let now = self.now();
        if self.0.shared.is_some() {
            return self.counts().blocks.get(&account).map_or(now, |block| block.until);
        }
        now + self.moment(now, limits).remaining()
    }

    /// Gives units of a mailbox back that were not used, before the end of their window.
    pub(super) fn give_units_back(&self, account: AccountId, limits: MailboxLimits, units: u32) {
        let now = self.now();
        let at = self.moment(now, limits);
        let mut counts = self.counts();
        if let Some(counted) = counts.counted.get_mut(&account) {
            counted.window.give_back(at, units);
        }
        if let Some(block) = counts.blocks.get_mut(&account).filter(|block| block.until > now) {
            block.left = block.left.saturating_add(units);
        }
    }
}
