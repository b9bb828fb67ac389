//! The task that keeps the slots of a process: renews them, looks which other processes wait, and gives slots back. It
//! runs while the process has slots.

use std::{collections::HashSet, time::Duration};

use tokio::time::Instant;

use super::{AFTER_FAILURE, AFTER_GIVING, Shared, by_account};
use crate::{
    accounts::service::AccountId,
    mail::{
        limits::{MailLimits, line::SlotSet},
        store::slots,
    },
    platform::database::DatabaseError,
};

/// How often the task looks at the slots of this process.
const TICK: Duration = Duration::from_millis(250);
/// How often it looks which other processes wait.
const LOOK: Duration = Duration::from_secs(1);
/// How often it renews.
const RENEWAL: Duration = Duration::from_secs(5);
/// The slots are lost this long after the last renewal that went through was sent. The distance to 15 seconds is for
/// clocks that do not run equally fast, for a late answer, and for the time that requests take to end.
const TERM: Duration = Duration::from_secs(12);

/// What the task has done when.
struct Times {
    renewed: Instant,
    renew_at: Instant,
    look_at: Instant,
    /// The mailboxes for which other processes wait.
    wanted: HashSet<AccountId>,
}

impl MailLimits {
    /// Keeps the slots of this process until it has none.
    pub(in crate::mail::limits) async fn keep(&self) {
        let Some(shared) = &self.0.shared else { return };
        let now = self.now();
        let mut times = Times { renewed: now, renew_at: now + RENEWAL, look_at: now, wanted: HashSet::new() };
        while !self.end_keeping() {
            let lost_at = times.renewed + TERM;
            tokio::select! {
                biased;
                () = self.keep_once(shared, &mut times) => {}
                () = self.0.monotonic.sleep_until(lost_at) => {
                    tracing::error!("requests to mailboxes were ended, because their slots could not be renewed");
                    self.lose_all();
                    times.renewed = self.now();
                }
            }
        }
    }

    async fn keep_once(&self, shared: &Shared, times: &mut Times) {
        self.0.monotonic.sleep_until(self.now() + TICK).await;
        let now = self.now();
        if now >= times.renew_at {
            match self.renew(shared).await {
                Ok(sent) => {
                    times.renewed = sent;
                    times.renew_at = sent + RENEWAL;
                }
                Err(error) => {
                    tracing::warn!(%error, "could not renew the slots of mailboxes");
                    times.renew_at = now + AFTER_FAILURE;
                }
            }
        }
        if now >= times.look_at {
            times.look_at = now + LOOK;
            match slots::find_waits(&shared.database.read(), shared.owner).await {
                Ok(wanted) => times.wanted = wanted.into_iter().collect(),
                Err(error) => tracing::warn!(%error, "could not read which processes wait for mailboxes"),
            }
        }
        self.give_back(shared, &times.wanted).await;
    }

    /// Renews the slots of this process, and ends the requests of those that it no longer has. A slot that only the
    /// database has for this process, as after an answer that was lost, is not renewed, so that it expires.
    ///
    /// # Returns
    /// When the renewal was sent.
    async fn renew(&self, shared: &Shared) -> Result<Instant, DatabaseError> {
        let (sent, owner) = (self.now(), shared.owner);
        let held: Vec<(AccountId, i64)> = {
            let state = self.lock();
            let of_line = |account: AccountId, held: SlotSet| {
                held.to_stored().into_iter().map(move |slot| (account, slot))
            };
            state.lines.iter().flat_map(|(account, line)| of_line(*account, line.held())).collect()
        };
        let renewed = shared.database.write(async |tx| slots::renew(&tx, owner, &held).await).await?;
        let renewed = by_account(renewed);
        let of = |account: &AccountId| renewed.get(account).copied().unwrap_or_default();
        let mut lost = Vec::new();
        {
            let mut state = self.lock();
            for (account, line) in &mut state.lines {
                let slots = line.held_since(sent).without(of(account));
                if !slots.is_empty() {
                    line.lose(slots);
                    lost.push(*account);
                }
            }
        }
        for account in lost {
            tracing::warn!("requests to a mailbox were ended, because their slots were lost");
            self.change(account, |_, _| ());
        }
        Ok(sent)
    }

    async fn give_back(&self, shared: &Shared, wanted: &HashSet<AccountId>) {
        let now = self.now();
        let back: Vec<(AccountId, SlotSet)> = {
            let mut state = self.lock();
            let lines = state.lines.iter_mut();
            let back = lines.map(|(account, line)| {
                let another_waits = wanted.contains(account);
                let slots = line.give_back(another_waits, now);
                if another_waits && !slots.is_empty() {
                    line.ask_after = Some(now + AFTER_GIVING);
                }
                (*account, slots)
            });
            back.filter(|(_, slots)| !slots.is_empty()).collect()
        };
        shared.give_back(&back).await;
        for (account, slots) in back {
            self.change(account, |line, _| line.end_giving_back(slots));
        }
    }

    fn lose_all(&self) {
        let accounts: Vec<AccountId> = {
            let mut state = self.lock();
            for line in state.lines.values_mut() {
                line.lose(SlotSet::ALL);
            }
            state.lines.keys().copied().collect()
        };
        for account in accounts {
            self.change(account, |_, _| ());
        }
    }

    /// Whether this process has no slot. Then the task ends.
    fn end_keeping(&self) -> bool {
        let mut state = self.lock();
        let ends = state.lines.values().all(|line| line.held().is_empty());
        state.is_kept = state.is_kept && !ends;
        ends
    }
}
