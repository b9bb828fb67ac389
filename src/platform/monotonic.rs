//! Elapsed time: a clock that never jumps, injected, so that a test decides how much time has passed. Where the date
//! counts, see [`super::clock`].

use std::{pin::Pin, sync::Arc};

use tokio::time::{Instant, sleep_until};

/// Where the program measures how much time has passed.
pub trait Monotonic: Send + Sync + 'static {
    /// The present moment of this process.
    fn now(&self) -> Instant;

    /// Waits until this moment.
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A monotonic clock that can be handed round.
pub type SharedMonotonic = Arc<dyn Monotonic>;

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMonotonic;

impl Monotonic for SystemMonotonic {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(sleep_until(at))
    }
}
