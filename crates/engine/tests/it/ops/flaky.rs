//! The store in memory with faults that a test switches on, and with what happens in between.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use countersign_engine::{
    clients::{Client, ClientChange},
    events::EventRecord,
    guard::revocation::{Cursor, Page},
    ids::{ClientId, SessionId, UserId},
    imports::UserImport,
    sessions::{EndReason, Session},
    store::*,
    testing::MemoryStore,
    users::{User, UserChange},
};

/// What the store does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Mode {
    /// What it promises.
    #[default]
    Good,
    /// Reads; fails before it writes.
    FailsBefore,
    /// Writes, and then its answer is lost.
    FailsAfter,
    /// Neither reads nor writes.
    Down,
}

#[derive(Debug, Default)]
pub(super) struct Flaky {
    inner: Arc<MemoryStore>,
    mode: Mutex<Mode>,
    mode_for_changes: Mutex<Mode>,
    meanwhile: Mutex<Option<(UserId, UserChange)>>,
    old_ring: Mutex<Option<(u64, Vec<StoredKey>)>>,
}

impl Flaky {
    pub(super) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// The same for changes of users only.
    pub(super) fn set_for_changes(&self, mode: Mode) {
        *self.mode_for_changes.lock().unwrap() = mode;
    }

    /// Makes this change just before the next session is created or user is changed.
    pub(super) fn change_meanwhile(&self, id: &UserId, change: UserChange) {
        *self.meanwhile.lock().unwrap() = Some((id.clone(), change));
    }

    /// Answers this reading of the ring once more, as to somebody who was slow to use it.
    pub(super) fn answer_ring_once(&self, ring: (u64, Vec<StoredKey>)) {
        *self.old_ring.lock().unwrap() = Some(ring);
    }

    async fn make_change(&self, now: Timestamp) -> Result<()> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some((id, change)) = meanwhile {
            self.inner.change_user(&id, &change, None, Effects::default(), now).await?;
        }
        Ok(())
    }

    fn read(&self) -> Result<&MemoryStore> {
        match *self.mode.lock().unwrap() {
            Mode::Down => Err(StoreError::unavailable("switched off")),
            _ => Ok(&self.inner),
        }
    }

    fn begin(&self) -> Result<&MemoryStore> {
        match *self.mode.lock().unwrap() {
            Mode::Down | Mode::FailsBefore => Err(StoreError::unavailable("switched off")),
            Mode::Good | Mode::FailsAfter => Ok(&self.inner),
        }
    }

    fn commit<T>(&self, answer: T) -> Result<T> {
        match *self.mode.lock().unwrap() {
            Mode::FailsAfter => Err(StoreError::Unavailable {
                reason: "the answer is lost".into(),
                outcome_unknown: true,
            }),
            _ => Ok(answer),
        }
    }
}

#[async_trait]
impl Budgets for Flaky {
    async fn take(&self, rules: &[BudgetRule], now: Timestamp) -> Result<BudgetOutcome> {
        self.commit(self.begin()?.take(rules, now).await?)
    }

    async fn refund(&self, rules: &[BudgetRule], now: Timestamp) -> Result<()> {
        self.commit(self.begin()?.refund(rules, now).await?)
    }
}

#[async_trait]
impl Clients for Flaky {
    async fn create_client(&self, client: &Client, effects: Effects) -> Result<bool> {
        self.commit(self.begin()?.create_client(client, effects).await?)
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>> {
        self.read()?.find_client(id).await
    }

    async fn list_clients(&self) -> Result<Vec<Client>> {
        self.read()?.list_clients().await
    }

    async fn change_client(
        &self,
        id: &ClientId,
        change: &ClientChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Client>> {
        self.commit(self.begin()?.change_client(id, change, effects, now).await?)
    }

    async fn delete_client(&self, id: &ClientId, effects: Effects, now: Timestamp) -> Result<bool> {
        self.commit(self.begin()?.delete_client(id, effects, now).await?)
    }
}

#[async_trait]
impl Events for Flaky {
    async fn list_events(&self, filter: &EventFilter, limit: usize) -> Result<Vec<EventRecord>> {
        self.read()?.list_events(filter, limit).await
    }
}

#[async_trait]
impl Keys for Flaky {
    async fn ring(&self) -> Result<(u64, Vec<StoredKey>)> {
        let old = self.old_ring.lock().unwrap().take();
        match old {
            Some(ring) => Ok(ring),
            None => self.read()?.ring().await,
        }
    }

    async fn change_ring(
        &self,
        change: RingChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<bool> {
        self.commit(self.begin()?.change_ring(change, effects, now).await?)
    }
}

#[async_trait]
impl MetaStore for Flaky {
    async fn meta(&self) -> Result<Option<Meta>> {
        self.read()?.meta().await
    }

    async fn init_meta(&self, seed: MetaSeed) -> Result<Meta> {
        self.commit(self.begin()?.init_meta(seed).await?)
    }

    async fn raise_max_access_ttl(&self, at_least: Duration) -> Result<()> {
        self.commit(self.begin()?.raise_max_access_ttl(at_least).await?)
    }

    async fn add_key_check(&self, id: u8, check: [u8; 16]) -> Result<()> {
        self.commit(self.begin()?.add_key_check(id, check).await?)
    }

    async fn purge(&self, now: Timestamp, keep_events: Duration, limit: usize) -> Result<Purged> {
        self.commit(self.begin()?.purge(now, keep_events, limit).await?)
    }

    async fn ping(&self) -> Result<()> {
        self.begin()?.ping().await
    }
}

#[async_trait]
impl Revocations for Flaky {
    async fn write(&self, effects: Effects, now: Timestamp) -> Result<()> {
        self.commit(self.begin()?.write(effects, now).await?)
    }

    async fn revocations(
        &self,
        after: Option<Cursor>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page> {
        self.read()?.revocations(after, limit, now).await
    }

    async fn wait_for_revocation(&self, seq: u64, at_most: Duration) -> Result<()> {
        self.read()?.wait_for_revocation(seq, at_most).await
    }
}

#[async_trait]
impl Sessions for Flaky {
    async fn create_session(
        &self,
        intent: CreateSession,
        now: Timestamp,
    ) -> Result<CreateSessionOutcome> {
        self.make_change(now).await?;
        self.commit(self.begin()?.create_session(intent, now).await?)
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.read()?.find_session(id).await
    }

    async fn refresh_session(
        &self,
        intent: &RefreshIntent,
        now: Timestamp,
    ) -> Result<Option<RefreshOutcome>> {
        self.commit(self.begin()?.refresh_session(intent, now).await?)
    }

    async fn list_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.read()?.list_sessions(user_id, now).await
    }

    async fn end_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        self.commit(self.begin()?.end_session(id, owner, reason, effects, now).await?)
    }
}

#[async_trait]
impl Users for Flaky {
    async fn create_user(&self, user: &User, effects: Effects) -> Result<CreateUserOutcome> {
        self.commit(self.begin()?.create_user(user, effects).await?)
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>> {
        self.read()?.find_user(id).await
    }

    async fn find_login(&self, username: &str) -> Result<Option<LoginRecord>> {
        self.read()?.find_login(username).await
    }

    async fn list_users(
        &self,
        after: Option<&UserId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<UserPage> {
        self.read()?.list_users(after, search, limit).await
    }

    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome> {
        self.make_change(now).await?;
        let mode = *self.mode_for_changes.lock().unwrap();
        if mode == Mode::FailsBefore {
            return Err(StoreError::unavailable("switched off"));
        }
        let answer = self.begin()?.change_user(id, change, open, effects, now).await?;
        if mode == Mode::FailsAfter {
            return Err(StoreError::unavailable("the answer is lost"));
        }
        self.commit(answer)
    }

    async fn import_users(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        self.commit(self.begin()?.import_users(imports, update, now).await?)
    }
}
