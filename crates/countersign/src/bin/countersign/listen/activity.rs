//! What a connection is doing, so that one that does nothing can be closed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The first request must be there by then.
const FIRST: Duration = Duration::from_secs(10);
/// Between two requests.
const IDLE: Duration = Duration::from_secs(75);

/// What a connection is doing; shared by its clones.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    deadline: Instant,
}

/// A request in flight.
#[derive(Debug)]
pub(super) struct InFlight(Activity);

impl Activity {
    /// A connection that begins now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { in_flight: 0, deadline: Instant::now() + FIRST })))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> InFlight {
        self.with(|state| state.in_flight += 1);
        InFlight(self.clone())
    }

    /// Done when nothing has been asked for too long.
    pub(super) async fn idle(&self) {
        while let Some(deadline) = self.deadline() {
            sleep_until(deadline).await;
        }
    }

    /// When to look again; `None` when time is up.
    fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        self.with(|state| match state.in_flight {
            0 if state.deadline <= now => None,
            0 => Some(state.deadline),
            _ => Some(now + FIRST),
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.in_flight = state.in_flight.saturating_sub(1);
            state.deadline = Instant::now() + IDLE;
        });
    }
}
