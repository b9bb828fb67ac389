//! The limits of mailboxes: how many requests are under way at the provider and how many were sent lately, over all
//! processes, and how long a provider wants none. [`MailLimits::http`] gives a client that keeps them.
//!
//! With one process the limits are in memory. Where several processes share a database, `shared` keeps the slots of
//! mailboxes in it, and windows of requests are taken in blocks. `line` decides who gets a slot.

mod closed;
mod counted;
mod http;
mod line;
mod permit;
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
    line::{KEPT, MAX_AT_ONCE, MAX_STREAMS, MAX_WAITING},
    window::{MAX_IN_WINDOW, WINDOW},
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

/// The requests that use or want slots.
#[derive(Default)]
struct State {
    lines: HashMap<AccountId, Line<oneshot::Sender<Permit>>>,
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
    /// of this process has one: its caller does without.
    async fn take(&self, account: AccountId, need: Need, until: Instant) -> Result<Permit, MailError> {
        if need == Need::All && self.has_streams(account) {
            return Err(reached(RETRY_AFTER));
        }
        let (place, permit) = self.join(account, need)?;
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
        need: Need,
    ) -> Result<(Place<'_>, oneshot::Receiver<Permit>), MailError> {
        let (wake, permit) = oneshot::channel();
        let (number, waiting) = {
            let mut state = self.lock();
            state.next = state.next.wrapping_add(1);
            (state.next, state.waiting)
        };
        let place = Place { limits: self, account, number };
        let (is_refused, served) = self.change(account, |line, _| {
            line.wait(number, need, wake);
            let served = line.serve();
            // A request that need not wait is not refused.
            let is_full = line.waiting() > MAX_WAITING || waiting >= MAX_WAITING_IN_ALL;
            let is_refused = is_full && line.leave(number);
            (is_refused, served)
        });
        self.wake(account, served);
        if is_refused { Err(reached(RETRY_AFTER)) } else { Ok((place, permit)) }
    }

    /// Changes the line of a mailbox, gives its free slots to requests that wait, and starts what then must be done.
    fn change<T>(
        &self,
        account: AccountId,
        change: impl FnOnce(&mut Line<oneshot::Sender<Permit>>, Instant) -> T,
    ) -> T {
        let now = self.now();
        let is_shared = self.0.shared.is_some();
        let mut guard = self.lock();
        let state = &mut *guard;
        let line = state.lines.entry(account).or_insert_with(|| {
            let mut line = Line::new();
            if !is_shared {
                line.add(SlotSet::ALL, now);
            }
            line
        });
        let before = line.waiting();
        let value = change(line, now);
        let served = line.serve();
        let after = line.waiting();
        let asks = is_shared && line.begin_asking();
        let keeps = is_shared && !line.held().is_empty() && !state.is_kept;
        let is_over = if is_shared { line.is_empty() } else { line.is_unused() };
        if is_over {
            state.lines.remove(&account);
        }
        state.is_kept |= keeps;
        state.waiting = (state.waiting + after).saturating_sub(before);
        drop(guard);
        self.wake(account, served);
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
    fn wake(&self, account: AccountId, served: Vec<Served<oneshot::Sender<Permit>>>) {
        for Served { wake, grant } in served {
            drop(wake.send(Permit::new(self.clone(), account, grant)));
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
