//! Mailboxes to which no request is sent for a while, because the provider wants fewer. Each process learns it from the
//! answers that it gets itself.

use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use ::http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use tokio::time::Instant;

use super::MailLimits;
use crate::{
    accounts::service::AccountId,
    providers::mailbox::{Limit, MailError, MailProblem},
};

/// The first wait if the provider names none. It doubles with each refusal in a row.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait if the provider names none.
const LONGEST: Duration = Duration::from_mins(1);
/// The longest wait that a provider may ask for.
const MAX_NAMED: Duration = Duration::from_hours(1);
/// Maximum number of mailboxes that are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// A mailbox whose last request was refused because of too many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    until: Instant,
    /// Number of refusals in a row.
    refusals: u32,
}

impl Closed {
    /// After another refusal. Several requests under way may be refused at once, which counts as one refusal.
    fn after(before: Option<Self>, named: Option<Duration>, now: Instant) -> Self {
        let open = before.is_none_or(|before| before.until <= now);
        let refusals = before.map_or(0, |before| before.refusals).saturating_add(open.into());
        let doubled = || FIRST.saturating_mul(2_u32.saturating_pow(refusals.saturating_sub(1))).min(LONGEST);
        let wait = named.map_or_else(doubled, |named| named.min(MAX_NAMED));
        let earlier = before.map_or(now, |before| before.until);
        Self { until: earlier.max(now + wait), refusals }
    }
}

/// The wait that an answer names, in seconds (RFC 9110, 10.2.3). A date is not read: the clocks may differ.
fn named_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl MailLimits {
    /// Notes what an answer says about the limits of its mailbox.
    pub(super) fn note_answer(&self, account: AccountId, status: StatusCode, headers: &HeaderMap) {
        let named = named_wait(headers);
        if status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::SERVICE_UNAVAILABLE && named.is_some())
        {
            self.note_throttled(account, named);
        } else if status.is_success() {
            let now = self.now();
            let mut closed = self.closed();
            if closed.get(&account).is_some_and(|closed| closed.until <= now) {
                closed.remove(&account);
            }
        }
    }

    /// Notes that the provider wants fewer requests.
    pub(super) fn note_throttled(&self, account: AccountId, named: Option<Duration>) {
        let now = self.now();
        let mut closed = self.closed();
        if closed.len() >= MAX_REMEMBERED {
            closed.retain(|_, closed| closed.until > now);
        }
        let after = Closed::after(closed.get(&account).copied(), named, now);
        if closed.len() < MAX_REMEMBERED || closed.contains_key(&account) {
            closed.insert(account, after);
        }
    }

    /// The time until requests may be sent to this mailbox again; `None` if they may now.
    pub(super) fn closed_for(&self, account: AccountId) -> Option<Duration> {
        let now = self.now();
        let until = self.closed().get(&account).map(|closed| closed.until)?;
        (until > now).then(|| until.saturating_duration_since(now))
    }

    /// Waits until requests may be sent to this mailbox.
    ///
    /// # Errors
    /// [`MailProblem::Throttled`] at once if that is later than `until`.
    pub(super) async fn wait_until_open(&self, account: AccountId, until: Instant) -> Result<(), MailError> {
        while let Some(wait) = self.closed_for(account) {
            let open = self.now() + wait;
            if open > until {
                return Err(MailProblem::Throttled { limit: Limit::Provider, retry_after: Some(wait) }.into());
            }
            self.0.monotonic.sleep_until(open).await;
        }
        Ok(())
    }

    fn closed(&self) -> MutexGuard<'_, HashMap<AccountId, Closed>> {
        self.0.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;

    use super::*;

    #[test]
    fn waits_double_in_a_row_unless_the_provider_names_one() {
        let start = Instant::now();
        let mut closed = None;
        let mut now = start;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let after = Closed::after(closed, None, now);
            assert_eq!(after.until - now, Duration::from_secs(seconds));
            now = after.until;
            closed = Some(after);
        }
        let named = Closed::after(closed, Some(Duration::from_secs(7)), now);
        assert_eq!(named.until - now, Duration::from_secs(7));
        let day = Closed::after(None, Some(Duration::from_hours(24)), now);
        assert_eq!(day.until - now, MAX_NAMED);
    }

    #[test]
    fn refusals_of_requests_that_were_under_way_together_count_as_one() {
        let now = Instant::now();
        let first = Closed::after(None, None, now);
        let second = Closed::after(Some(first), None, now);
        assert_eq!((second.refusals, second.until), (1, first.until));
        let shorter = Closed::after(Some(Closed::after(None, Some(LONGEST), now)), Some(FIRST), now);
        assert_eq!(shorter.until, now + LONGEST, "a shorter wait does not end a longer one");
    }

    #[test]
    fn a_wait_is_read_in_whole_seconds_only() {
        let named = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            named_wait(&headers)
        };
        assert_eq!(named(" 12"), Some(Duration::from_secs(12)));
        for other in ["", "-1", "1.5", "soon", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!(named_wait(&HeaderMap::new()), None);
    }
}
