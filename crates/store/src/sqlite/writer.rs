//! The one thread that writes: whatever waits is committed together.
//!
//! SQLite has one writer at a time, and a durable commit costs a disk flush. So all writes go through
//! a bounded queue to one thread, which takes what waits, runs each job in a savepoint of one
//! transaction, commits once, and answers everybody after that. Answered means committed. A job whose
//! caller has vanished is run like any other.

use std::{
    cell::Cell,
    fmt,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use countersign_engine::store::{Result, StoreError};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::{
    SqliteOptions,
    error::{from_commit, from_driver, is_busy, repeated},
    statements::{execute, statements},
};

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    SAVEPOINT = "SAVEPOINT job";
    RELEASE = "RELEASE job";
    UNDO = "ROLLBACK TO job";
}

/// Between two tries to get the lock that another process holds. SQLite's own waiting grows to
/// 100 ms, which would be seen.
const TRY_AGAIN: Duration = Duration::from_millis(1);

/// A job's view of the transaction.
pub(super) struct Tx<'connection> {
    connection: &'connection Connection,
    head: Cell<u64>,
}

impl Tx<'_> {
    /// Says that the revocation log's head is here, once this is committed.
    pub(super) fn head_moved(&self, seq: u64) {
        self.head.set(seq);
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// The handle of the writing thread. Dropping it finishes what is queued and joins the thread.
pub(super) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    head: Arc<watch::Sender<u64>>,
}

impl Writer {
    /// Starts the thread on a connection of its own. `head` is where the revocation log stands.
    pub(super) fn start(
        connection: Connection,
        options: &SqliteOptions,
        head: u64,
    ) -> Result<Self> {
        let (queue, jobs) = sync_channel(options.queue);
        let head = Arc::new(watch::Sender::new(head));
        let worker = Worker {
            connection,
            jobs,
            batch: options.batch.max(1),
            busy_timeout: options.busy_timeout,
            head: Arc::clone(&head),
        };
        let thread = thread::Builder::new()
            .name("countersign-sqlite".to_owned())
            .spawn(move || worker.serve())
            .map_err(StoreError::unavailable)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), head })
    }

    /// Queues `work` and waits until it is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(Task { work: Some(work), outcome: None, reply }))?;
        // Only a writer that died with the job in its hands drops the other end.
        answer.await.unwrap_or_else(|_| {
            let reason = "the writer stopped".to_owned();
            Err(StoreError::Unavailable { reason, outcome_unknown: true })
        })
    }

    /// Where the revocation log's head stands, as far as this process moved it.
    pub(super) fn head(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    fn enqueue(&self, job: Box<dyn Job>) -> Result<()> {
        let Some(queue) = &self.queue else {
            return Err(StoreError::unavailable("the writer has stopped"));
        };
        queue.try_send(job).map_err(|error| {
            StoreError::unavailable(match error {
                TrySendError::Full(_) => "too many writes are waiting",
                TrySendError::Disconnected(_) => "the writer has stopped",
            })
        })
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to say; its jobs were answered one by one.
            let _ = thread.join();
        }
    }
}

/// One intent, without its types.
trait Job: Send {
    /// Runs it in its savepoint. An error means that the savepoint must be undone.
    fn run(&mut self, tx: &Tx<'_>) -> std::result::Result<(), StoreError>;

    /// Answers it: with its own outcome, or with what happened to the whole transaction.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
}

struct Task<F, T> {
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Job for Task<F, T>
where
    F: FnOnce(&Tx<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<()> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        // One job that panics must not take the writer, and with it everybody's writes, along.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(StoreError::corrupt("a write panicked")));
        let kept = outcome.as_ref().map(|_| ()).map_err(repeated);
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let answer = match (failure, self.outcome) {
            (Some(failure), _) => Err(repeated(failure)),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::unavailable("the write was not run")),
        };
        // A caller that has gone is not told; its write stands.
        let _ = self.reply.send(answer);
    }
}

struct Worker {
    connection: Connection,
    jobs: Receiver<Box<dyn Job>>,
    batch: usize,
    busy_timeout: Duration,
    head: Arc<watch::Sender<u64>>,
}

impl Worker {
    fn serve(self) {
        let mut failing = false;
        while let Ok(first) = self.jobs.recv() {
            let mut batch = vec![first];
            batch.extend(self.jobs.try_iter().take(self.batch - 1));
            let failure = self.commit(&mut batch).err();
            if let Some(failure) = &failure {
                self.abandon();
                // Once for each time it begins: a full disk fails thousands of times a second.
                if !failing {
                    tracing::error!(error = %failure, "writing to the database fails");
                }
            } else if failing {
                tracing::warn!("writing to the database works again");
            }
            failing = failure.is_some();
            for job in batch {
                job.answer(failure.as_ref());
            }
        }
        self.close();
    }

    /// Runs the jobs in one transaction. An error means that none of them happened, or that nobody
    /// knows.
    fn commit(&self, batch: &mut [Box<dyn Job>]) -> Result<()> {
        let waited = self.retry(BEGIN).map_err(from_driver)?;
        let mut head = 0;
        for job in batch {
            head = self.run(job.as_mut())?.max(head);
        }
        self.retry(COMMIT).map_err(from_commit)?;
        self.head.send_if_modified(|known| {
            let moved = head > *known;
            *known = head.max(*known);
            moved
        });
        if waited {
            // Another process writes too; without a pause it might never see the lock free.
            thread::sleep(TRY_AGAIN);
        }
        Ok(())
    }

    /// Runs one job in a savepoint; where it moved the revocation log's head.
    fn run(&self, job: &mut dyn Job) -> Result<u64> {
        let tx = Tx { connection: &self.connection, head: Cell::new(0) };
        execute(&self.connection, SAVEPOINT, [])?;
        match job.run(&tx) {
            Ok(()) => {
                execute(&self.connection, RELEASE, [])?;
                Ok(tx.head.get())
            }
            // A full disk or a failing one may make SQLite undo the whole transaction by itself.
            Err(error) if self.connection.is_autocommit() => Err(error),
            Err(_) => {
                execute(&self.connection, UNDO, [])?;
                execute(&self.connection, RELEASE, [])?;
                Ok(0)
            }
        }
    }

    /// Runs `sql` until no other process is in the way; whether one was.
    fn retry(&self, sql: &'static str) -> rusqlite::Result<bool> {
        let started = Instant::now();
        let mut waited = false;
        loop {
            match self.connection.prepare_cached(sql)?.execute([]) {
                Err(error) if is_busy(&error) && started.elapsed() < self.busy_timeout => {
                    waited = true;
                    thread::sleep(TRY_AGAIN);
                }
                outcome => return outcome.map(|_| waited),
            }
        }
    }

    fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = execute(&self.connection, ROLLBACK, [])
        {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }

    /// Brings the write-ahead log home. It is no loss when that fails: the next opening does it.
    fn close(self) {
        let truncated =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = truncated {
            tracing::debug!(%error, "the write-ahead log stays");
        }
    }
}
