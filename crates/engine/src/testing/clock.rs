//! A clock that stands still until a test turns it.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use countersign_guard::time::{Clock, Timestamp};

/// A clock that stands still until a test turns it. Its two sides move together with
/// [`advance`](Self::advance); only the time of day jumps with [`set`](Self::set).
#[derive(Debug)]
pub struct FakeClock {
    now: AtomicI64,
    monotonic: AtomicU64,
}

impl FakeClock {
    /// A clock that shows `now`; its monotonic side starts at zero.
    pub fn new(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.millis()), monotonic: AtomicU64::new(0) }
    }

    /// Lets `duration` pass, at a millisecond's grain.
    pub fn advance(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.now.store(self.now().plus(duration).millis(), Ordering::SeqCst);
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the time of day, forwards or backwards; monotonic time does not notice.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    /// A clock that shows an arbitrary instant of 2026.
    fn default() -> Self {
        Self::new(Timestamp::from_seconds(1_780_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic.load(Ordering::SeqCst))
    }
}
