//! The sessions' rows.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{BudgetRule, Effects, Result};
use crate::{
    events::Event,
    ids::{SessionId, UserId},
    sessions::{Decision, EndReason, RefreshAttempt, Session, SessionPolicy},
    users::{PasswordHash, User},
};

/// A keyed hash of a network (an IPv4 address or an IPv6 /64) for one account.
pub type NetworkHash = [u8; 16];

/// So many networks of its owner an account remembers.
pub const MOST_NETWORKS: usize = 16;

/// The networks after the owner came from `network`, the latest first; `None` when that changes
/// nothing, so that the usual log-in does not write.
pub fn remember_network(known: &[NetworkHash], network: NetworkHash) -> Option<Vec<NetworkHash>> {
    if known.first() == Some(&network) {
        return None;
    }
    let others = known.iter().copied().filter(|other| *other != network);
    Some(std::iter::once(network).chain(others).take(MOST_NETWORKS).collect())
}

/// What was verified before a session is made, and must still hold when it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verified {
    /// This password hash. The user must be active and have it still.
    Password {
        /// The hash that was verified.
        hash: PasswordHash,
        /// What to store instead, when the parameters have moved on.
        upgraded: Option<PasswordHash>,
    },
    /// The application vouches for the user. A row is made when there is none; one that is
    /// disabled or deleted refuses.
    Application,
}

/// A session to make.
#[derive(Clone, Debug)]
pub struct CreateSession {
    /// The row.
    pub session: Session,
    /// What must hold.
    pub verified: Verified,
    /// So many live sessions the user may have afterwards; the oldest end.
    pub most_live: usize,
    /// Budgets to give back: the check did not fail.
    pub refunds: Vec<BudgetRule>,
    /// The network to remember as the owner's (the last 16 stay).
    pub network: Option<NetworkHash>,
    /// The events to write when it is made.
    pub events: Vec<Event>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CreateSessionOutcome {
    /// It stands.
    Created {
        /// The user's row.
        user: Box<User>,
        /// The sessions that ended to make room; their revocations are logged.
        ended: Vec<SessionId>,
    },
    /// The user is not active, or the password is another by now; nothing was written.
    Refused,
}

/// A refresh whose MAC is right.
#[derive(Clone, Debug)]
pub struct RefreshIntent {
    /// Which session.
    pub session_id: SessionId,
    /// What is presented.
    pub attempt: RefreshAttempt,
    /// Whether the user may have sessions, when somebody else than the store knows.
    pub active: Option<bool>,
    /// The policy.
    pub policy: SessionPolicy,
    /// From where, for the events.
    pub address: Option<String>,
}

/// What came of it. Every decision is committed, theft above all.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshOutcome {
    /// The decision.
    pub decision: Decision,
    /// The row afterwards.
    pub session: Session,
    /// The user's row.
    pub user: User,
}

/// The sessions' rows.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Locks the user's row, checks what was verified, and makes the session.
    async fn create_session(
        &self,
        intent: CreateSession,
        now: Timestamp,
    ) -> Result<CreateSessionOutcome>;

    /// The session of this id, ended ones included until they are purged.
    async fn find_session(&self, id: SessionId) -> Result<Option<Session>>;

    /// Locks session and user, calls [`crate::sessions::decide`], and writes its outcome once,
    /// with the revocation and the event that belong to it ([`crate::sessions::consequences`]).
    /// `None` when there is no such session.
    async fn refresh_session(
        &self,
        intent: &RefreshIntent,
        now: Timestamp,
    ) -> Result<Option<RefreshOutcome>>;

    /// The live sessions of a user, the newest first.
    async fn list_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// Ends a session that is `owner`'s (anybody's when `None`) and logs its revocation. One that
    /// has ended before is answered as it is, and revoked again. `None` when there is no such one.
    async fn end_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Session>>;
}
