//! The store in memory: plain maps under one lock, the meaning of the traits in its shortest form.

mod budgets;
mod clients;
mod events;
mod keys;
mod meta;
mod revocations;
mod sessions;
mod users;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_guard::{
    revocation::{Row, Target},
    time::Timestamp,
};
use tokio::sync::watch;

use crate::{
    clients::{Client, ClientKind},
    events::{Event, EventRecord},
    ids::{ClientId, SessionId, UserId},
    sessions::Session,
    store::{
        BudgetKey, BudgetRule, Effects, Meta, NetworkHash, Result, StoreError, StoredKey,
        revocation_expiry,
    },
    users::User,
};

/// A store that forgets everything when it is dropped. It keeps every promise of the traits but
/// durability.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

impl MemoryStore {
    /// An empty store; only the reserved client stands in it.
    pub fn new() -> Self {
        let first_party = Client {
            id: ClientId::first_party(),
            kind: ClientKind::Public,
            secret_hash: None,
            audiences: Default::default(),
            scopes: Default::default(),
            disabled: false,
            created_at: Timestamp::from_millis(0),
        };
        let state = State {
            clients: BTreeMap::from([(first_party.id.clone(), first_party)]),
            ..State::default()
        };
        Self { state: Mutex::new(state), head: watch::Sender::new(0) }
    }

    fn read(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` under the lock and wakes whoever waits for revocations. `work` checks first and
    /// writes then, so that what fails has written nothing.
    fn write<T>(&self, work: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.read();
        let answer = work(&mut state);
        self.head.send_if_modified(|head| std::mem::replace(head, state.head) != state.head);
        answer
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
struct State {
    meta: Option<Meta>,
    users: BTreeMap<UserId, UserRow>,
    sessions: BTreeMap<SessionId, Session>,
    clients: BTreeMap<ClientId, Client>,
    ring_version: u64,
    keys: BTreeMap<u32, StoredKey>,
    head: u64,
    revocations: BTreeMap<u64, Row>,
    budgets: BTreeMap<BudgetSlot, Timestamp>,
    last_event: i64,
    events: BTreeMap<i64, EventRow>,
}

/// One instant for each key and rate: two rates may share a key.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct BudgetSlot(BudgetKey, u32, Duration);

impl From<BudgetRule> for BudgetSlot {
    fn from(rule: BudgetRule) -> Self {
        Self(rule.key, rule.rate.count(), rule.rate.per())
    }
}

#[derive(Debug)]
struct UserRow {
    user: User,
    networks: Vec<NetworkHash>,
}

#[derive(Debug)]
struct EventRow {
    record: EventRecord,
    coalesce: Option<String>,
}

impl State {
    /// Writes the effects. Called before the rows that they belong to are written: only this can
    /// fail, and under the lock nobody sees the order.
    fn log(&mut self, effects: Effects, now: Timestamp) -> Result<()> {
        self.revoke(effects.revocations, now)?;
        effects.events.into_iter().for_each(|event| self.record(event));
        Ok(())
    }

    fn revoke(&mut self, targets: Vec<Target>, now: Timestamp) -> Result<()> {
        if targets.is_empty() {
            return Ok(());
        }
        let meta = self.meta.as_ref().ok_or_else(StoreError::uninitialised)?;
        let ttl = meta.max_access_ttl;
        for target in targets {
            self.head += 1;
            let expires_at = revocation_expiry(&target, now, ttl);
            self.revocations.insert(self.head, Row { seq: self.head, target, expires_at });
        }
        Ok(())
    }

    fn record(&mut self, event: Event) {
        let same = |row: &&mut EventRow| event.coalesce.is_some() && row.coalesce == event.coalesce;
        if let Some(row) = self.events.values_mut().find(same) {
            row.record.count = row.record.count.saturating_add(1);
            return;
        }
        self.last_event += 1;
        let record = EventRecord {
            id: self.last_event,
            at: event.at,
            kind: event.kind.as_str().to_owned(),
            user_id: event.user_id.map(String::from),
            session_id: event.session_id.map(|id| id.to_string()),
            client_id: event.client_id.map(String::from),
            actor: event.actor,
            address: event.address,
            detail: event.detail,
            count: 1,
        };
        self.events.insert(record.id, EventRow { record, coalesce: event.coalesce });
    }
}
