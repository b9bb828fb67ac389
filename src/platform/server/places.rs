//! Decides which connections stay open: how many in total and per network, and which one gives way to a new
//! one. Start with [`Places::take`].
//!
//! A connection is waiting for its client until its request is complete, and while the client reads nothing
//! of a response. If all places are taken, the connection that has waited longest for a request gives way. A
//! connection whose request is being answered never does.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::platform::net::own_network;

/// One network holds at most this part of all places ...
const NETWORK_PART: usize = 4;
/// ... but at least this many if there are few places, because an office behind one address has many
/// browsers.
const NETWORK_LEAST: usize = 64;
/// A response of which the client has read nothing for this long gives way, if no connection waits for a
/// request.
const STALLED: Duration = Duration::from_secs(5);
/// How often to check for [`STALLED`] responses while a new connection waits for a place.
const RECHECK: Duration = Duration::from_millis(500);
/// Minimum time between two log lines about refused networks, so that an attacker cannot fill the log.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// All places for connections.
pub(super) struct Places {
    most: usize,
    most_of_network: usize,
    trusted: Vec<IpNet>,
    state: Mutex<State>,
    /// Notified when a place is returned, or a connection begins to wait.
    changed: Notify,
}

/// What a connection is doing, as far as it matters for giving way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Nothing has been read from it yet.
    Unread,
    /// Its next request is incomplete.
    Waiting,
    /// Its request is being answered.
    Answering,
    /// The client is not reading the response.
    Stalled,
}

#[derive(Default)]
struct State {
    /// The next id, and the next turn.
    next: u64,
    held: HashMap<u64, Held>,
    /// By turn: the first one has waited longest.
    waiting: BTreeMap<u64, u64>,
    stalled: BTreeMap<u64, u64>,
    networks: HashMap<IpAddr, OfNetwork>,
    /// Number of connections that were asked to give way and are not closed yet.
    leaving: usize,
    logged: Option<Instant>,
}

struct Held {
    /// `None` for a trusted proxy, which has no limit.
    network: Option<IpAddr>,
    doing: Doing,
    turn: u64,
    since: Instant,
    gives_way: CancellationToken,
}

#[derive(Default)]
struct OfNetwork {
    held: usize,
    leaving: usize,
    unread: usize,
    waiting: BTreeMap<u64, u64>,
}

/// A connection's place. Dropping it returns the place.
pub(super) struct Place {
    places: Arc<Places>,
    id: u64,
    gives_way: CancellationToken,
}

enum Attempt {
    Taken(Place),
    /// A connection is about to give way, or none can at the moment.
    Full,
    /// The network has the most places allowed, and all its requests are being answered.
    Refused,
}

impl Places {
    /// This many places. Each network holds at most a part of them, except trusted ones.
    pub fn new(most: usize, trusted: Vec<IpNet>) -> Self {
        Self {
            most,
            most_of_network: (most / NETWORK_PART).max(NETWORK_LEAST).min(most),
            trusted,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a place for a connection from this address. `None` if its network has all its places and
    /// none of them can give way; the caller must then close the connection.
    pub async fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let network =
            (!self.trusted.iter().any(|trusted| trusted.contains(&address))).then(|| own_network(address));
        loop {
            match self.try_take(network) {
                Attempt::Taken(place) => return Some(place),
                Attempt::Refused => return None,
                Attempt::Full => {
                    // A time-out only means that it is time to try again.
                    let _ = timeout(RECHECK, self.changed.notified()).await;
                }
            }
        }
    }

    /// Waits for a free place. No connection gives way.
    pub async fn take_free(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take_free() {
                return place;
            }
            self.changed.notified().await;
        }
    }

    fn try_take_free(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.lock();
        (state.held.len() < self.most).then(|| self.hold(&mut state, None))
    }

    /// Closes connections that have waited for a request longer than the remaining places allow.
    pub fn close_overdue(&self, patience: Duration) {
        let mut state = self.lock();
        let taken = state.held.len() - state.leaving;
        let Some(patience) = self.shrunk(patience, taken) else { return };
        while let Some((_, &id)) = state.waiting.first_key_value() {
            if state.held.get(&id).is_none_or(|held| held.since.elapsed() < patience) {
                break;
            }
            state.give_way(id);
        }
    }

    /// Closes all connections that wait for a request. For the shutdown.
    pub fn close_waiting(&self) {
        let mut state = self.lock();
        while let Some((_, &id)) = state.waiting.first_key_value() {
            state.give_way(id);
        }
    }

    /// The time limit with this many places taken: shorter from half of them on, a tenth if all are taken.
    /// `None` if it is not shortened.
    fn shrunk(&self, patience: Duration, taken: usize) -> Option<Duration> {
        let free = self.most.saturating_sub(taken);
        (free * 2 < self.most).then(|| {
            let [free, most] = [free * 2, self.most].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            (patience * free / most).max(patience / 10)
        })
    }

    fn try_take(self: &Arc<Self>, network: Option<IpAddr>) -> Attempt {
        let mut state = self.lock();
        if let Some(of_network) = network.and_then(|network| state.networks.get(&network))
            && of_network.held >= self.most_of_network
        {
            if of_network.leaving == 0 {
                let Some((_, &id)) = of_network.waiting.first_key_value() else {
                    if of_network.unread > 0 {
                        return Attempt::Full;
                    }
                    state.log_refused(network, self.most_of_network);
                    return Attempt::Refused;
                };
                state.give_way(id);
            }
            return Attempt::Full;
        }
        if state.held.len() < self.most {
            return Attempt::Taken(self.hold(&mut state, network));
        }
        if state.leaving == 0 {
            let waits = state.waiting.first_key_value().map(|(_, &id)| id);
            if let Some(id) = waits.or_else(|| state.stalled_longest()) {
                state.give_way(id);
            }
        }
        Attempt::Full
    }

    fn hold(self: &Arc<Self>, state: &mut State, network: Option<IpAddr>) -> Place {
        let id = state.next_number();
        let gives_way = CancellationToken::new();
        let held = Held {
            network,
            doing: Doing::Unread,
            turn: 0,
            since: Instant::now(),
            gives_way: gives_way.clone(),
        };
        state.held.insert(id, held);
        if let Some(network) = network {
            let of_network = state.networks.entry(network).or_default();
            of_network.held += 1;
            of_network.unread += 1;
        }
        Place { places: self.clone(), id, gives_way }
    }

    /// Records what a connection is doing; `false` if it has given way and must not begin anything.
    fn report(&self, id: u64, doing: Doing) -> bool {
        let stays = self.lock().set_doing(id, doing);
        self.changed.notify_one();
        stays
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn set_doing(&mut self, id: u64, doing: Doing) -> bool {
        let turn = self.next_number();
        let Some(held) = self.held.get_mut(&id).filter(|held| !held.gives_way.is_cancelled()) else {
            return false;
        };
        if held.doing == doing {
            return true;
        }
        let (was_doing, old_turn, network) = (held.doing, held.turn, held.network);
        (held.doing, held.turn, held.since) = (doing, turn, Instant::now());
        self.remove_turn(was_doing, old_turn, network);
        match doing {
            Doing::Waiting => {
                self.waiting.insert(turn, id);
                if let Some(of_network) = network.and_then(|network| self.networks.get_mut(&network)) {
                    of_network.waiting.insert(turn, id);
                }
            }
            Doing::Stalled => {
                self.stalled.insert(turn, id);
            }
            // A connection never becomes unread again.
            Doing::Answering | Doing::Unread => {}
        }
        true
    }

    fn remove_turn(&mut self, doing: Doing, turn: u64, network: Option<IpAddr>) {
        let of_network = network.and_then(|network| self.networks.get_mut(&network));
        match doing {
            Doing::Unread => {
                if let Some(of_network) = of_network {
                    of_network.unread -= 1;
                }
            }
            Doing::Waiting => {
                self.waiting.remove(&turn);
                if let Some(of_network) = of_network {
                    of_network.waiting.remove(&turn);
                }
            }
            Doing::Stalled => {
                self.stalled.remove(&turn);
            }
            Doing::Answering => {}
        }
    }

    fn stalled_longest(&self) -> Option<u64> {
        let (_, &id) = self.stalled.first_key_value()?;
        self.held.get(&id).filter(|held| held.since.elapsed() >= STALLED).map(|_| id)
    }

    /// Asks a connection to close. It counts until it has closed.
    fn give_way(&mut self, id: u64) {
        let Some(held) = self.held.get(&id) else { return };
        held.gives_way.cancel();
        let (doing, turn, network) = (held.doing, held.turn, held.network);
        self.remove_turn(doing, turn, network);
        self.leaving += 1;
        if let Some(of_network) = network.and_then(|network| self.networks.get_mut(&network)) {
            of_network.leaving += 1;
        }
    }

    fn release(&mut self, id: u64) {
        let Some(held) = self.held.remove(&id) else { return };
        let left = usize::from(held.gives_way.is_cancelled());
        self.remove_turn(held.doing, held.turn, held.network);
        self.leaving -= left;
        let Some(network) = held.network else { return };
        if let Some(of_network) = self.networks.get_mut(&network) {
            of_network.held -= 1;
            of_network.leaving -= left;
            if of_network.held == 0 {
                self.networks.remove(&network);
            }
        }
    }

    fn log_refused(&mut self, network: Option<IpAddr>, most: usize) {
        if self.logged.is_some_and(|logged| logged.elapsed() < LOG_PAUSE) {
            return;
        }
        self.logged = Some(Instant::now());
        let network = network.map(|network| network.to_string()).unwrap_or_default();
        tracing::warn!(
            network,
            "a network has {most} connections, the most that one may have, and more are refused; if it is a reverse \
             proxy, name it in MAIL360_TRUSTED_PROXIES"
        );
    }
}

impl Place {
    /// Completes when the connection must give way.
    pub async fn wait_to_give_way(&self) {
        self.gives_way.cancelled().await;
    }

    /// The connection's own handle for reporting what it is doing.
    pub fn reporter(&self) -> Reporter {
        Reporter { places: self.places.clone(), id: self.id }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().release(self.id);
        self.places.changed.notify_one();
    }
}

/// Reports what a connection is doing.
#[derive(Clone)]
pub(super) struct Reporter {
    places: Arc<Places>,
    id: u64,
}

impl Reporter {
    /// Returns `false` if the connection has given way: nothing may be begun for it.
    pub fn report(&self, doing: Doing) -> bool {
        self.places.report(self.id, doing)
    }
}

#[cfg(test)]
mod tests;
