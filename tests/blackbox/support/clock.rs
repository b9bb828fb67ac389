use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use mail360::platform::{
    clock::{Clock, Timestamp},
    monotonic::Monotonic,
    randomness::Randomness,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use time::Duration;
use tokio::{sync::watch, time::Instant};

/// A clock that does not run until it is moved. It begins at 23 Nov 2026, 06:57:10 UTC.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(1_795_417_030_000_000))
    }

    /// The present time in seconds since 1970.
    pub fn now_seconds(&self) -> i64 {
        self.now().seconds()
    }

    /// Moves it forward or back.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).expect("a span that fits");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Repeatable randomness: each process of a test has its own seed.
pub struct Seeded(Mutex<ChaCha20Rng>);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("no test panicked").fill_bytes(bytes);
    }
}

/// The monotonic clock of one process. It does not move until a test moves it.
pub struct TestMonotonic {
    start: Instant,
    passed: watch::Sender<std::time::Duration>,
}

impl TestMonotonic {
    pub fn new() -> Arc<Self> {
        let passed = watch::Sender::new(std::time::Duration::ZERO);
        Arc::new(Self { start: Instant::now(), passed })
    }

    /// Lets time pass, and wakes what waits for it.
    pub fn advance(&self, seconds: f64) {
        let by = std::time::Duration::from_secs_f64(seconds);
        self.passed.send_modify(|passed| *passed += by);
    }
}

impl Monotonic for TestMonotonic {
    fn now(&self) -> Instant {
        self.start + *self.passed.borrow()
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut passed = self.passed.subscribe();
        Box::pin(async move {
            let _ = passed.wait_for(|passed| self.start + *passed >= at).await;
        })
    }
}
