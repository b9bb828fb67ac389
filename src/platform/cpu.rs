//! The pool for CPU work: hashing passwords, judging their strength, drawing QR codes. It limits how much
//! runs and how much waits, and shares turns fairly between networks. It does not count requests: callers ask
//! the throttles first. Start with [`CpuPool::run`].
//!
//! Functions that compute longer than about a millisecond take a [`Turn`], which only this pool creates. So
//! none of them can run on a thread that serves requests.

mod queue;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{sync::oneshot, time::timeout};

use self::queue::{Id, Queue};
use super::failure::Failure;

/// The longest wait for a turn.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The requester for whom the program computes: a network, and whether its browser is known. It decides the order of
/// turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Network address of the request; `None` if there is no request.
    pub network: Option<IpAddr>,
    /// Whether a user has logged in with this browser before. Known browsers wait in a queue of their own, so
    /// that strangers cannot take their places.
    pub known: bool,
}

impl Asker {
    /// The operator on the command line.
    pub const OPERATOR: Self = Self { network: None, known: true };

    /// The networks of this address, the widest first. An attacker who has a network has all its addresses:
    /// hosting companies rent out whole networks, from IPv4 /24 and IPv6 /64 up to /32.
    pub fn networks(self) -> Vec<IpNet> {
        let address = self.network.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        let lengths: &[u8] = match address {
            IpAddr::V4(_) => &[24, 32],
            IpAddr::V6(_) => &[32, 48, 56, 64],
        };
        lengths.iter().filter_map(|length| Some(IpNet::new(address, *length).ok()?.trunc())).collect()
    }
}

/// A limited number of threads for computing. A clone shares them.
#[derive(Clone)]
pub struct CpuPool(Arc<Shared>);

struct Shared {
    /// Maximum number of cores in use at the same time.
    cores: u32,
    state: Mutex<State>,
}

struct State {
    free: u32,
    queue: Queue<oneshot::Sender<Turn>>,
}

/// Permission to compute now. Dropping it frees the cores.
pub struct Turn {
    shared: Arc<Shared>,
    cores: u32,
}

/// A place in the queue. Dropping it before its turn, as when the browser disconnects, gives it up.
struct QueuePlace<'a> {
    shared: &'a Arc<Shared>,
    id: Id,
}

impl CpuPool {
    /// A pool of half the machine's cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::of(u32::try_from(cores / 2).unwrap_or(u32::MAX))
    }

    /// A pool of a quarter of the machine's cores, beside the one of [`Self::new`], for work that must not delay it.
    pub fn small() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::of(u32::try_from(cores / 4).unwrap_or(u32::MAX))
    }

    /// A pool of this many cores, at least one.
    pub(crate) fn of(cores: u32) -> Self {
        let cores = cores.max(1);
        let state = State { free: cores, queue: Queue::default() };
        Self(Arc::new(Shared { cores, state: Mutex::new(state) }))
    }

    /// Runs `work` on a thread of its own when it is the asker's turn. `weight` is its cost, in password
    /// hashes. It takes that many cores at once (or all of a smaller pool), and that many turns of the
    /// asker's network. Dropping the future gives up the place in the queue; running work is never cancelled.
    ///
    /// # Errors
    /// [`Failure::Busy`] if the queue is full, or if the turn does not come within two seconds.
    pub async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        weight: u32,
        work: impl FnOnce(&Turn) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = self.turn(asker, weight.max(1)).await?;
        let span = tracing::Span::current();
        #[expect(clippy::disallowed_methods, reason = "this is the pool")]
        let running = tokio::task::spawn_blocking(move || span.in_scope(|| work(&turn)));
        running.await.map_err(|error| Failure::unexpected(&error))
    }

    async fn turn(&self, asker: Asker, weight: u32) -> Result<Turn, Failure> {
        let busy = || Failure::Busy(u32::try_from(MAX_WAIT.as_secs()).unwrap_or(u32::MAX));
        let (sender, turn) = oneshot::channel();
        // A request that is evicted is told by dropping its sender.
        let joined = self.0.lock().queue.join(asker, weight, sender);
        let Ok((id, gave_way)) = joined else { return Err(busy()) };
        drop(gave_way);
        let place = QueuePlace { shared: &self.0, id };
        Shared::start_next(&self.0);
        let turn = timeout(MAX_WAIT, turn).await;
        drop(place);
        turn.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// Number of idle cores.
    #[cfg(test)]
    pub(crate) fn free(&self) -> u32 {
        self.0.lock().free
    }

    /// Number of waiting requests.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.lock().queue.len()
    }
}

impl Default for CpuPool {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out turns while enough cores are free for the next request. A heavy request is not overtaken.
    fn start_next(shared: &Arc<Self>) {
        loop {
            let (sender, cores) = {
                let mut state = shared.lock();
                let Some(cores) = state.queue.next_weight().map(|weight| weight.min(shared.cores)) else {
                    return;
                };
                if cores > state.free {
                    return;
                }
                let Some(sender) = state.queue.next() else { return };
                state.free -= cores;
                (sender, cores)
            };
            // Without the lock, because dropping a turn takes it: this happens if the receiver is gone.
            drop(sender.send(Turn { shared: shared.clone(), cores }));
        }
    }
}

impl Turn {
    /// Number of threads that may compute in this turn.
    pub fn cores(&self) -> usize {
        usize::try_from(self.cores).unwrap_or(1)
    }

    /// A turn outside of any queue.
    #[cfg(test)]
    pub(crate) fn for_a_test() -> Self {
        let pool = CpuPool::of(1);
        pool.0.lock().free = 0;
        Self { shared: pool.0, cores: 1 }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.lock().free += self.cores;
        Shared::start_next(&self.shared);
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        let left = self.shared.lock().queue.leave(self.id);
        // It may have been heavier than the requests behind it.
        if left.is_some() {
            Shared::start_next(self.shared);
        }
    }
}

#[cfg(test)]
mod tests;
