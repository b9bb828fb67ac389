//! A refresh that stops at a point for ever, as a kill would stop it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use mail360::accounts::service::{
    AccountId,
    grants::{StopPoint, StopPoints},
};

use crate::support::jobs::until;

/// Stops each refresh that reaches a point, for ever.
pub struct StopAt {
    point: StopPoint,
    reached: AtomicUsize,
}

impl StopAt {
    pub fn new(point: StopPoint) -> Arc<Self> {
        Arc::new(Self { point, reached: AtomicUsize::new(0) })
    }

    /// Waits until this number of refreshes are stopped.
    pub async fn wait_for(&self, refreshes: usize) {
        until(|| self.reached.load(Ordering::SeqCst) == refreshes).await;
    }
}

#[async_trait]
impl StopPoints for StopAt {
    async fn reach(&self, point: StopPoint, _account: AccountId) {
        if point == self.point {
            self.reached.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
    }
}
