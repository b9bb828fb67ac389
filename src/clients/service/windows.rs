//! Counts events by a key, such as a network address, in windows of a fixed length and in bounded memory.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How often counts whose window is over are erased while there are too many.
const CLEANING: Duration = Duration::from_secs(1);

/// A count and the rest of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub number: u32,
    pub rest: Duration,
}

/// The counts of many keys.
pub(super) struct WindowCounts<K> {
    window: Duration,
    /// Maximum number of keys that are counted at a time.
    max_keys: usize,
    counts: Mutex<Counts<K>>,
}

struct Counts<K> {
    by_key: HashMap<K, (Instant, u32)>,
    /// When counts were last erased. Erasing looks at all of them.
    cleaned: Option<Instant>,
}

impl<K: Eq + Hash> WindowCounts<K> {
    pub(super) fn new(window: Duration, max_keys: usize) -> Self {
        Self { window, max_keys, counts: Mutex::new(Counts { by_key: HashMap::new(), cleaned: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, Counts<K>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an event. If too many other keys are counted already, the event counts as the only one of its key.
    pub(super) fn count(&self, key: K, now: Instant) -> Counted {
        self.try_count(key, now).unwrap_or(Counted { number: 1, rest: self.window })
    }

    /// Counts an event; `None` if too many other keys are counted already.
    pub(super) fn try_count(&self, key: K, now: Instant) -> Option<Counted> {
        let mut counts = self.lock();
        let Counts { by_key, cleaned } = &mut *counts;
        if by_key.len() >= self.max_keys && !by_key.contains_key(&key) {
            if cleaned.is_none_or(|cleaned| now.duration_since(cleaned) >= CLEANING) {
                *cleaned = Some(now);
                by_key.retain(|_, (began, _)| now.duration_since(*began) < self.window);
            }
            if by_key.len() >= self.max_keys {
                return None;
            }
        }
        let (began, number) = by_key.entry(key).or_insert((now, 0));
        if now.duration_since(*began) >= self.window {
            (*began, *number) = (now, 0);
        }
        *number = number.saturating_add(1);
        Some(Counted { number: *number, rest: self.window.saturating_sub(now.duration_since(*began)) })
    }

    /// The number of events of the present window.
    pub(super) fn number(&self, key: &K, now: Instant) -> u32 {
        self.find(key, now).unwrap_or_default()
    }

    /// The number of events of the present window; `None` if the key is not counted in it.
    pub(super) fn find(&self, key: &K, now: Instant) -> Option<u32> {
        let counts = self.lock();
        let (began, number) = counts.by_key.get(key)?;
        (now.duration_since(*began) < self.window).then_some(*number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    #[test]
    fn events_of_one_window_are_counted_together_and_those_of_another_key_apart() {
        let (counts, start) = (WindowCounts::new(WINDOW, 10), Instant::now());
        assert_eq!(counts.count("a", start), Counted { number: 1, rest: WINDOW });
        let later = start + Duration::from_secs(59);
        assert_eq!(counts.count("a", later), Counted { number: 2, rest: Duration::from_secs(1) });
        assert_eq!(counts.count("b", later).number, 1);
        assert_eq!(counts.number(&"a", later), 2);
        assert_eq!(counts.number(&"a", start + WINDOW), 0);
        assert_eq!(counts.count("a", start + WINDOW), Counted { number: 1, rest: WINDOW });
    }

    #[test]
    fn a_hundred_thousand_keys_take_the_memory_of_a_few() {
        let (counts, start) = (WindowCounts::new(WINDOW, 100), Instant::now());
        for key in 0..100_000 {
            counts.count(key, start);
        }
        assert_eq!(counts.lock().by_key.len(), 100);
        assert_eq!(counts.count(99_999, start).number, 1, "it is not counted");
        assert_eq!(counts.count(0, start).number, 2, "one that is counted already goes on");
        counts.count(99_999, start + WINDOW);
        assert_eq!(counts.lock().by_key.len(), 1, "what is over makes room");
    }

    #[test]
    fn full_counts_are_looked_through_at_most_once_a_second() {
        let (counts, start) = (WindowCounts::new(WINDOW, 2), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        counts.count("a", start);
        counts.count("b", at(500));
        assert_eq!(counts.try_count("c", at(59_900)), None);
        assert_eq!(counts.try_count("c", at(60_000)), None, "that of a is over, but it is too soon");
        assert!(counts.try_count("c", at(60_900)).is_some());
        assert_eq!((counts.find(&"a", at(60_900)), counts.find(&"c", at(60_900))), (None, Some(1)));
    }
}
