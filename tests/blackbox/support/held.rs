//! Refreshes that are held at a point until a test lets them go on, while it changes something else.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use mail360::accounts::service::{
    AccountId,
    grants::{StopPoint, StopPoints},
};
use tokio::sync::{Notify, Semaphore};

use super::{Canned, company::Site, jobs::until, refreshed, refreshing::Scene};

/// Holds each refresh that reaches a point until the test lets it go on.
pub struct HoldAt {
    point: StopPoint,
    reached: AtomicUsize,
    open: Semaphore,
}

impl HoldAt {
    pub fn new(point: StopPoint) -> Arc<Self> {
        Arc::new(Self { point, reached: AtomicUsize::new(0), open: Semaphore::new(0) })
    }

    /// Waits until this number of refreshes are held.
    pub async fn wait_for(&self, refreshes: usize) {
        until(|| self.reached.load(Ordering::SeqCst) == refreshes).await;
    }

    /// Lets one refresh go on.
    pub fn let_one_go_on(&self) {
        self.open.add_permits(1);
    }
}

#[async_trait]
impl StopPoints for HoldAt {
    async fn reach(&self, point: StopPoint, _account: AccountId) {
        if point == self.point {
            self.reached.fetch_add(1, Ordering::SeqCst);
            self.open.acquire().await.expect("it is never closed").forget();
        }
    }
}

/// A refresh of Grace's account that waits at the provider for its answer.
pub struct Held {
    pub scene: Scene,
    pub account: AccountId,
    gate: Arc<Notify>,
}

impl Held {
    pub async fn new(site: impl Into<Site>, answer: Canned) -> Self {
        let mut scene = Scene::new(site).await;
        let account = scene.connect("grace").await;
        scene.make_due().await;
        let gate = Arc::new(Notify::new());
        scene.world.provider.answer_refresh(Canned::After(gate.clone(), Box::new(answer)));
        assert_eq!(scene.process.look().await, 1);
        scene.wait_for_requests(1).await;
        Self { scene, account, gate }
    }

    pub async fn succeeding(site: impl Into<Site>) -> Self {
        Self::new(site, Canned::Json(200, refreshed("late"))).await
    }

    /// Lets the answer come.
    pub async fn answer(&self) {
        self.gate.notify_one();
        self.scene.process.grants.wait_for_refreshes().await;
    }
}
