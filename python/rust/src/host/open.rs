//! What stands open behind a `Core`: a runtime, the engine in it, and the routers made of it.

use std::{sync::Arc, time::Duration};

use axum::Router;
use countersign::{
    Config, Countersign, OpenError,
    engine::{
        Engine, Parts,
        master::MasterKeys,
        random::SystemRandom,
        testing::{FakeClock, MemoryStore},
    },
};
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Runtime};

use super::{
    logs::PythonLog,
    notices::{self, Notice, Notices, Notifier},
    work::Work,
};

/// How long closing waits for what runs.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it then waits for the runtime's threads.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// An engine and the runtime that it lives in.
pub(super) struct Open {
    runtime: Runtime,
    pub(super) work: Work,
    pub(super) countersign: Countersign,
    pub(super) routers: Vec<Router>,
    notifier: Notifier,
}

impl Open {
    /// Opens it; with a clock in memory, without one on the configured database.
    pub(super) fn new(
        parsed: Config,
        clock: Option<Arc<FakeClock>>,
        fill: impl FnOnce(&mut Parts),
    ) -> Result<(Self, Notices), OpenError> {
        let (notifier, notices) = notices::channel();
        let runtime = runtime(&notifier)
            .map_err(|error| OpenError::Internal(format!("no threads can be started: {error}")))?;
        let opening = async {
            match clock {
                None => Countersign::open_with(parsed, fill).await,
                Some(clock) => open_in_memory(parsed, clock, fill).await,
            }
        };
        let countersign = runtime.block_on(opening)?;
        let work = Work::new(runtime.handle().clone());
        runtime.spawn(notifier.clone().forward(countersign.engine().subscribe()));
        Ok((Self { runtime, work, countersign, routers: Vec::new(), notifier }, notices))
    }

    /// Waits for what runs, then closes the database and ends the threads.
    pub(super) fn close(self) {
        let Self { runtime, work, countersign, routers, notifier } = self;
        runtime.block_on(async move {
            work.finished(PATIENCE).await;
            drop(routers);
            countersign.close().await;
        });
        runtime.shutdown_timeout(LAST_PATIENCE);
        notifier.send(Notice::End);
    }

    /// Lets go of everything without waiting.
    pub(super) fn abandon(self) {
        self.notifier.send(Notice::End);
        self.runtime.shutdown_background();
    }
}

/// Threads whose log lines go to Python.
fn runtime(notifier: &Notifier) -> std::io::Result<Runtime> {
    let dispatch = tracing::Dispatch::new(PythonLog(notifier.clone()));
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("countersign")
        .enable_all()
        .on_thread_start(move || {
            // For as long as the thread lives: dropping the guard would undo it.
            std::mem::forget(tracing::dispatcher::set_default(&dispatch));
        })
        .build()
}

async fn open_in_memory(
    parsed: Config,
    clock: Arc<FakeClock>,
    fill: impl FnOnce(&mut Parts),
) -> Result<Countersign, OpenError> {
    let random = Arc::new(SystemRandom);
    let master = MasterKeys::generate(1, random.as_ref());
    let master = MasterKeys::parse(master.expose_secret())
        .map_err(|error| OpenError::Internal(error.to_string()))?;
    let store = Arc::new(MemoryStore::new());
    let mut parts = Parts::new(parsed.engine, store, master, clock, random);
    fill(&mut parts);
    Ok(Countersign::around(Engine::open(parts).await?, parsed.http))
}
