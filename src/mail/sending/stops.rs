//! The points at which a test stops a process in the middle of a send, as a kill would. The program never stops there.

use std::sync::Arc;

use async_trait::async_trait;

/// A point in a record's life. Each question to the provider that may have an effect has the first two. One after which
/// the record goes on has the third as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopPoint {
    /// What is about to be asked is stored, and nothing is sent.
    Claimed(Step),
    /// The answer has arrived, or the time for it is over, and nothing is stored.
    Answered(Step),
    /// What the answer says is stored.
    Committed(Step),
    /// The outcome is stored, and no caller has it.
    Ended,
}

/// A question to the provider that may have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    CreateDraft,
    Attach,
    SendDraft,
    SendAtOnce,
    DeleteDraft,
}

/// What happens at a point: a future that never ends stops the send there.
#[async_trait]
pub trait StopPoints: Send + Sync + 'static {
    async fn reach(&self, point: StopPoint);
}

pub type SharedStopPoints = Arc<dyn StopPoints>;

/// Stops nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStops;

#[async_trait]
impl StopPoints for NoStops {
    async fn reach(&self, _point: StopPoint) {}
}
