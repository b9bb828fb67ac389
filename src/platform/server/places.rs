//! Decides which connections stay open: how many in total and per network, and which one is evicted to a new
//! one. Start with [`Places::take_place`].
//!
//! A connection is waiting for its client until its request is complete, and while the client reads nothing
//! of a response. If all places are taken, the connection that has waited longest for a request is evicted. If
//! none waits for a request, a connection is evicted whose client has read nothing of the response for
//! [`STALLED`]. No other connection whose request is being answered is evicted.

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

/// A network may hold at most a quarter of all places (`1 / NETWORK_PART`).
const NETWORK_PART: usize = 4;
/// The limit of one network is never below this number of places, because an office behind one address has
/// many browsers.
const NETWORK_LEAST: usize = 64;
/// If the client has read nothing of a response for this long, the connection of the response may be evicted. It
/// does so only if no connection waits for a request.
const STALLED: Duration = Duration::from_secs(5);
/// How often to check for [`STALLED`] responses while a new connection waits for a place.
const RECHECK: Duration = Duration::from_millis(500);
/// Minimum time between two log lines about refused networks, so that an attacker cannot fill the log.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// All places for connections.
pub(super) struct Places {
    limit: usize,
    max_of_network: usize,
    trusted: Vec<IpNet>,
    state: Mutex<State>,
    /// Notified when a place is returned, or a connection begins to wait.
    changed: Notify,
}

/// The state of a connection. It decides whether the connection can be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionState {
    /// Nothing has been read from it yet.
    Unread,
    /// The next request of the connection is incomplete.
    Waiting,
    /// A request of the connection is being answered.
    Answering,
    /// The client is not reading the response.
    Stalled,
}

#[derive(Default)]
struct State {
    /// The number that was given last, as the id of a connection or as a turn. Turns order the connections that
    /// wait for their client.
    last_number: u64,
    held: HashMap<u64, HeldPlace>,
    /// Ids of connections by turn: the first one has waited longest.
    waiting: BTreeMap<u64, u64>,
    stalled: BTreeMap<u64, u64>,
    networks: HashMap<IpAddr, NetworkCounts>,
    /// Number of connections that were asked to close and are not closed yet.
    leaving: usize,
    logged: Option<Instant>,
}

struct HeldPlace {
    /// `None` for a trusted proxy, which has no limit.
    network: Option<IpAddr>,
    state: ConnectionState,
    turn: u64,
    since: Instant,
    evicted: CancellationToken,
}

#[derive(Default)]
struct NetworkCounts {
    held: usize,
    leaving: usize,
    unread: usize,
    waiting: BTreeMap<u64, u64>,
}

/// A connection's place. Dropping it returns the place.
pub(super) struct ConnectionPlace {
    places: Arc<Places>,
    id: u64,
    evicted: CancellationToken,
}

enum ConnectionPlaceResult {
    Taken(ConnectionPlace),
    /// A connection is about to be evicted, or none can at the moment.
    Full,
    /// The network has the most places allowed, and all its requests are being answered.
    Refused,
}

impl Places {
    /// Creates `max_places` places. Each network may hold a part of them; the networks in `trusted` may hold all.
    pub fn new(max_places: usize, trusted: Vec<IpNet>) -> Self {
        Self {
            limit: max_places,
            max_of_network: (max_places / NETWORK_PART).max(NETWORK_LEAST).min(max_places),
            trusted,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a place for a connection from this address. `None` if its network has all its places and
    /// none of them can be evicted; the caller must then close the connection.
    pub async fn take_place(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionPlace> {
        let address = address.to_canonical();
        let network =
            (!self.trusted.iter().any(|trusted| trusted.contains(&address))).then(|| own_network(address));
        loop {
            match self.try_take_place(network) {
                ConnectionPlaceResult::Taken(place) => return Some(place),
                ConnectionPlaceResult::Refused => return None,
                ConnectionPlaceResult::Full => {
                    // A time-out only means that it is time to try again.
                    let _ = timeout(RECHECK, self.changed.notified()).await;
                }
            }
        }
    }

    /// Waits for a free place. No connection is evicted.
    pub async fn take_free_place(self: &Arc<Self>) -> ConnectionPlace {
        loop {
            if let Some(place) = self.try_take_free_place() {
                return place;
            }
            self.changed.notified().await;
        }
    }

    fn try_take_free_place(self: &Arc<Self>) -> Option<ConnectionPlace> {
        let mut state = self.lock();
        (state.held.len() < self.limit).then(|| self.hold(&mut state, None))
    }

    /// Closes connections that have waited for a request longer than the remaining places allow.
    pub fn close_overdue(&self, time_limit: Duration) {
        let mut state = self.lock();
        let taken = state.held.len() - state.leaving;
        let Some(time_limit) = self.shorten_time_limit(time_limit, taken) else { return };
        while let Some((_, &id)) = state.waiting.first_key_value() {
            if state.held.get(&id).is_none_or(|held| held.since.elapsed() < time_limit) {
                break;
            }
            state.evict(id);
        }
    }

    /// Closes all connections that wait for a request. For the shutdown.
    pub fn close_waiting(&self) {
        let mut state = self.lock();
        while let Some((_, &id)) = state.waiting.first_key_value() {
            state.evict(id);
        }
    }

    /// Shortens a time limit if more than half of the places are taken: the fewer places are free, the shorter.
    /// If none is free, a tenth of the limit is left. Returns `None` if at least half of the places are free.
    fn shorten_time_limit(&self, time_limit: Duration, taken: usize) -> Option<Duration> {
        let free = self.limit.saturating_sub(taken);
        (free * 2 < self.limit).then(|| {
            let [free, max_places] =
                [free * 2, self.limit].map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            (time_limit * free / max_places).max(time_limit / 10)
        })
    }

    fn try_take_place(self: &Arc<Self>, network: Option<IpAddr>) -> ConnectionPlaceResult {
        let mut state = self.lock();
        if let Some(counts) = network.and_then(|network| state.networks.get(&network))
            && counts.held >= self.max_of_network
        {
            if counts.leaving == 0 {
                let Some((_, &id)) = counts.waiting.first_key_value() else {
                    if counts.unread > 0 {
                        return ConnectionPlaceResult::Full;
                    }
                    state.log_refused(network, self.max_of_network);
                    return ConnectionPlaceResult::Refused;
                };
                state.evict(id);
            }
            return ConnectionPlaceResult::Full;
        }
        if state.held.len() < self.limit {
            return ConnectionPlaceResult::Taken(self.hold(&mut state, network));
        }
        if state.leaving == 0 {
            let waits = state.waiting.first_key_value().map(|(_, &id)| id);
            if let Some(id) = waits.or_else(|| state.stalled_longest()) {
                state.evict(id);
            }
        }
        ConnectionPlaceResult::Full
    }

    fn hold(self: &Arc<Self>, state: &mut State, network: Option<IpAddr>) -> ConnectionPlace {
        let id = state.next_number();
        let evicted = CancellationToken::new();
        let held = HeldPlace {
            network,
            state: ConnectionState::Unread,
            turn: 0,
            since: Instant::now(),
            evicted: evicted.clone(),
        };
        state.held.insert(id, held);
        if let Some(network) = network {
            let counts = state.networks.entry(network).or_default();
            counts.held += 1;
            counts.unread += 1;
        }
        ConnectionPlace { places: self.clone(), id, evicted }
    }

    /// Records the state of a connection; `false` if it was evicted, so that no request of it may begin.
    fn report(&self, id: u64, state: ConnectionState) -> bool {
        let stays = self.lock().set_state(id, state);
        self.changed.notify_one();
        stays
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn set_state(&mut self, id: u64, state: ConnectionState) -> bool {
        let turn = self.next_number();
        let Some(held) = self.held.get_mut(&id).filter(|held| !held.evicted.is_cancelled()) else {
            return false;
        };
        if held.state == state {
            return true;
        }
        let (old_state, old_turn, network) = (held.state, held.turn, held.network);
        (held.state, held.turn, held.since) = (state, turn, Instant::now());
        self.remove_turn(old_state, old_turn, network);
        match state {
            ConnectionState::Waiting => {
                self.waiting.insert(turn, id);
                if let Some(counts) = network.and_then(|network| self.networks.get_mut(&network)) {
                    counts.waiting.insert(turn, id);
                }
            }
            ConnectionState::Stalled => {
                self.stalled.insert(turn, id);
            }
            // A connection never becomes unread again.
            ConnectionState::Answering | ConnectionState::Unread => {}
        }
        true
    }

    fn remove_turn(&mut self, state: ConnectionState, turn: u64, network: Option<IpAddr>) {
        let counts = network.and_then(|network| self.networks.get_mut(&network));
        match state {
            ConnectionState::Unread => {
                if let Some(counts) = counts {
                    counts.unread -= 1;
                }
            }
            ConnectionState::Waiting => {
                self.waiting.remove(&turn);
                if let Some(counts) = counts {
                    counts.waiting.remove(&turn);
                }
            }
            ConnectionState::Stalled => {
                self.stalled.remove(&turn);
            }
            ConnectionState::Answering => {}
        }
    }

    fn stalled_longest(&self) -> Option<u64> {
        let (_, &id) = self.stalled.first_key_value()?;
        self.held.get(&id).filter(|held| held.since.elapsed() >= STALLED).map(|_| id)
    }

    /// Asks a connection to close. It counts until it has closed.
    fn evict(&mut self, id: u64) {
        let Some(held) = self.held.get(&id) else { return };
        held.evicted.cancel();
        let (state, turn, network) = (held.state, held.turn, held.network);
        self.remove_turn(state, turn, network);
        self.leaving += 1;
        if let Some(counts) = network.and_then(|network| self.networks.get_mut(&network)) {
            counts.leaving += 1;
        }
    }

    fn release(&mut self, id: u64) {
        let Some(held) = self.held.remove(&id) else { return };
        let left = usize::from(held.evicted.is_cancelled());
        self.remove_turn(held.state, held.turn, held.network);
        self.leaving -= left;
        let Some(network) = held.network else { return };
        if let Some(counts) = self.networks.get_mut(&network) {
            counts.held -= 1;
            counts.leaving -= left;
            if counts.held == 0 {
                self.networks.remove(&network);
            }
        }
    }

    fn log_refused(&mut self, network: Option<IpAddr>, max_places: usize) {
        if self.logged.is_some_and(|logged| logged.elapsed() < LOG_PAUSE) {
            return;
        }
        self.logged = Some(Instant::now());
        let network = network.map(|network| network.to_string()).unwrap_or_default();
        tracing::warn!(
            network,
            "a network has {max_places} connections, which is the limit, and its further connections are refused; if the \
             network is that of a reverse proxy, name it in MAIL360_TRUSTED_PROXIES"
        );
    }
}

impl ConnectionPlace {
    /// Completes when the connection must be evicted.
    pub async fn wait_until_evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// The handle with which the connection reports its own state.
    pub fn reporter(&self) -> Reporter {
        Reporter { places: self.places.clone(), id: self.id }
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.places.lock().release(self.id);
        self.places.changed.notify_one();
    }
}

/// Reports the state of a connection.
#[derive(Clone)]
pub(super) struct Reporter {
    places: Arc<Places>,
    id: u64,
}

impl Reporter {
    /// Returns `false` if the connection was evicted: no request of it may begin.
    pub fn report(&self, state: ConnectionState) -> bool {
        self.places.report(self.id, state)
    }
}

#[cfg(test)]
mod tests;
