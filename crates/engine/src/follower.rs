//! What keeps an engine up to date: the revocation log, the key ring, and the upkeep.

use std::{future::Future, sync::PoisonError, time::Duration};

use countersign_guard::revocation::{Cursor, Page, Target};

use crate::{
    engine::{Engine, LOG_PAGE},
    error::Result,
};

/// At least so often the log is read, even when nobody says that it moved.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After a failed reading.
const PAUSE: Duration = Duration::from_millis(200);
/// How often expired rows are thrown away, and how many at once.
const UPKEEP_EVERY: Duration = Duration::from_secs(60);
const UPKEEP_ROWS: usize = 1_000;

impl Engine {
    /// Follows the revocation log and looks after the key ring until `shutdown` is done. The engine
    /// answers 503 on protected routes when nobody runs this for longer than `max_staleness`.
    pub async fn follow(&self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        let mut failing = false;
        loop {
            let step = async {
                match self.follow_step().await {
                    Ok(()) => failing = false,
                    Err(error) => {
                        if !failing {
                            tracing::error!(%error, "the revocation log cannot be read");
                        }
                        failing = true;
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = step => {}
            }
        }
    }

    /// Throws away what has expired and sees that a next key stands ready, until `shutdown` is done.
    pub async fn keep_up(&self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        loop {
            let step = async {
                if let Err(error) = self.upkeep().await {
                    tracing::warn!(%error, "upkeep failed; it will be tried again");
                }
                tokio::time::sleep(UPKEEP_EVERY).await;
            };
            tokio::select! {
                () = &mut shutdown => return,
                () = step => {}
            }
        }
    }

    /// One round of upkeep.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn upkeep(&self) -> Result<()> {
        self.0.hasher.rest().await;
        self.learn_max_access_ttl().await?;
        self.ensure_keys().await?;
        self.0.guard.view().purge(self.now());
        self.purge(UPKEEP_ROWS).await?;
        Ok(())
    }

    async fn follow_step(&self) -> Result<()> {
        let seen = self.cursor();
        let seq = seen.map_or(0, |cursor| cursor.seq);
        self.0.store.wait_for_revocation(seq, HEARTBEAT).await?;
        self.follow_once().await
    }

    /// Reads the revocation log to its end, now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follow_once(&self) -> Result<()> {
        let _turn = self.0.following.lock().await;
        loop {
            let asked_at = self.0.clock.monotonic();
            let seen = self.cursor();
            let page = self.0.store.revocations(seen, LOG_PAGE, self.now()).await?;
            self.take_page(seen, &page).await?;
            if !page.more {
                self.0.guard.view().mark_read(asked_at, Duration::ZERO);
                return Ok(());
            }
        }
    }

    async fn take_page(&self, seen: Option<Cursor>, page: &Page) -> Result<()> {
        let went_back = seen.is_some_and(|seen| {
            seen.epoch != page.epoch || page.to < seen.seq || page.from != seen.seq
        });
        if went_back {
            // What was refused stays refused; the union is kept.
            tracing::error!("the database went back or was replaced; revocations are read anew");
        }
        for row in &page.rows {
            if row.target == Target::Ring {
                self.reload_ring().await?;
            }
            self.0.guard.view().apply(&row.target, row.expires_at);
        }
        if went_back {
            self.replace_ring().await?;
        }
        let mut cursor = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *cursor = Some(Cursor { epoch: page.epoch, seq: page.to });
        Ok(())
    }

    pub(crate) fn cursor(&self) -> Option<Cursor> {
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
