//! Time: one type and one source. The source is injected, so that a test can set the time.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// The allowed difference between the clocks of two machines that share a database.
pub const SKEW: Duration = Duration::minutes(1);

/// A point in time: microseconds since 1970-01-01 UTC, as the database keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time this many microseconds after 1970-01-01 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time plus `by`, limited to the range of the type.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX)))
    }

    /// This time minus `by`, limited to the range of the type.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX)))
    }

    /// The time since `earlier`; negative if this time is before it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::microseconds(self.0.saturating_sub(earlier.0))
    }

    /// Whether this time is at most `age` before `now`, and credible.
    pub fn is_within(self, age: Duration, now: Self) -> bool {
        now.since(self) < age && self.is_credible(now)
    }

    /// Whether a stored time can have been written by `now`. A later one was written by a clock that was
    /// ahead, and must not count: otherwise a limit would last as long as that clock was ahead. For a
    /// deadline, check the time at which it was set: the deadline minus its full length.
    pub fn is_credible(self, now: Self) -> bool {
        self <= now.plus(SKEW)
    }

    /// The time as the type of the `time` crate; the epoch if that type cannot express it.
    pub fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// For people: `23 Nov 2026, 06:57 UTC`.
    pub fn for_people(self) -> String {
        const FORMAT: &[BorrowedFormatItem<'_>] =
            format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
        self.date_time().format(FORMAT).unwrap_or_default()
    }

    /// Only the day: `23 Nov 2026`.
    pub fn day_for_people(self) -> String {
        const FORMAT: &[BorrowedFormatItem<'_>] =
            format_description!("[day padding:none] [month repr:short] [year]");
        self.date_time().format(FORMAT).unwrap_or_default()
    }

    /// Only the time of day, to the minute, below the heading of a day: `06:57`.
    pub fn minute_of_day(self) -> String {
        const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
        self.date_time().format(FORMAT).unwrap_or_default()
    }

    /// Only the time of day, to the second: `06:57:10 UTC`.
    pub fn time_of_day(self) -> String {
        const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second] UTC");
        self.date_time().format(FORMAT).unwrap_or_default()
    }

    /// For `<time datetime>`: `2026-11-23T06:57:10Z`.
    pub fn for_machines(self) -> String {
        const FORMAT: &[BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        self.date_time().format(FORMAT).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.for_machines())
    }
}

/// The source of the time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

pub type SharedClock = Arc<dyn Clock>;

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let micros = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
        Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_formats_of_the_design() {
        let moment = Timestamp::from_micros(1_795_417_030_000_000);
        assert_eq!(moment.for_people(), "23 Nov 2026, 06:57 UTC");
        assert_eq!(moment.time_of_day(), "06:57:10 UTC");
        assert_eq!((moment.day_for_people(), moment.minute_of_day()), ("23 Nov 2026".into(), "06:57".into()));
        assert_eq!(moment.for_machines(), "2026-11-23T06:57:10Z");
    }

    #[test]
    fn n7_a_time_is_credible_until_a_minute_ahead() {
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        for (ahead, credible) in [
            (Duration::days(-3_650), true),
            (Duration::ZERO, true),
            (SKEW, true),
            (SKEW + Duration::microseconds(1), false),
            (Duration::days(30), false),
        ] {
            assert_eq!(now.plus(ahead).is_credible(now), credible, "{ahead}");
        }
        assert!(!Timestamp::from_micros(i64::MAX).is_credible(now));
    }

    #[test]
    fn adding_and_subtracting_a_duration_are_inverse() {
        let moment = Timestamp::from_micros(0);
        let later = moment.plus(Duration::minutes(10));
        assert_eq!(later.since(moment), Duration::minutes(10));
        assert_eq!(later.minus(Duration::minutes(10)), moment);
    }
}
