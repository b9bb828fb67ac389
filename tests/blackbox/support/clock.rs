use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use mail360::platform::{
    clock::{Clock, Timestamp},
    randomness::Randomness,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use time::Duration;

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
