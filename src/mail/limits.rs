//! The limits of mailboxes: how many requests are under way at the provider and how many were sent lately, over all
//! processes, and how long a provider wants none. How many the provider of a mailbox takes is in
//! [`crate::providers::mailbox::MailboxLimits`]. [`MailLimits::http`] gives a client that keeps the limits.
//!
//! With one process the limits are in memory. Where several processes share a database, `shared` keeps the slots of
//! mailboxes in it, and windows of units are taken in blocks. `line` decides who gets a slot.

mod closed;
mod counted;
mod http;
mod line;
mod patience;
mod permit;
mod reserve;
mod shared;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};

use self::{
    closed::Closed,
    counted::Counts,
    line::{Line, Need, Served, SlotSet},
    permit::Permit,
    shared::Shared,
};
pub use self::{
    http::LimitedHttp,
    line::{KEPT, MAX_STREAMS, MAX_WAITING},
};
use crate::{
    accounts::service::AccountId,
    jobs::service::Lease,
    platform::{
        clock::Clock, database::Database, failure::Failure, monotonic::SharedMonotonic,
        randomness::Randomness,
    },
    providers::mailbox::{Limit, MailError, MailProblem},
};

/// Maximum number of requests of all mailboxes that wait in this process.
pub const MAX_WAITING_IN_ALL: usize = 1_000;
/// When a caller asks again that found too many others waiting.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest wait of a request for all slots. A stream may have one of them, in this process or in another, and take
/// long.
const MAX_WAIT_FOR_ALL: Duration = Duration::from_secs(1);

/// The limits of all mailboxes, as one process keeps them. A clone is another handle to the same.
#[derive(Clone)]
pub struct MailLimits(Arc<Inner>);

struct Inner {
    monotonic: SharedMonotonic,
    state: Mutex<State>,
    counts: Mutex<Counts>,
    closed: Mutex<HashMap<AccountId, Closed>>,
    /// For answers that are read whole.
    memory: Arc<Semaphore>,
    /// `None` if no other process uses the mailboxes.
    shared: Option<Shared>,
    /// The moment at which the windows in memory begin.
    began: Instant,
}

/// The line of a mailbox, whose requests wait for their permits.
type WakingLine = Line<oneshot::Sender<Permit>>;

/// The requests that use or want slots.
#[derive(Default)]
struct State {
    lines: HashMap<AccountId, WakingLine>,
    /// Number of requests that wait, over all lines.
    waiting: usize,
    /// The number of the next request.
    next: u64,
    /// Whether a task renews the slots of this process.
    is_kept: bool,
}

/// A request in a line. Dropping it takes the request out, as when the caller's connection ends.
struct Place<'a> {
    limits: &'a MailLimits,
    account: AccountId,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.limits.change(self.account, |line, _| line.leave(self.number));
    }
}

fn reached(retry_after: Duration) -> MailError {
    MailProblem::Throttled { limit: Limit::Mailbox, retry_after: Some(retry_after) }.into()
}

impl MailLimits {
    /// `shared` is the database with whose other processes the limits are shared; without one they are in memory.
    pub fn new(
        shared: Option<Database>,
        monotonic: SharedMonotonic,
        clock: &dyn Clock,
        randomness: &dyn Randomness,
    ) -> Self {
        Self(Arc::new(Inner {
            began: monotonic.now(),
            state: Mutex::default(),
            counts: Mutex::default(),
            closed: Mutex::default(),
            memory: http::memory(),
            shared: shared.map(|database| Shared::new(database, clock, randomness)),
            monotonic,
        }))
    }

    fn now(&self) -> Instant {
        self.0.monotonic.now()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what a request needs, at most until this moment. A request for all slots is refused at once while a stream
    /// of this process has one: its caller does without. `at_once` is the number of slots of the mailbox.
    async fn take(
        &self,
        account: AccountId,
        at_once: u8,
        need: Need,
        until: Instant,
    ) -> Result<Permit, MailError> {
        if need == Need::All && self.has_streams(account) {
            return Err(reached(RETRY_AFTER));
        }
        let (place, permit) = self.join(account, at_once, need)?;
        let until = if need == Need::All { until.min(self.now() + MAX_WAIT_FOR_ALL) } else { until };
        let permit = tokio::select! {
            biased;
            permit = permit => permit.map_err(|_| reached(RETRY_AFTER)),
            () = self.0.monotonic.sleep_until(until) => Err(reached(RETRY_AFTER)),
        };
        drop(place);
        permit
    }

    fn has_streams(&self, account: AccountId) -> bool {
        self.lock().lines.get(&account).is_some_and(Line::has_streams)
    }

    /// Puts a request into the line of its mailbox.
    fn join(
        &self,
        account: AccountId,
        at_once: u8,
        need: Need,
    ) -> Result<(Place<'_>, oneshot::Receiver<Permit>), MailError> {
        let (wake, permit) = oneshot::channel();
        let (number, waiting) = {
            let mut state = self.lock();
            state.next = state.next.wrapping_add(1);
            (state.next, state.waiting)
        };
        let place = Place { limits: self, account, number };
        let (is_refused, served) = self.change_or_begin(account, at_once, |line, _| {
            line.wait(number, need, wake);
            let served = line.serve();
            // A request that need not wait is not refused.
            let is_full = line.waiting() > MAX_WAITING || waiting >= MAX_WAITING_IN_ALL;
            let is_refused = is_full && line.leave(number);
            (is_refused, served)
        });
        self.wake(account, at_once, served);
        if is_refused { Err(reached(RETRY_AFTER)) } else { Ok((place, permit)) }
    }

    /// Changes the line of a mailbox, gives its free slots to requests that wait, and starts what then must be done.
    ///
    /// # Returns
    /// `None` if this process has no line for the mailbox: no slot of it, and no request that waits.
    fn change<T>(&self, account: AccountId, change: impl FnOnce(&mut WakingLine, Instant) -> T) -> Option<T> {
        let mut state = self.lock();
        let line = state.lines.remove(&account)?;
        Some(self.change_line(state, account, line, change))
    }

    /// [`Self::change`], where a mailbox without a line gets one with this many slots.
    fn change_or_begin<T>(
        &self,
        account: AccountId,
        at_once: u8,
        change: impl FnOnce(&mut WakingLine, Instant) -> T,
    ) -> T {
        let mut state = self.lock();
        let line = state.lines.remove(&account).unwrap_or_else(|| {
            let mut line = Line::new(at_once);
            if self.0.shared.is_none() {
                line.add(SlotSet::ALL, self.now());
            }
            line
        });
        self.change_line(state, account, line, change)
    }

    /// Changes a line that was taken out of `state`, and puts it back if it is still needed.
    fn change_line<T>(
        &self,
        mut state: MutexGuard<'_, State>,
        account: AccountId,
        mut line: WakingLine,
        change: impl FnOnce(&mut WakingLine, Instant) -> T,
    ) -> T {
        let is_shared = self.0.shared.is_some();
        let (before, at_once) = (line.waiting(), line.at_once());
        let value = change(&mut line, self.now());
        let served = line.serve();
        let after = line.waiting();
        let asks = is_shared && line.begin_asking();
        let keeps = is_shared && !line.held().is_empty() && !state.is_kept;
        let is_over = if is_shared { line.is_empty() } else { line.is_unused() };
        if !is_over {
            state.lines.insert(account, line);
        }
        state.is_kept |= keeps;
        state.waiting = (state.waiting + after).saturating_sub(before);
        drop(state);
        self.wake(account, at_once, served);
        if asks {
            let limits = self.clone();
            tokio::spawn(async move { limits.ask(account).await });
        }
        if keeps {
            let limits = self.clone();
            tokio::spawn(async move { limits.keep().await });
        }
        value
    }

    /// Gives requests their permits. A permit for a request that no longer waits is dropped, which frees its slots.
    fn wake(&self, account: AccountId, at_once: u8, served: Vec<Served<oneshot::Sender<Permit>>>) {
        for Served { wake, grant } in served {
            drop(wake.send(Permit::new(self.clone(), account, at_once, grant)));
        }
    }

    /// Erases what killed processes have left in the database.
    pub async fn erase_old(&self, lease: &Lease) -> Result<(), Failure> {
        match &self.0.shared {
            Some(shared) => shared.erase_old(lease).await,
            None => Ok(()),
        }
    }

    /// Gives all slots back.
    pub async fn close(&self) {
        if let Some(shared) = &self.0.shared {
            shared.give_all_back().await;
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod unread_tests;
