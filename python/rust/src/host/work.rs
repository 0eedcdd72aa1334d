//! What runs, so that closing can wait for it.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinError, JoinHandle},
};

/// As many as may run at once.
const MOST: u32 = 1 << 16;

/// Counts what runs on a runtime.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    handle: Handle,
    running: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl Work {
    pub(crate) fn new(handle: Handle) -> Self {
        let running = Arc::new(Semaphore::new(MOST as usize));
        Self { handle, running, closing: watch::Sender::new(false) }
    }

    /// Lets one in, whom closing waits for from now on. Must be asked while the engine cannot be
    /// closed. `None` when too many run.
    pub(crate) fn admit(&self) -> Option<Admitted> {
        let running = Arc::clone(&self.running).try_acquire_owned().ok()?;
        Some(Admitted { work: self.clone(), running })
    }

    /// Waits until everything shall end: for what would otherwise wait for something to happen.
    pub(crate) async fn closing(&self) {
        // A sender that is gone is closing, too.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Waits until nothing runs, for `patience` at most.
    pub(crate) async fn finished(&self, patience: Duration) {
        self.closing.send_replace(true);
        // Patience that ended is an answer, too.
        let _ = tokio::time::timeout(patience, self.running.acquire_many(MOST)).await;
    }
}

/// Somebody whom closing waits for.
#[derive(Debug)]
pub(crate) struct Admitted {
    work: Work,
    running: OwnedSemaphorePermit,
}

impl Admitted {
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    /// Runs `future` on the runtime.
    pub(crate) fn spawn(self, future: impl Future<Output = ()> + Send + 'static) {
        let Self { work, running } = self;
        work.handle.spawn(async move {
            future.await;
            drop(running);
        });
    }

    /// Runs `future` on the runtime and waits for it on this thread, which must be none of the
    /// runtime's own.
    pub(crate) fn wait<T: Send + 'static>(
        self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        let Self { work, running } = self;
        let joined = work.handle.spawn(async move {
            let value = future.await;
            drop(running);
            value
        });
        work.handle.block_on(joined)
    }

    /// Runs `future` as a task of its own, so that a panic in it is an error here.
    pub(crate) fn task<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.work.handle.spawn(future)
    }
}
