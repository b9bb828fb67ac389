//! The time that has certainly come, for erasing by age. A clock that jumps ahead for a while must not erase what it then
//! takes for old: nothing brings that back.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::clock::Timestamp;

/// How long the clock must not go back after it has shown a time, as the monotonic clock of the process measures it,
/// until that time counts. A wrong clock ends sessions and sign-ins at once, so an operator notices it earlier.
pub const WAIT: std::time::Duration = std::time::Duration::from_hours(6);

/// What one process has seen of the clock. It begins again after a restart.
#[derive(Debug, Default)]
pub struct SettledTime(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// The last time that counts.
    settled: Option<Timestamp>,
    /// The time that counts next, and when it was read.
    waiting: Option<(Timestamp, Instant)>,
}

impl SettledTime {
    /// Notes what the clock shows, `now`, at a moment of the monotonic clock, `at`.
    ///
    /// # Returns
    /// A time that was read at least [`WAIT`] ago, and since which no earlier one was read. `None` if there is none yet.
    pub fn observe(&self, now: Timestamp, at: Instant) -> Option<Timestamp> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.settled = seen.settled.filter(|settled| *settled <= now);
        match seen.waiting {
            Some((time, read)) if time <= now => {
                if at.saturating_duration_since(read) >= WAIT {
                    seen.settled = Some(time);
                    seen.waiting = Some((now, at));
                }
            }
            // The clock was ahead, and went back.
            _ => seen.waiting = Some((now, at)),
        }
        seen.settled
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const HOUR: std::time::Duration = std::time::Duration::from_hours(1);

    /// The hours that count after each reading: the hours of the clock, at each hour of the monotonic clock.
    fn settled(readings: &[i64]) -> Vec<Option<i64>> {
        let (time, begin) = (SettledTime::default(), Instant::now());
        let hours = |hours: i64| Timestamp::from_micros(0).plus(Duration::hours(hours));
        let observe = |(passed, shown): (u32, &i64)| {
            let settled = time.observe(hours(*shown), begin + HOUR * passed)?;
            Some(settled.since(hours(0)).whole_hours())
        };
        (0..).zip(readings).map(observe).collect()
    }

    #[test]
    fn a_time_counts_when_it_was_read_six_hours_ago() {
        let readings: Vec<_> = (0..14).collect();
        let counted = settled(&readings);
        assert_eq!(counted.iter().position(Option::is_some), Some(6));
        assert_eq!((counted[6], counted[11], counted[12], counted[13]), (Some(0), Some(0), Some(6), Some(6)));
    }

    #[test]
    fn a_time_that_the_clock_goes_back_from_never_counts() {
        let ahead = 10_000;
        // It jumps ahead for five hours, at once, and later.
        let counted = settled(&[ahead, ahead + 1, ahead + 2, ahead + 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(counted, [None, None, None, None, None, None, None, None, None, None, Some(4)]);
        let counted = settled(&[0, 1, 2, 3, 4, 5, 6, ahead, ahead + 4, 9, 10, 11, 12, 13, 14, 15]);
        assert!(counted.iter().all(|time| time.is_none_or(|time| time < 20)), "{counted:?}");
    }

    #[test]
    fn a_time_that_counted_ends_when_the_clock_goes_back_behind_it() {
        assert_eq!(settled(&[9, 9, 9, 9, 9, 9, 9, 3]), [&[None; 6][..], &[Some(9), None]].concat());
    }
}
