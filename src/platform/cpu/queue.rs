//! The order of turns. The queue is a tree: known and unknown browsers, then the networks of the address from
//! the widest to the narrowest, then the requests of one network in order of arrival. Each branch gets its
//! turn in rotation (round robin), so that a network gets one share, however many addresses it sends from.
//! Heavier work takes several turns.

use std::collections::{BTreeMap, VecDeque};

use ipnet::IpNet;

use super::Asker;

/// Maximum number of waiting requests of unknown browsers, and of known browsers.
pub(super) const PLACES: usize = 32;

/// Identifies a place in the queue. Later places have higher numbers.
pub(super) type Id = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Branch {
    Known(bool),
    Network(IpNet),
}

pub(super) struct Queue<T> {
    root: Node<T>,
    places: BTreeMap<Id, Vec<Branch>>,
    last: Id,
}

struct Waiting<T> {
    id: Id,
    weight: u32,
    ticket: T,
}

/// A node of the tree: either it has branches, or requests wait in it.
struct Node<T> {
    /// Turns that it has had, as its parent counts them. The node with the lowest number is next.
    turns: u64,
    /// When it was created. If two nodes have had equally many turns, the older one is next.
    since: Id,
    /// The `turns` of the branch that had the last turn.
    clock: u64,
    /// Number of requests that wait in it; `weight` is the sum of their weights.
    count: usize,
    weight: u64,
    branches: BTreeMap<Branch, Node<T>>,
    waiting: VecDeque<Waiting<T>>,
}

impl<T> Node<T> {
    fn new(turns: u64, since: Id) -> Self {
        let (branches, waiting) = (BTreeMap::new(), VecDeque::new());
        Self { turns, since, clock: 0, count: 0, weight: 0, branches, waiting }
    }

    fn join(&mut self, path: &[Branch], waiting: Waiting<T>) {
        self.count += 1;
        self.weight += u64::from(waiting.weight);
        let Some((first, rest)) = path.split_first() else { return self.waiting.push_back(waiting) };
        // At the end of the current round: a network cannot get an earlier turn by leaving and joining again.
        let (turns, since) = (self.clock + 1, waiting.id);
        let branch = self.branches.entry(*first).or_insert_with(|| Self::new(turns, since));
        branch.join(rest, waiting);
    }

    fn next_branch(&self) -> Option<Branch> {
        let next = self.branches.iter().min_by_key(|(_, branch)| (branch.turns, branch.since));
        next.map(|(name, _)| *name)
    }

    fn next_weight(&self) -> Option<u32> {
        match self.next_branch() {
            Some(next) => self.branches.get(&next)?.next_weight(),
            None => self.waiting.front().map(|waiting| waiting.weight),
        }
    }

    fn next(&mut self) -> Option<Waiting<T>> {
        let Some(next) = self.next_branch() else {
            let waiting = self.waiting.pop_front()?;
            self.subtract(&waiting);
            return Some(waiting);
        };
        let branch = self.branches.get_mut(&next)?;
        self.clock = branch.turns;
        let waiting = branch.next()?;
        branch.turns += u64::from(waiting.weight);
        self.tidy(next, &waiting);
        Some(waiting)
    }

    fn take(&mut self, path: &[Branch], id: Id) -> Option<Waiting<T>> {
        let Some((first, rest)) = path.split_first() else {
            let at = self.waiting.iter().position(|waiting| waiting.id == id)?;
            let waiting = self.waiting.remove(at)?;
            self.subtract(&waiting);
            return Some(waiting);
        };
        let waiting = self.branches.get_mut(first)?.take(rest, id)?;
        self.tidy(*first, &waiting);
        Some(waiting)
    }

    /// The last request of the largest network, and within it of its largest part. Among networks of equal size it is
    /// the network of the new request, so that no request is dropped for an equal one.
    fn least_deserving(&self, newcomer: &[Branch]) -> Option<Id> {
        let own = newcomer.first();
        let largest = self
            .branches
            .iter()
            .max_by_key(|(name, branch)| (branch.weight, own == Some(*name), branch.since));
        let Some((name, branch)) = largest else { return self.waiting.back().map(|waiting| waiting.id) };
        let rest = if own == Some(name) { newcomer.get(1..).unwrap_or_default() } else { &[] };
        branch.least_deserving(rest)
    }

    fn tidy(&mut self, branch: Branch, gone: &Waiting<T>) {
        if self.branches.get(&branch).is_some_and(|branch| branch.count == 0) {
            self.branches.remove(&branch);
        }
        self.subtract(gone);
    }

    fn subtract(&mut self, gone: &Waiting<T>) {
        self.count -= 1;
        self.weight -= u64::from(gone.weight);
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { root: Node::new(0, 0), places: BTreeMap::new(), last: 0 }
    }
}

impl<T> Queue<T> {
    /// Gives a request a place. If the queue is full, the last request of the network with the most waiting
    /// work is evicted, and its ticket is returned.
    ///
    /// # Errors
    /// The new ticket, if its own network is the one with the most work.
    pub(super) fn join(&mut self, asker: Asker, weight: u32, ticket: T) -> Result<(Id, Option<T>), T> {
        let lane = Branch::Known(asker.known);
        let path: Vec<Branch> =
            std::iter::once(lane).chain(asker.networks().into_iter().map(Branch::Network)).collect();
        self.last += 1;
        let id = self.last;
        self.root.join(&path, Waiting { id, weight, ticket });
        let lane_of = self.root.branches.get(&lane);
        let too_many = lane_of.filter(|lane| lane.count > PLACES);
        let evicted = too_many.and_then(|lane| lane.least_deserving(path.get(1..).unwrap_or_default()));
        self.places.insert(id, path);
        let gone = evicted.and_then(|evicted| self.leave(evicted));
        match gone {
            Some(ticket) if evicted == Some(id) => Err(ticket),
            gone => Ok((id, gone)),
        }
    }

    /// Gives up a place; `None` if it was not in the queue.
    pub(super) fn leave(&mut self, id: Id) -> Option<T> {
        let path = self.places.remove(&id)?;
        self.root.take(&path, id).map(|waiting| waiting.ticket)
    }

    /// The weight of the next request.
    pub(super) fn next_weight(&self) -> Option<u32> {
        self.root.next_weight()
    }

    /// Takes out the next request.
    pub(super) fn next(&mut self) -> Option<T> {
        let waiting = self.root.next()?;
        self.places.remove(&waiting.id);
        Some(waiting.ticket)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.root.count
    }
}
