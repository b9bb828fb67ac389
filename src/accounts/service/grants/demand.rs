//! Places for refreshes for which callers wait. A connector and a provider get at most a share of them, so that one that
//! hangs leaves places for the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::times::{DEMAND_SLOTS, MAX_DEMAND_OF_CONNECTOR, MAX_DEMAND_OF_PROVIDER};
use crate::connectors::service::ConnectorId;

/// Whose share of the places a refresh takes.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub connector: ConnectorId,
    /// The name of the provider.
    pub provider: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sharer {
    Connector(ConnectorId),
    Provider(String),
}

/// The places of one process.
pub(super) struct DemandSlots {
    all: Arc<Semaphore>,
    /// The shares of connectors and providers for which a refresh runs or waits.
    shares: Mutex<HashMap<Sharer, Weak<Semaphore>>>,
}

/// A refresh that has its place. Dropping it frees the place.
pub(super) struct DemandSlot {
    _permits: [Option<OwnedSemaphorePermit>; 3],
}

impl Default for DemandSlots {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(DEMAND_SLOTS)), shares: Mutex::default() }
    }
}

impl DemandSlots {
    /// Waits for a place. While a refresh waits for the share of its connector or its provider, it takes no place that
    /// others could use.
    pub(super) async fn take(&self, demand: Demand) -> DemandSlot {
        let Demand { connector, provider } = demand;
        let of_connector = self.share(Sharer::Connector(connector), MAX_DEMAND_OF_CONNECTOR);
        let of_connector = acquire(of_connector).await;
        let of_provider = acquire(self.share(Sharer::Provider(provider), MAX_DEMAND_OF_PROVIDER)).await;
        let of_all = acquire(self.all.clone()).await;
        DemandSlot { _permits: [of_connector, of_provider, of_all] }
    }

    fn share(&self, who: Sharer, max: usize) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&who).and_then(Weak::upgrade) {
            return share;
        }
        // Only shares that are in use are kept, so their number is bounded by that of the refreshes.
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(max));
        shares.insert(who, Arc::downgrade(&share));
        share
    }
}

/// Waits for a permit. The semaphores are never closed.
async fn acquire(semaphore: Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    semaphore.acquire_owned().await.ok()
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use uuid::Uuid;

    use super::*;

    /// A place, if one is free.
    fn try_take(slots: &DemandSlots, connector: u128, provider: &str) -> Option<DemandSlot> {
        let connector = ConnectorId(Uuid::from_u128(connector));
        let taking = pin!(slots.take(Demand { connector, provider: provider.to_owned() }));
        match taking.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(slot) => Some(slot),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_connector_and_a_provider_that_hang_leave_places_for_others() {
        let slots = DemandSlots::default();
        let take = |connector, provider, number: usize| -> Vec<DemandSlot> {
            (0..number).map_while(|_| try_take(&slots, connector, provider)).collect()
        };
        let first = take(1, "one", DEMAND_SLOTS);
        assert_eq!(first.len(), MAX_DEMAND_OF_CONNECTOR);
        let second = take(2, "one", DEMAND_SLOTS);
        assert_eq!(first.len() + second.len(), MAX_DEMAND_OF_PROVIDER);
        let other = take(3, "other", DEMAND_SLOTS);
        assert_eq!(MAX_DEMAND_OF_PROVIDER + other.len(), DEMAND_SLOTS);
        assert!(take(4, "third", 1).is_empty());
        drop(first);
        assert_eq!(take(4, "third", 1).len(), 1);
        drop((second, other));
        assert_eq!(take(1, "one", DEMAND_SLOTS).len(), MAX_DEMAND_OF_CONNECTOR);
    }

    #[test]
    fn shares_that_nothing_uses_are_forgotten() {
        let slots = DemandSlots::default();
        for connector in 0..1_000 {
            assert!(try_take(&slots, connector, "one").is_some());
        }
        assert!(slots.shares.lock().expect("no panic").len() <= 4);
    }
}
