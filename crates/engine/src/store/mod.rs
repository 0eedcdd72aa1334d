//! What the engine asks of a database: atomic intents, not tables.
//!
//! Every writing method is one transaction that also writes the events and revocations it is given
//! ([`Effects`]); what it acknowledges is on disk. `now` always comes in. Implementations live in
//! `countersign-store`; the memory store and the suite that every implementation passes are in
//! [`crate::testing`].

mod budgets;
mod clients;
mod events;
mod keys;
mod meta;
mod revocations;
mod sessions;
mod users;

use std::fmt;

pub use countersign_guard::{
    revocation::{Cursor, Page, Row, Target},
    time::Timestamp,
};

pub use self::{
    budgets::{BudgetKey, BudgetOutcome, BudgetRule, Budgets, take_all},
    clients::Clients,
    events::{EventFilter, Events},
    keys::{Keys, RingChange, StoredKey},
    meta::{Meta, MetaSeed, MetaStore, Purged},
    revocations::Revocations,
    sessions::{
        CreateSession, CreateSessionOutcome, MOST_NETWORKS, NetworkHash, RefreshIntent,
        RefreshOutcome, Sessions, Verified, remember_network,
    },
    users::{ChangeUserOutcome, CreateUserOutcome, ImportOutcome, LoginRecord, UserPage, Users},
};

/// What a transaction writes beside its own rows.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Rows of the audit log.
    pub events: Vec<crate::events::Event>,
    /// Rows of the revocation log.
    pub revocations: Vec<Target>,
}

impl Effects {
    /// One event and nothing else.
    pub fn event(event: crate::events::Event) -> Self {
        Self { events: vec![event], revocations: Vec::new() }
    }

    /// And this revocation.
    #[must_use]
    pub fn revoking(mut self, target: Target) -> Self {
        self.revocations.push(target);
        self
    }

    /// And those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.events.extend(others.events);
        self.revocations.extend(others.revocations);
        self
    }
}

/// A database that failed. Outcomes that a caller must expect are no errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached or written now; what was asked may or may not have happened when
    /// `outcome_unknown` is set, and has not happened otherwise.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// What the driver says; no secrets are ever bound into messages.
        reason: String,
        /// The commit was sent and its result is not known.
        outcome_unknown: bool,
    },
    /// What it holds cannot be read.
    #[error("the store holds what cannot be read: {reason}")]
    Corrupt {
        /// What it is.
        reason: String,
    },
}

impl StoreError {
    /// Unavailable, and nothing has happened.
    pub fn unavailable(reason: impl fmt::Display) -> Self {
        Self::Unavailable { reason: reason.to_string(), outcome_unknown: false }
    }

    /// A revocation cannot be given its expiry before the `meta` row says how long tokens live.
    pub fn uninitialised() -> Self {
        Self::corrupt("the database was never initialised: it has no meta row")
    }

    /// Unreadable content.
    pub fn corrupt(reason: impl fmt::Display) -> Self {
        Self::Corrupt { reason: reason.to_string() }
    }
}

/// A store's answer.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Everything the engine asks of a database.
pub trait Store:
    Budgets + Clients + Events + fmt::Debug + Keys + MetaStore + Revocations + Sessions + Users
{
}

impl<T> Store for T where
    T: Budgets + Clients + Events + fmt::Debug + Keys + MetaStore + Revocations + Sessions + Users
{
}

/// When a revocation row that is written at `now` may be thrown away: the longest-lived token that
/// could be concerned has expired by then, and ten minutes more have passed.
pub fn revocation_expiry(
    target: &Target,
    now: Timestamp,
    max_access_ttl: std::time::Duration,
) -> Option<Timestamp> {
    const MARGIN: std::time::Duration = std::time::Duration::from_secs(600);
    match target {
        Target::Key { .. } => None,
        _ => Some(now.plus(max_access_ttl).plus(MARGIN)),
    }
}
