//! The times and limits of refreshing.

use std::time::Duration as Elapsed;

use time::Duration;

use crate::{
    accounts::store::grants::due::DueTimes,
    jobs::model::BackOff,
    platform::clock::{SKEW, Timestamp},
};

/// The refresher looks for due grants this often, and whenever places are free.
pub const POLL: Elapsed = Elapsed::from_secs(5);
/// Maximum number of background refreshes of one connector in one process.
pub const MAX_OF_CONNECTOR: usize = 4;
/// Number of free places of a connector that are filled at once when a refresh ends. Fewer are filled after [`REFILL`].
pub const ENOUGH_OF_CONNECTOR: usize = 2;
/// How long a free place may stay empty although grants are due.
pub const REFILL: Elapsed = Elapsed::from_millis(250);
/// Maximum number of background refreshes in one process.
pub const MAX_BACKGROUND: usize = 32;
/// Maximum number of refreshes in one process for which a caller waits.
pub const DEMAND_SLOTS: usize = 16;
/// The same of one provider. One that hangs leaves places for the others.
pub const MAX_DEMAND_OF_PROVIDER: usize = 12;
/// The same of one connector.
pub const MAX_DEMAND_OF_CONNECTOR: usize = 8;
/// How long a caller waits for a refresh.
pub const CALLER_WAIT: Elapsed = Elapsed::from_secs(10);
/// How long a refresh may take at the provider.
pub const CALL_LIMIT: Elapsed = Elapsed::from_secs(15);
/// A refresh that is not sent this long after its claim is not sent any more: another process may soon take the lease.
pub const SEND_LIMIT: Elapsed = Elapsed::from_secs(10);
/// How long a try of the credentials without an account may take.
pub const PREFLIGHT_LIMIT: Elapsed = Elapsed::from_secs(5);
/// How long a caller waits before it looks again at a grant that another process refreshes.
pub const LOOK_AGAIN: Elapsed = Elapsed::from_millis(250);

/// A lent access token is valid for at least this long, unless it was just refreshed.
pub const REMAINING_LIFE: Duration = Duration::seconds(60);
/// An access token is refreshed for a refusal of the provider's API only if it is at least this old.
pub const MIN_AGE_OF_REFUSED: Duration = Duration::minutes(5);
/// The assumed life of an access token if the provider does not say it.
const ASSUMED_LIFE: Duration = Duration::minutes(5);
/// A grant is refreshed at least this often.
pub const DAILY: Duration = Duration::days(1);
/// How much earlier it may be, so that accounts that were connected together are not refreshed together.
const DAILY_JITTER: Duration = Duration::hours(2);
/// The longest wait for a provider that asks for one.
pub const MAX_THROTTLE: Duration = Duration::hours(1);
/// The time between two probes of a connector whose credentials are refused.
pub const PROBE_OF_CONNECTOR: Duration = Duration::minutes(10);
/// The least time between two probes of a connector whose credentials were shown to be good after they had been refused.
pub const PROBE_OF_REFUTED: Duration = Duration::minutes(1);
/// The time between two probes of a company that has removed the application.
pub const PROBE_OF_COMPANY: Duration = Duration::hours(1);

/// After an outage of the provider.
pub const OUTAGE: BackOff = BackOff { first: Duration::minutes(1), longest: Duration::hours(1) };
/// After a refusal that only a change at the provider or of the connector ends.
pub const ATTENTION: BackOff = BackOff { first: Duration::hours(1), longest: DAILY };
/// For a connector that is throttled, if the provider does not name a time.
pub const THROTTLE: BackOff = BackOff { first: Duration::seconds(30), longest: MAX_THROTTLE };

/// The wait until the daily refresh. `random` is any number.
pub fn daily_wait(random: u32) -> Duration {
    let earlier = DAILY_JITTER.whole_milliseconds() * i128::from(random) / i128::from(u32::MAX);
    DAILY - Duration::milliseconds(i64::try_from(earlier).unwrap_or_default())
}

/// When an access token expires that is issued now.
pub fn expiry(expires_in: Option<Elapsed>, now: Timestamp) -> Timestamp {
    let life = expires_in.and_then(|life| Duration::try_from(life).ok()).unwrap_or(ASSUMED_LIFE);
    now.plus(life)
}

/// When a grant ends that lasts for this time from now on; `None` if it has no end.
pub fn grant_end(ends_in: Option<Elapsed>, now: Timestamp) -> Option<Timestamp> {
    ends_in.and_then(|life| Duration::try_from(life).ok()).map(|life| now.plus(life))
}

/// The times between which no grant is due. No wait of a grant is longer than a day.
pub fn due_times(now: Timestamp) -> DueTimes {
    DueTimes { now, last_credible: now.plus(DAILY).plus(SKEW) }
}

/// The times between which no probe of a gate is due. `wait` is the time between two of its probes.
pub fn probe_times(wait: Duration, now: Timestamp) -> DueTimes {
    DueTimes { now, last_credible: now.plus(wait).plus(SKEW) }
}

/// Whole seconds for `Retry-After`, at least one.
pub fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.whole_seconds()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_grant_is_refreshed_at_least_once_a_day_and_not_twice(random in any::<u32>()) {
            let wait = daily_wait(random);
            prop_assert!(wait <= DAILY && wait >= Duration::hours(22), "{wait}");
        }
    }

    #[test]
    fn a_token_without_a_life_is_taken_for_one_of_five_minutes() {
        let now = Timestamp::from_micros(0);
        assert_eq!(expiry(None, now).since(now), Duration::minutes(5));
        assert_eq!(expiry(Some(Elapsed::from_hours(1)), now).since(now), Duration::hours(1));
    }
}
