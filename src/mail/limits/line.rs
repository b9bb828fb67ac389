//! The slots of one mailbox as one process has them, and the requests that wait for one, first come, first served. It
//! decides and does nothing: [`super::MailLimits`] tells the requests, and asks the database.

mod slot_set;

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::slot_set::{MAX_SLOTS, SlotSet};

/// Maximum number of requests of a mailbox under way that are streams. They use the last slots, so that this holds over
/// all processes.
pub const MAX_STREAMS: usize = 2;
/// Maximum number of requests of a mailbox that wait in this process.
pub const MAX_WAITING: usize = 32;
/// How long a process keeps a slot that it does not use, and, while another process waits, one that it uses.
pub const KEPT: Duration = Duration::from_secs(1);

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// One slot, for one request after the other.
    Call,
    /// One of the slots for streams.
    Stream,
    /// All slots, for a request that the provider carries out as several at once.
    All,
}

/// A slot in this process.
#[derive(Clone, Debug, Default)]
enum Slot {
    /// This process does not have it.
    #[default]
    Absent,
    /// Nothing uses it since this moment.
    Idle { since: Instant, taken: Instant, lost: CancellationToken },
    /// A request uses it.
    Busy { taken: Instant, lost: CancellationToken },
}

/// A request that waits.
#[derive(Debug)]
struct Waiter<T> {
    number: u64,
    need: Need,
    wake: T,
}

/// A request that has its slots now.
#[derive(Debug)]
pub struct Served<T> {
    pub wake: T,
    pub grant: Granted,
}

/// The slots of a request, and the tokens that tell it that another process may have taken one of them.
#[derive(Clone, Debug)]
pub struct Granted {
    pub slots: SlotSet,
    pub lost: Vec<CancellationToken>,
}

/// The slots of a mailbox, and the requests that wait. `T` wakes a request.
#[derive(Debug)]
pub struct Line<T> {
    /// Maximum number of requests that the provider takes at a time: the number of slots.
    at_once: u8,
    /// The slots of the mailbox.
    all: SlotSet,
    /// Those of them for streams.
    for_streams: SlotSet,
    slots: [Slot; MAX_SLOTS],
    waiting: VecDeque<Waiter<T>>,
    /// The slots that streams use.
    streams: SlotSet,
    /// Whether a task asks the database for slots.
    is_asking: bool,
    /// When this process may ask again, after it has given slots to others that waited.
    pub ask_after: Option<Instant>,
    /// Slots that go back to the other processes when their requests end.
    leaving: SlotSet,
    /// Slots that the database is told about. If this process took one of them again now, that could be undone.
    going_back: SlotSet,
}

impl<T> Line<T> {
    /// A mailbox with this many slots, of which this process has none yet.
    pub fn new(at_once: u8) -> Self {
        let count = usize::from(at_once).clamp(1, MAX_SLOTS);
        let all = SlotSet::first_of(count);
        Self {
            at_once,
            all,
            for_streams: all.without(SlotSet::first_of(count.saturating_sub(MAX_STREAMS))),
            slots: std::array::from_fn(|_| Slot::Absent),
            waiting: VecDeque::new(),
            streams: SlotSet::default(),
            is_asking: false,
            ask_after: None,
            leaving: SlotSet::default(),
            going_back: SlotSet::default(),
        }
    }

    pub const fn at_once(&self) -> u8 {
        self.at_once
    }

    /// Whether this process has no slot of the mailbox, and no request waits for one.
    pub fn is_empty(&self) -> bool {
        self.held().with(self.going_back).is_empty() && self.waiting.is_empty() && !self.is_asking
    }

    /// Whether nothing uses a slot or waits for one.
    pub fn is_unused(&self) -> bool {
        self.of(|slot| matches!(slot, Slot::Busy { .. })).is_empty() && self.waiting.is_empty()
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn has_streams(&self) -> bool {
        !self.streams.is_empty()
    }

    /// Marks that a task asks the database for slots, if requests wait for some and no task asks.
    ///
    /// # Returns
    /// Whether the caller must start the task.
    pub fn begin_asking(&mut self) -> bool {
        let begins = !self.is_asking && !self.wanted(SlotSet::ALL).is_empty();
        self.is_asking |= begins;
        begins
    }

    /// Marks that the task has ended, unless requests still wait for slots.
    ///
    /// # Returns
    /// Whether it has ended.
    pub fn end_asking(&mut self) -> bool {
        let ends = self.wanted(SlotSet::ALL).is_empty();
        self.is_asking = self.is_asking && !ends;
        ends
    }

    fn of(&self, matches: impl Fn(&Slot) -> bool) -> SlotSet {
        let numbers = self.slots.iter().enumerate().filter(|(_, slot)| matches(slot));
        numbers.fold(SlotSet::default(), |set, (number, _)| set.with(SlotSet::one(number)))
    }

    fn idle(&self) -> SlotSet {
        self.of(|slot| matches!(slot, Slot::Idle { .. }))
    }

    /// The slots that this process has had since before this moment.
    pub fn held_since(&self, moment: Instant) -> SlotSet {
        self.of(|slot| match slot {
            Slot::Absent => false,
            Slot::Idle { taken, .. } | Slot::Busy { taken, .. } => *taken < moment,
        })
    }

    /// The slots that this process has.
    pub fn held(&self) -> SlotSet {
        self.of(|slot| !matches!(slot, Slot::Absent))
    }

    /// Adds slots that this process has got.
    pub fn add(&mut self, slots: SlotSet, now: Instant) {
        for number in slots.and(self.all).without(self.held()).numbers() {
            if let Some(slot) = self.slots.get_mut(number) {
                *slot = Slot::Idle { since: now, taken: now, lost: CancellationToken::new() };
            }
        }
    }

    /// Puts a request at the end of the line.
    pub fn wait(&mut self, number: u64, need: Need, wake: T) {
        self.waiting.push_back(Waiter { number, need, wake });
    }

    /// Takes a request out of the line that waits no longer.
    ///
    /// # Returns
    /// Whether it still waited.
    pub fn leave(&mut self, number: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiter| waiter.number != number);
        before > self.waiting.len()
    }

    /// Gives free slots to the requests that wait.
    pub fn serve(&mut self) -> Vec<Served<T>> {
        let mut served = Vec::new();
        let mut left = VecDeque::new();
        let mut is_blocked = false;
        for waiter in std::mem::take(&mut self.waiting) {
            let slots = if is_blocked { None } else { self.choose(waiter.need) };
            if let Some(grant) = slots.and_then(|slots| self.occupy(slots)) {
                if waiter.need == Need::Stream {
                    self.streams = self.streams.with(grant.slots);
                }
                served.push(Served { wake: waiter.wake, grant });
            } else {
                // Streams can be long: calls pass requests that wait for the end of one.
                is_blocked |= waiter.need == Need::All && self.streams.is_empty();
                left.push_back(waiter);
            }
        }
        self.waiting = left;
        served
    }

    fn choose(&self, need: Need) -> Option<SlotSet> {
        let idle = self.idle().without(self.leaving);
        match need {
            Need::Call => idle.first().map(SlotSet::one),
            Need::Stream => idle.and(self.for_streams).first().map(SlotSet::one),
            Need::All => (idle == self.all).then_some(self.all),
        }
    }

    fn occupy(&mut self, slots: SlotSet) -> Option<Granted> {
        let mut tokens = Vec::new();
        for number in slots.numbers() {
            let slot = self.slots.get_mut(number)?;
            if let Slot::Idle { taken, lost, .. } = slot {
                tokens.push(lost.clone());
                *slot = Slot::Busy { taken: *taken, lost: lost.clone() };
            }
        }
        Some(Granted { slots, lost: tokens })
    }

    /// Frees the slots of a request that has ended. A slot that was lost in the meantime stays lost.
    pub fn release(&mut self, granted: &Granted, now: Instant) {
        for (number, token) in granted.slots.numbers().zip(&granted.lost) {
            if token.is_cancelled() {
                continue;
            }
            self.streams = self.streams.without(SlotSet::one(number));
            if let Some(slot) = self.slots.get_mut(number)
                && let Slot::Busy { taken, lost } = slot
            {
                *slot = Slot::Idle { since: now, taken: *taken, lost: lost.clone() };
            }
        }
    }

    /// Makes a request a stream: it keeps one of the slots for streams, and the others are free.
    ///
    /// # Returns
    /// `false` if it has no slot for streams. Then nothing changes.
    pub fn keep_for_stream(&mut self, granted: &mut Granted, now: Instant) -> bool {
        let Some(number) = granted.slots.and(self.for_streams).first() else { return false };
        let kept = SlotSet::one(number);
        let mut rest = Granted { slots: granted.slots.without(kept), lost: Vec::new() };
        let mut own = Vec::new();
        for (slot, token) in granted.slots.numbers().zip(std::mem::take(&mut granted.lost)) {
            if slot == number { own.push(token) } else { rest.lost.push(token) }
        }
        self.release(&rest, now);
        *granted = Granted { slots: kept, lost: own };
        // A slot that was lost may be another request's by now.
        if granted.lost.iter().all(|token| !token.is_cancelled()) {
            self.streams = self.streams.with(kept);
        }
        true
    }

    /// The slots to ask the database for, of those that are free there.
    pub fn wanted(&self, free: SlotSet) -> SlotSet {
        let mut left = free.and(self.all).without(self.held()).without(self.going_back);
        let mut wanted = SlotSet::default();
        for waiter in &self.waiting {
            let slot = match waiter.need {
                Need::Call => left.first(),
                Need::Stream => left.and(self.for_streams).first(),
                // One after the other in their order, so that two processes do not wait for each other.
                Need::All => self.all.without(self.held()).first().filter(|slot| left.contains(*slot)),
            };
            if let Some(slot) = slot {
                wanted = wanted.with(SlotSet::one(slot));
                left = left.without(SlotSet::one(slot));
            }
            if waiter.need == Need::All {
                break;
            }
        }
        wanted
    }

    /// Takes the slots out that go back to the other processes: the idle ones that nothing has used for [`KEPT`], and,
    /// while another process waits, those that this one has had for as long. A slot of the latter that is busy goes
    /// back when its request ends. The caller tells the database, and then calls [`Self::end_giving_back`].
    pub fn give_back(&mut self, another_waits: bool, now: Instant) -> SlotSet {
        let is_old = |since: Instant| now.saturating_duration_since(since) >= KEPT;
        if another_waits {
            let old = self.of(|slot| match slot {
                Slot::Absent => false,
                Slot::Idle { taken, .. } | Slot::Busy { taken, .. } => is_old(*taken),
            });
            self.leaving = self.leaving.with(old);
        }
        let unused = self.of(|slot| matches!(slot, Slot::Idle { since, .. } if is_old(*since)));
        let back = unused.with(self.leaving.and(self.idle())).with(self.out_of_order());
        self.remove(back);
        self.going_back = self.going_back.with(back);
        back
    }

    /// Notes that the database knows of slots that were given back, or that it could not be told.
    pub fn end_giving_back(&mut self, slots: SlotSet) {
        self.going_back = self.going_back.without(slots);
    }

    /// The idle slots that a request for all slots must not keep while it waits for a lower one.
    fn out_of_order(&self) -> SlotSet {
        let waits_for_all = self.waiting.iter().any(|waiter| waiter.need == Need::All);
        match self.all.without(self.held()).first() {
            Some(missing) if waits_for_all => {
                let lower = (0..missing).fold(SlotSet::default(), |set, slot| set.with(SlotSet::one(slot)));
                self.idle().without(lower)
            }
            _ => SlotSet::default(),
        }
    }

    /// Takes slots out that another process may have taken. Their requests are told.
    pub fn lose(&mut self, slots: SlotSet) {
        for number in slots.numbers() {
            if let Some(Slot::Busy { lost, .. } | Slot::Idle { lost, .. }) = self.slots.get(number) {
                lost.cancel();
            }
        }
        self.remove(slots);
        self.going_back = self.going_back.without(slots);
    }

    fn remove(&mut self, slots: SlotSet) {
        for number in slots.numbers() {
            if let Some(slot) = self.slots.get_mut(number) {
                *slot = Slot::Absent;
            }
        }
        self.leaving = self.leaving.without(slots);
        self.streams = self.streams.without(slots);
    }
}

#[cfg(test)]
mod tests;
