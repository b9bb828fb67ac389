//! Bounds the calls of each API client in this process: how many a second, and how many at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{ApiClient, ClientService};
use crate::clients::model::{ApiClientId, Client};

/// The time in which calls are counted together.
const WINDOW: Duration = Duration::from_secs(1);
/// Number of clients from which those without a recent call are forgotten.
const MANY: usize = 10_000;

/// How far a client has used its rate: the values of the headers `RateLimit-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateState {
    /// Calls a second.
    pub limit: u32,
    /// Number of calls that are left in this window.
    pub remaining: u32,
    /// Whole seconds until the next window, rounded up.
    pub reset: u64,
}

/// The limit that a call would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// Calls a second.
    Rate,
    /// Calls under way.
    AtOnce,
}

/// Why a call is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    pub exceeded: Exceeded,
    pub rate: RateState,
}

#[derive(Clone, Copy, Debug)]
struct Calls {
    began: Instant,
    number: u32,
    under_way: u32,
}

fn is_over(calls: &Calls, now: Instant) -> bool {
    now.duration_since(calls.began) >= WINDOW
}

/// The state after this number of calls in a window.
fn state_after(client: &Client, began: Instant, number: u32, now: Instant) -> RateState {
    let rest = WINDOW.saturating_sub(now.duration_since(began));
    RateState {
        limit: client.rate,
        remaining: client.rate.saturating_sub(number),
        reset: rest.as_secs() + u64::from(rest.subsec_nanos() > 0),
    }
}

/// The calls of all clients.
#[derive(Default)]
pub(super) struct CallLimits(Mutex<HashMap<ApiClientId, Calls>>);

/// Counts a call as under way until it is dropped. The caller keeps it until the whole answer is sent.
pub struct Permit {
    limits: Arc<CallLimits>,
    client: ApiClientId,
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permit({})", self.client)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(calls) = self.limits.lock().get_mut(&self.client) {
            calls.under_way = calls.under_way.saturating_sub(1);
        }
    }
}

impl CallLimits {
    fn lock(&self) -> MutexGuard<'_, HashMap<ApiClientId, Calls>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, client: &Client, now: Instant) -> Result<(RateState, Permit), LimitExceeded> {
        let mut all = self.lock();
        if all.len() >= MANY {
            all.retain(|_, calls| calls.under_way > 0 || !is_over(calls, now));
        }
        let calls = all.entry(client.id).or_insert(Calls { began: now, number: 0, under_way: 0 });
        if is_over(calls, now) {
            (calls.began, calls.number) = (now, 0);
        }
        let began = calls.began;
        let state = |number: u32| state_after(client, began, number, now);
        if calls.number >= client.rate {
            return Err(LimitExceeded { exceeded: Exceeded::Rate, rate: state(calls.number) });
        }
        calls.number += 1;
        let rate = state(calls.number);
        if calls.under_way >= client.at_once {
            return Err(LimitExceeded { exceeded: Exceeded::AtOnce, rate });
        }
        calls.under_way += 1;
        Ok((rate, Permit { limits: self.clone(), client: client.id }))
    }

    /// The state without another call.
    pub(super) fn state(&self, client: &Client, now: Instant) -> RateState {
        let calls = self.lock().get(&client.id).copied().filter(|calls| !is_over(calls, now));
        let (began, number) = calls.map_or((now, 0), |calls| (calls.began, calls.number));
        state_after(client, began, number, now)
    }
}

impl ClientService {
    /// Counts a call of an API client.
    ///
    /// # Errors
    /// [`LimitExceeded`] if the client has made too many calls in this second, or has too many under way.
    pub fn admit(&self, client: &ApiClient) -> Result<(RateState, Permit), LimitExceeded> {
        self.0.limits.admit(client.client(), self.dependencies().monotonic.now())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        clients::model::ReachKind,
        people::access::Scopes,
        platform::{clock::Timestamp, id::OrganisationId},
    };

    fn client(id: u128, rate: u32, at_once: u32) -> Client {
        Client {
            id: ApiClientId(Uuid::from_u128(id)),
            organisation: OrganisationId(Uuid::nil()),
            name: String::new(),
            scopes: Scopes::default(),
            reach: ReachKind::All,
            networks: Vec::new(),
            expires_at: None,
            rate,
            at_once,
            created_at: Timestamp::from_micros(0),
            created_by: None,
            used_at: None,
            version: 1,
        }
    }

    fn exceeded(admitted: Result<(RateState, Permit), LimitExceeded>) -> Option<Exceeded> {
        admitted.err().map(|limit| limit.exceeded)
    }

    #[test]
    fn a_client_makes_as_many_calls_a_second_as_its_rate() {
        let (limits, start) = (Arc::new(CallLimits::default()), Instant::now());
        let ours = client(1, 3, 100);
        for remaining in [2, 1, 0] {
            let (rate, _) = limits.admit(&ours, start).expect("admitted");
            assert_eq!(rate, RateState { limit: 3, remaining, reset: 1 });
        }
        let refused = limits.admit(&ours, start + Duration::from_millis(999)).expect_err("refused");
        let rate = RateState { limit: 3, remaining: 0, reset: 1 };
        assert_eq!(refused, LimitExceeded { exceeded: Exceeded::Rate, rate });
        assert_eq!(exceeded(limits.admit(&client(2, 3, 100), start)), None, "another client");
        assert_eq!(exceeded(limits.admit(&ours, start + WINDOW)), None, "the next second");
    }

    #[test]
    fn asking_for_the_state_counts_no_call() {
        let (limits, start) = (Arc::new(CallLimits::default()), Instant::now());
        let ours = client(1, 3, 100);
        let state = |remaining| RateState { limit: 3, remaining, reset: 1 };
        assert_eq!(limits.state(&ours, start), state(3));
        let (rate, _) = limits.admit(&ours, start).expect("admitted");
        assert_eq!((rate, limits.state(&ours, start)), (state(2), state(2)));
        assert_eq!(limits.state(&ours, start + WINDOW), state(3), "the next second");
    }

    #[test]
    fn a_call_is_under_way_until_its_permit_is_dropped() {
        let (limits, start) = (Arc::new(CallLimits::default()), Instant::now());
        let ours = client(1, 100, 2);
        let (_, first) = limits.admit(&ours, start).expect("admitted");
        let (_, _second) = limits.admit(&ours, start).expect("admitted");
        assert_eq!(exceeded(limits.admit(&ours, start)), Some(Exceeded::AtOnce));
        drop(first);
        assert_eq!(exceeded(limits.admit(&ours, start)), None);
    }

    #[test]
    fn clients_without_a_recent_call_are_forgotten() {
        let (limits, start) = (Arc::new(CallLimits::default()), Instant::now());
        for id in 0..10_000_u128 {
            limits.admit(&client(id, 1, 1), start).expect("admitted");
        }
        let (_, _permit) = limits.admit(&client(1, 1, 1), start + WINDOW).expect("admitted");
        limits.admit(&client(20_000, 1, 1), start + 3 * WINDOW).expect("admitted");
        assert!(limits.lock().len() <= 2);
    }
}
