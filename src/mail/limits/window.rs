//! Counts the units of a mailbox in a window of time. A part of the previous window still counts, so that the end of one
//! window and the start of the next together do not let through twice the number.

use std::time::Duration;

/// A moment: the number of its window, and the time since that window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub window: i64,
    pub elapsed: Duration,
    /// The length of a window.
    pub length: Duration,
}

impl Moment {
    /// The moment this long after the beginning of window 0.
    pub fn after(time: Duration, length: Duration) -> Self {
        let length = length.max(Duration::from_secs(1));
        let window = i64::try_from(time.as_micros() / length.as_micros()).unwrap_or(i64::MAX);
        let elapsed = u64::try_from(time.as_micros() % length.as_micros()).unwrap_or(u64::MAX);
        Self { window, elapsed: Duration::from_micros(elapsed), length }
    }

    /// The time until the next window begins.
    pub fn remaining(self) -> Duration {
        self.length.saturating_sub(self.elapsed)
    }

    /// The time until the units of this window no longer matter.
    pub fn until_forgotten(self) -> Duration {
        self.remaining().saturating_add(self.length)
    }
}

/// The units that were counted in one window and in the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the window.
    pub number: i64,
    pub used: u32,
    /// The number of units in the window before.
    pub before: u32,
}

/// What a window has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub units: u32,
    /// The number of units that are left after it.
    pub left: u32,
    /// The time after which it has what was needed, if nothing else is taken.
    pub wait: Duration,
}

impl Window {
    /// Takes `wanted` units, or all that are left, but none if they are fewer than `needed`. No more than `max` are counted
    /// within any time as long as a window.
    pub fn take(&mut self, at: Moment, max: u32, needed: u32, wanted: u32) -> Taken {
        self.move_to(at.window);
        let left = max.saturating_sub(self.counted(at));
        if left < needed {
            return Taken { units: 0, left, wait: self.wait(at, max, needed) };
        }
        let units = wanted.min(left);
        self.used = self.used.saturating_add(units);
        Taken { units, left: left.saturating_sub(units), wait: Duration::ZERO }
    }

    /// Gives units back that were taken in the window of this moment.
    pub fn give_back(&mut self, at: Moment, units: u32) {
        if self.number == at.window {
            self.used = self.used.saturating_sub(units);
        }
    }

    /// Starts the window of this moment. A count from a later window was written by a clock that was ahead, and ends.
    fn move_to(&mut self, number: i64) {
        if number == self.number {
            return;
        }
        let before = if self.number.checked_add(1) == Some(number) { self.used } else { 0 };
        *self = Self { number, used: 0, before };
    }

    /// The units of this window, and the part of the previous ones that is not yet as old as a window. They are assumed to
    /// have been used evenly.
    fn counted(&self, at: Moment) -> u32 {
        let part = u128::from(self.before) * at.remaining().as_micros();
        let before = u32::try_from(part.div_ceil(at.length.as_micros())).unwrap_or(u32::MAX);
        self.used.saturating_add(before)
    }

    /// How long until this many units are left, in the window of this moment or in the next one.
    fn wait(&self, at: Moment, max: u32, needed: u32) -> Duration {
        let room = max.saturating_sub(needed);
        match room.checked_sub(self.used) {
            Some(room) => at.remaining().saturating_sub(last_part(self.before, room, at.length)),
            None => at.until_forgotten().saturating_sub(last_part(self.used, room, at.length)),
        }
    }
}

/// The last part of a window in which the units of the window before count as at most `room`.
fn last_part(before: u32, room: u32, length: Duration) -> Duration {
    let part = (u128::from(room) * length.as_micros()).checked_div(u128::from(before));
    let part = part.and_then(|part| u64::try_from(part).ok());
    part.map_or(length, |part| Duration::from_micros(part).min(length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH: Duration = Duration::from_mins(10);
    const MAX: u32 = 10_000;

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds), LENGTH)
    }

    /// Takes units, or all that are left.
    fn take(window: &mut Window, at: Moment, wanted: u32) -> u32 {
        window.take(at, MAX, 1, wanted).units
    }

    #[test]
    fn a_window_gives_its_maximum_and_then_nothing() {
        let mut window = Window::default();
        assert_eq!(take(&mut window, at(0), MAX - 1), MAX - 1);
        assert_eq!((take(&mut window, at(1), 500), take(&mut window, at(599), 500)), (1, 0));
    }

    #[test]
    fn the_previous_window_counts_less_and_less() {
        let mut window = Window::default();
        take(&mut window, at(0), MAX);
        assert_eq!(take(&mut window, at(600), MAX), 0);
        assert_eq!(take(&mut window, at(900), MAX), MAX / 2);
        assert_eq!(take(&mut window, at(1_800), MAX), MAX, "both windows are over");
    }

    #[test]
    fn a_window_of_a_clock_that_was_ahead_does_not_refuse() {
        let mut window = Window { number: 9, used: MAX, before: MAX };
        assert_eq!(take(&mut window, at(0), 1), 1);
    }

    #[test]
    fn what_does_not_fit_is_not_taken_and_the_wait_for_it_is_known() {
        let minute = |seconds| Moment::after(Duration::from_secs(seconds), Duration::from_mins(1));
        let mut window = Window::default();
        assert_eq!(window.take(minute(0), 6_000, 4_000, 4_000).units, 4_000);
        let refused = window.take(minute(20), 6_000, 5_000, 5_000);
        // A quarter of the 4,000 counts 45 seconds into the next minute.
        assert_eq!(refused, Taken { units: 0, left: 2_000, wait: Duration::from_secs(85) });
        assert_eq!(window.take(minute(21), 6_000, 100, 5_000).units, 2_000, "a part is enough for others");
        window.give_back(minute(22), 500);
        assert_eq!(window.take(minute(23), 6_000, 500, 500).units, 500);
        window.give_back(minute(60), 500);
        assert_eq!(window.used, 6_000, "they were of another window");
    }

    proptest! {
        #[test]
        fn no_window_gives_more_than_its_maximum(takes in prop::collection::vec((0_u64..1_200, 0_u32..4_000), 0..40)) {
            let mut times = takes;
            times.sort_unstable();
            let mut window = Window::default();
            let mut given = [0_u32; 2];
            for (seconds, wanted) in times {
                let allowed = take(&mut window, at(seconds), wanted);
                if let Some(sum) = given.get_mut(usize::from(seconds >= 600)) {
                    *sum += allowed;
                }
                prop_assert!(allowed <= wanted);
            }
            prop_assert!(given.iter().all(|sum| *sum <= MAX), "{given:?}");
        }

        #[test]
        fn after_the_wait_and_not_before_there_are_as_many_as_were_needed(
            (used, before) in (0..=MAX, 0..=MAX),
            needed in 1..=MAX,
            seconds in 6_000_u64..6_600,
        ) {
            let mut window = Window { number: 10, used, before };
            let refused = window.take(at(seconds), MAX, needed, needed);
            let then = |wait: Duration| Moment::after(Duration::from_secs(seconds) + wait, LENGTH);
            let is_left = |wait: Duration| {
                let mut window = window;
                window.take(then(wait), MAX, needed, needed).units == needed
            };
            if refused.units == 0 {
                prop_assert!(is_left(refused.wait));
                prop_assert!(!is_left(refused.wait.saturating_sub(Duration::from_millis(1))));
            }
        }
    }
}
