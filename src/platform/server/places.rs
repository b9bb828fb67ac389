//! Which connections are held: how many in all and from each network, and which one gives way to a new one.
//!
//! A connection waits for its client until a request is whole, and while the client takes nothing of an answer. The
//! connection that has waited longest for a request gives way where all places are taken. One whose request is being
//! answered never does.

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
/// ... but this many where there are few: an office behind one address has many browsers.
const NETWORK_LEAST: usize = 64;
/// An answer of which the client has taken nothing for this long gives way if no connection waits for a request.
const STALLED: Duration = Duration::from_secs(5);
/// How often it is looked whether an answer is [`STALLED`] by now, while a new connection waits for a place.
const RECHECK: Duration = Duration::from_millis(500);
/// A refused network is logged this often at most: an attacker must not fill the log.
const LOG_PAUSE: Duration = Duration::from_mins(1);

/// All places.
pub(super) struct Places {
    most: usize,
    most_of_network: usize,
    trusted: Vec<IpNet>,
    state: Mutex<State>,
    /// A place was given back, or a connection began to wait.
    changed: Notify,
}

/// What a connection does, as far as it matters for giving way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It has not been looked yet whether a request came with it.
    Unread,
    /// Its next request is not whole yet.
    Waiting,
    /// Its request is being answered.
    Answering,
    /// The client takes nothing of the answer.
    Stalled,
}

#[derive(Default)]
struct State {
    /// The next identifier, and the next turn.
    next: u64,
    held: HashMap<u64, Held>,
    /// By turn: the first has waited longest.
    waiting: BTreeMap<u64, u64>,
    stalled: BTreeMap<u64, u64>,
    networks: HashMap<IpAddr, OfNetwork>,
    /// How many have given way and are not closed yet.
    leaving: usize,
    logged: Option<Instant>,
}

struct Held {
    /// `None`: of a trusted proxy, and not counted.
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

/// A connection's place, given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    id: u64,
    gives_way: CancellationToken,
}

enum Attempt {
    Taken(Place),
    /// A connection is about to give way, or none can at this moment.
    Full,
    /// The network has as many as one may, and all of them are being answered.
    Refused,
}

impl Places {
    /// This many, of which each network but the trusted ones may hold a part.
    pub fn new(most: usize, trusted: Vec<IpNet>) -> Self {
        Self {
            most,
            most_of_network: (most / NETWORK_PART).max(NETWORK_LEAST).min(most),
            trusted,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a place for a connection from this address. `None` if its network holds as many as it may, and none
    /// of them can give way: the connection is to be closed.
    pub async fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let network =
            (!self.trusted.iter().any(|trusted| trusted.contains(&address))).then(|| own_network(address));
        loop {
            match self.try_take(network) {
                Attempt::Taken(place) => return Some(place),
                Attempt::Refused => return None,
                Attempt::Full => {
                    // An error means that the time is over, and it is looked again.
                    let _ = timeout(RECHECK, self.changed.notified()).await;
                }
            }
        }
    }

    /// Waits until a place is free, and makes no connection give way.
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

    /// Closes what has waited longer for a request than the room that is left allows.
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

    /// Closes whatever waits for a request, for the program is about to end.
    pub fn close_waiting(&self) {
        let mut state = self.lock();
        while let Some((_, &id)) = state.waiting.first_key_value() {
            state.give_way(id);
        }
    }

    /// The patience where this many places are taken: less from half of them on, a tenth where all are. `None` where
    /// it is whole.
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

    /// Notes what a connection does now; `false` if it has given way, and must not begin anything.
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
            // Nothing becomes unread again.
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

    /// Asks a connection to close; it counts until it has.
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
            "a network holds {most} connections, the most that one may, and more are refused; if it is a reverse \
             proxy, name it in MAIL360_TRUSTED_PROXIES"
        );
    }
}

impl Place {
    /// Done when the connection is to give way.
    pub async fn wait_to_give_way(&self) {
        self.gives_way.cancelled().await;
    }

    /// Tells what the connection is doing, from within it.
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

/// Tells what a connection is doing.
#[derive(Clone)]
pub(super) struct Reporter {
    places: Arc<Places>,
    id: u64,
}

impl Reporter {
    /// `false` if the connection has given way: nothing may be begun for it any more.
    pub fn report(&self, doing: Doing) -> bool {
        self.places.report(self.id, doing)
    }
}

#[cfg(test)]
mod tests;
