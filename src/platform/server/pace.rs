//! How slowly a client may take responses. The attack: a client reads a few bytes now and then, so that it is never
//! silent for long, and each of its responses keeps a connection for hours.

use std::time::Duration;

use tokio::time::Instant;

/// For how long a client may keep a response waiting for each byte that it takes: below 4 kB a second, it takes too
/// long.
const WAIT_OF_BYTE: Duration = Duration::from_micros(250);

/// The time for which a client may still keep responses waiting. It shrinks while a response waits, and grows with what
/// the client takes, up to a maximum.
#[derive(Debug)]
pub(super) struct Pace {
    max: Duration,
    left: Duration,
    waits_since: Option<Instant>,
}

impl Pace {
    pub const fn new(max: Duration) -> Self {
        Self { max, left: max, waits_since: None }
    }

    /// Notes that a response waits for the client.
    pub fn wait(&mut self, now: Instant) {
        self.waits_since.get_or_insert(now);
    }

    /// Notes that the client takes bytes.
    ///
    /// # Returns
    /// Whether it was fast enough until now.
    pub fn take(&mut self, bytes: usize, now: Instant) -> bool {
        if let Some(since) = self.waits_since.take() {
            self.left = self.left.saturating_sub(now.saturating_duration_since(since));
        }
        if self.left.is_zero() {
            return false;
        }
        let earned = WAIT_OF_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.left = self.left.saturating_add(earned).min(self.max);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Duration = Duration::from_secs(90);

    /// Takes this many bytes every ten seconds.
    ///
    /// # Returns
    /// For how many seconds the client may do so, up to an hour.
    fn lasts(bytes: usize) -> u64 {
        let (mut pace, mut now, mut lasted) = (Pace::new(MAX), Instant::now(), 0);
        while lasted < 3_600 {
            pace.wait(now);
            now += Duration::from_secs(10);
            // A write is tried several times while it waits.
            pace.wait(now);
            if !pace.take(bytes, now) {
                break;
            }
            lasted += 10;
        }
        lasted
    }

    #[test]
    fn a_client_that_reads_steadily_may_take_hours_and_one_that_reads_a_little_now_and_then_may_not() {
        assert_eq!((lasts(40_000), lasts(160_000)), (3_600, 3_600));
        assert_eq!((lasts(0), lasts(20_000)), (80, 160));
    }

    #[test]
    fn what_was_read_fast_before_does_not_pay_for_hours() {
        let (mut pace, start) = (Pace::new(MAX), Instant::now());
        assert!(pace.take(1_000_000_000, start));
        pace.wait(start);
        assert!(!pace.take(1, start + MAX));
    }

    #[test]
    fn time_in_which_no_response_waits_does_not_count() {
        let (mut pace, start) = (Pace::new(MAX), Instant::now());
        assert!(pace.take(1, start));
        assert!(pace.take(1, start + Duration::from_hours(10)));
    }
}
