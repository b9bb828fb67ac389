//! Counts the requests of a mailbox in a window of time. A part of the previous window still counts, so that the end
//! of one window and the start of the next together do not let through twice the number.

use std::time::Duration;

/// The length of a window.
pub const WINDOW: Duration = Duration::from_mins(10);
/// Maximum number of requests of a mailbox within any time as long as a window.
pub const MAX_IN_WINDOW: u32 = 10_000;
/// The number of requests that a process takes at once where several processes share the count: 5 % of the maximum.
pub const BLOCK: u32 = MAX_IN_WINDOW / 20;

/// A moment: the number of its window, and the time since that window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub window: i64,
    pub elapsed: Duration,
}

impl Moment {
    /// The moment this long after the beginning of window 0.
    pub fn after(time: Duration) -> Self {
        let length = WINDOW.as_micros();
        let window = i64::try_from(time.as_micros() / length).unwrap_or(i64::MAX);
        let elapsed = u64::try_from(time.as_micros() % length).unwrap_or(u64::MAX);
        Self { window, elapsed: Duration::from_micros(elapsed) }
    }

    /// The time until the next window begins.
    pub fn remaining(self) -> Duration {
        WINDOW.saturating_sub(self.elapsed)
    }
}

/// The requests that were counted in one window and in the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the window.
    pub number: i64,
    pub used: u32,
    /// The number of requests in the window before.
    pub before: u32,
}

impl Window {
    /// Counts at most `wanted` requests.
    ///
    /// # Returns
    /// How many may be sent; 0 if the maximum is reached.
    pub fn take(&mut self, at: Moment, wanted: u32) -> u32 {
        self.move_to(at.window);
        let allowed = wanted.min(MAX_IN_WINDOW.saturating_sub(self.counted(at)));
        self.used = self.used.saturating_add(allowed);
        allowed
    }

    /// Starts the window of this moment. A count from a later window was written by a clock that was ahead, and ends.
    fn move_to(&mut self, number: i64) {
        if number == self.number {
            return;
        }
        let before = if self.number.checked_add(1) == Some(number) { self.used } else { 0 };
        *self = Self { number, used: 0, before };
    }

    /// The requests of this window, and the part of the previous ones that is not yet as old as a window. They are
    /// assumed to have been sent evenly.
    fn counted(&self, at: Moment) -> u32 {
        let part = u128::from(self.before) * at.remaining().as_micros();
        let before = u32::try_from(part.div_ceil(WINDOW.as_micros())).unwrap_or(u32::MAX);
        self.used.saturating_add(before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_window_gives_its_maximum_and_then_nothing() {
        let mut window = Window::default();
        assert_eq!(window.take(at(0), MAX_IN_WINDOW - 1), MAX_IN_WINDOW - 1);
        assert_eq!((window.take(at(1), BLOCK), window.take(at(599), BLOCK)), (1, 0));
    }

    #[test]
    fn the_previous_window_counts_less_and_less() {
        let mut window = Window::default();
        window.take(at(0), MAX_IN_WINDOW);
        assert_eq!(window.take(at(600), MAX_IN_WINDOW), 0);
        assert_eq!(window.take(at(900), MAX_IN_WINDOW), MAX_IN_WINDOW / 2);
        assert_eq!(window.take(at(1_800), MAX_IN_WINDOW), MAX_IN_WINDOW, "both windows are over");
    }

    #[test]
    fn a_window_of_a_clock_that_was_ahead_does_not_refuse() {
        let mut window = Window { number: 9, used: MAX_IN_WINDOW, before: MAX_IN_WINDOW };
        assert_eq!(window.take(at(0), 1), 1);
    }

    proptest! {
        #[test]
        fn no_window_gives_more_than_its_maximum(takes in prop::collection::vec((0_u64..1_200, 0_u32..4_000), 0..40)) {
            let mut times = takes;
            times.sort_unstable();
            let mut window = Window::default();
            let mut given = [0_u32; 2];
            for (seconds, wanted) in times {
                let allowed = window.take(at(seconds), wanted);
                if let Some(sum) = given.get_mut(usize::from(seconds >= 600)) {
                    *sum += allowed;
                }
                prop_assert!(allowed <= wanted);
            }
            prop_assert!(given.iter().all(|sum| *sum <= MAX_IN_WINDOW), "{given:?}");
        }
    }
}
