//! The points at which a test stops a process in the middle of a refresh, as a kill would. The program never stops
//! there.

use std::sync::Arc;

use async_trait::async_trait;

use crate::accounts::service::AccountId;

/// A point in a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopPoint {
    /// The lease is taken, and nothing is sent.
    Claimed,
    /// The request is sent.
    Sent,
    /// The answer is here, and nothing is stored.
    Answered,
    /// The result is stored, and no caller has it.
    Committed,
}

/// What happens at a point: a future that never ends stops the refresh there.
#[async_trait]
pub trait StopPoints: Send + Sync + 'static {
    async fn reach(&self, point: StopPoint, account: AccountId);
}

pub type SharedStopPoints = Arc<dyn StopPoints>;

/// Stops nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStops;

#[async_trait]
impl StopPoints for NoStops {
    async fn reach(&self, _point: StopPoint, _account: AccountId) {}
}
