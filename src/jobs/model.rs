//! Kinds of jobs, and how long one waits after a failure.

use serde::de::DeserializeOwned;
use time::Duration;

use crate::{
    identifier,
    platform::{failure::Failure, id::OrganisationId},
};

identifier! {
    JobId
}

/// A kind of job: what its feature decides about it.
#[derive(Debug)]
pub struct Kind {
    /// The name in the table, in the log and in metrics.
    pub name: &'static str,
    /// Maximum number of jobs of this kind that one process runs at once.
    pub at_once: usize,
    /// How long a job waits after a failure.
    pub back_off: BackOff,
    /// For a singleton, which is always there: the time from the end of one run to the next. `None` for queued work,
    /// which goes once it is done.
    pub every: Option<Duration>,
}

impl Kind {
    /// The longest wait that this program gives a job of this kind. A due time further ahead was written by a clock
    /// that was wrong.
    pub fn longest_wait(&self) -> Duration {
        self.back_off.first.max(self.back_off.longest).max(self.every.unwrap_or(Duration::ZERO))
    }
}

/// How long a job waits after a failure: about twice as long with each one.
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    /// The longest wait after the first failure, and the wait while the database is away.
    pub first: Duration,
    /// The longest wait after any number of failures.
    pub longest: Duration,
}

impl BackOff {
    /// The wait after this number of failed attempts in a row: a random time in the upper half of what is allowed, so
    /// that jobs that failed together do not try again together. `random` is any number.
    pub fn wait(self, attempts: u32, random: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(62);
        let allowed = self.first.whole_microseconds().max(0) << doublings;
        let half = allowed.min(self.longest.whole_microseconds().max(0)) / 2;
        let wait = half + half * i128::from(random) / i128::from(u32::MAX);
        Duration::microseconds(i64::try_from(wait).unwrap_or(i64::MAX))
    }
}

/// The input of a job, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(pub(super) String);

impl Payload {
    /// Reads it as the type that the kind's jobs were added with.
    ///
    /// # Errors
    /// If it is none: another version of this program may have added the job.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.0)
            .map_err(|error| Failure::Unexpected(format!("the payload of the job cannot be read: {error}")))
    }
}

/// A job, as its work gets it.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    /// The organisation that it works for; `None` if it belongs to no organisation.
    pub organisation: Option<OrganisationId>,
    pub payload: Payload,
    /// How many attempts there were since the last success, this one included.
    pub attempts: u32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BACK_OFF: BackOff = BackOff { first: Duration::seconds(10), longest: Duration::minutes(2) };

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_the_longest() {
        let longest: Vec<i64> = (1..=6).map(|it| BACK_OFF.wait(it, u32::MAX).whole_seconds()).collect();
        assert_eq!(longest, [10, 20, 40, 80, 120, 120]);
        assert_eq!(BACK_OFF.wait(1, 0), Duration::seconds(5));
    }

    #[test]
    fn the_longest_wait_of_a_kind_is_its_period_or_its_longest_back_off() {
        let kind = |every| Kind { name: "test", at_once: 1, back_off: BACK_OFF, every };
        assert_eq!(kind(None).longest_wait(), Duration::minutes(2));
        assert_eq!(kind(Some(Duration::minutes(1))).longest_wait(), Duration::minutes(2));
        assert_eq!(kind(Some(Duration::hours(1))).longest_wait(), Duration::hours(1));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
            attempts in any::<u32>(),
            random in any::<u32>(),
        ) {
            let wait = BACK_OFF.wait(attempts, random);
            prop_assert!(wait <= BACK_OFF.longest && wait >= BACK_OFF.first / 2, "{wait}");
        }
    }
}
