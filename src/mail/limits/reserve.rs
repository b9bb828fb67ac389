//! Units of a mailbox's limit that one call has set aside for its next requests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::MailLimits;
use crate::{
    accounts::service::AccountId,
    providers::mailbox::{MailError, MailboxLimits, Reserved},
};

/// The units of a call. Dropping it gives those back that were not used.
pub(super) struct Reserve {
    limits: MailLimits,
    account: AccountId,
    mailbox: MailboxLimits,
    held: Mutex<Held>,
}

struct Held {
    units: u32,
    /// The end of the window to which they belong.
    until: Instant,
}

impl Reserve {
    pub(super) fn new(limits: MailLimits, account: AccountId, mailbox: MailboxLimits) -> Self {
        let held = Mutex::new(Held { units: 0, until: limits.now() });
        Self { limits, account, mailbox, held }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that at least this many units are set aside.
    ///
    /// # Errors
    /// [`crate::providers::mailbox::MailProblem::NotSent`] if the database cannot be used.
    pub(super) async fn fill(&self, units: u32) -> Result<Reserved, MailError> {
        let has = self.held().units;
        let missing = units.saturating_sub(has);
        match self.limits.take_units(self.account, self.mailbox, missing).await? {
            Reserved::All => {
                let until = self.limits.end_of_window(self.account, self.mailbox);
                let mut held = self.held();
                // Units of an older window are not given back to a later one.
                held.until = if held.units == 0 { until } else { held.until.min(until) };
                held.units = held.units.saturating_add(missing);
                Ok(Reserved::All)
            }
            Reserved::TooFew { left, retry_after } => {
                Ok(Reserved::TooFew { left: left.saturating_add(has), retry_after })
            }
        }
    }

    /// Uses units that were set aside.
    ///
    /// # Returns
    /// Whether there were enough. Otherwise none is used.
    pub(super) fn take(&self, units: u32) -> bool {
        let mut held = self.held();
        let rest = held.units.checked_sub(units);
        held.units = rest.unwrap_or(held.units);
        rest.is_some()
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        let now = self.limits.now();
        let Held { units, until } = *self.held();
        if units > 0 && until > now {
            self.limits.give_units_back(self.account, self.mailbox, units);
        }
    }
}
