//! How long the requests of one call may still wait for the limits.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::platform::monotonic::SharedMonotonic;

/// The time that the requests of a call may still wait, over all of them. While several wait at the same time, it passes
/// once.
pub(super) struct Patience {
    monotonic: SharedMonotonic,
    left: Mutex<Left>,
}

struct Left {
    time: Duration,
    /// Number of requests that wait.
    waiting: u32,
    /// The moment up to which `time` is counted.
    counted: Instant,
}

impl Left {
    fn pass(&mut self, now: Instant) {
        if self.waiting > 0 {
            self.time = self.time.saturating_sub(now.saturating_duration_since(self.counted));
        }
        self.counted = self.counted.max(now);
    }
}

/// A request that waits. Dropping it ends its wait.
pub(super) struct Wait<'a> {
    patience: &'a Patience,
    /// When it must end.
    pub until: Instant,
}

impl Patience {
    pub(super) fn new(time: Duration, monotonic: SharedMonotonic) -> Self {
        let counted = monotonic.now();
        Self { monotonic, left: Mutex::new(Left { time, waiting: 0, counted }) }
    }

    /// The state at this moment, which the guard keeps.
    fn pass(&self) -> (MutexGuard<'_, Left>, Instant) {
        let now = self.monotonic.now();
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.pass(now);
        (left, now)
    }

    pub(super) fn left(&self) -> Duration {
        self.pass().0.time
    }

    /// Begins a wait.
    pub(super) fn begin(&self) -> Wait<'_> {
        let (mut left, now) = self.pass();
        left.waiting = left.waiting.saturating_add(1);
        Wait { patience: self, until: now + left.time }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let (mut left, _) = self.patience.pass();
        left.waiting = left.waiting.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
    };

    use super::*;
    use crate::platform::monotonic::Monotonic;

    /// A clock that a test sets.
    struct Set {
        began: Instant,
        seconds: AtomicU64,
    }

    impl Monotonic for Set {
        fn now(&self) -> Instant {
            self.began + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
        }

        fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn the_time_in_which_several_requests_wait_passes_once() {
        let clock = Arc::new(Set { began: Instant::now(), seconds: AtomicU64::new(0) });
        let at = |seconds| clock.seconds.store(seconds, Ordering::SeqCst);
        let patience = Patience::new(Duration::from_secs(10), clock.clone());
        at(100);
        let first = patience.begin();
        assert_eq!(first.until, clock.began + Duration::from_secs(110));
        at(101);
        let second = patience.begin();
        assert_eq!(second.until, first.until);
        at(103);
        drop(first);
        at(104);
        drop(second);
        at(200);
        assert_eq!(patience.left(), Duration::from_secs(6));
        let _third = patience.begin();
        at(300);
        assert_eq!(patience.left(), Duration::ZERO);
    }
}
