//! A session, and the one decision about refreshing it.
//!
//! [`decide`] is pure: stores lock the row, call it, and write once what [`Decision::outcome`] says,
//! whatever the answer to the client will be. It is the whole of rotation, repetition and theft.

use std::{collections::BTreeSet, time::Duration};

use countersign_guard::{revocation::Target, time::Timestamp};
use serde_json::{Map, Value};

use crate::{
    events::{Event, EventKind},
    ids::{ClientId, SessionId, UserId},
    store::Effects,
};

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EndReason {
    /// Its user logged out.
    LoggedOut,
    /// Its user, or an administrator, ended all sessions.
    LoggedOutEverywhere,
    /// Its user ended it from another session.
    EndedByUser,
    /// An administrator ended it.
    EndedByAdmin,
    /// Its refresh token was revoked (RFC 7009).
    Revoked,
    /// The password changed.
    PasswordChanged,
    /// The user was disabled.
    Disabled,
    /// The user was deleted.
    Deleted,
    /// An old refresh token came back: somebody else has one.
    Replayed,
    /// A refresh token from the future came: the store went back.
    RolledBack,
    /// Too many live sessions; the oldest went.
    Superseded,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::LoggedOut,
        Self::LoggedOutEverywhere,
        Self::EndedByUser,
        Self::EndedByAdmin,
        Self::Revoked,
        Self::PasswordChanged,
        Self::Disabled,
        Self::Deleted,
        Self::Replayed,
        Self::RolledBack,
        Self::Superseded,
    ];

    /// The reason as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::LoggedOutEverywhere => "logged_out_everywhere",
            Self::EndedByUser => "ended_by_user",
            Self::EndedByAdmin => "ended_by_admin",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password_changed",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Replayed => "replayed",
            Self::RolledBack => "rolled_back",
            Self::Superseded => "superseded",
        }
    }

    /// The reason stored as `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// One session: the only row it ever has.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The id (`sid`); no secret.
    pub id: SessionId,
    /// Whose it is; text, so that an application may bring its own ids.
    pub user_id: UserId,
    /// For which client.
    pub client_id: ClientId,
    /// The audience of its access tokens.
    pub audience: String,
    /// What was granted at the start.
    pub scopes: BTreeSet<String>,
    /// Custom claims given at the start.
    pub claims: Map<String, Value>,
    /// Part of the key of its refresh tokens' MAC.
    pub salt: [u8; 16],
    /// The counter of the one refresh token that is live.
    pub counter: u32,
    /// When the counter last rose (or the session began).
    pub rotated_at: Timestamp,
    /// SHA-256 of the `Idempotency-Key` that the last rotation came with.
    pub retry_key_hash: Option<[u8; 32]>,
    /// When the user authenticated; never moves (RFC 9068 2.2.1).
    pub auth_time: Timestamp,
    /// How the user authenticated (RFC 8176).
    pub amr: Vec<String>,
    /// The authentication context class.
    pub acr: Option<String>,
    /// The thumbprint of the key that its tokens are bound to; nobody sets it yet.
    pub cnf_jkt: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub absolute_expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub end_reason: Option<EndReason>,
    /// What the client says it is (its `User-Agent`).
    pub device: Option<String>,
}

impl Session {
    /// Whether it has neither been ended nor expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.idle_expires_at && now < self.absolute_expires_at
    }

    /// What its revocation names.
    pub fn target(&self) -> Target {
        Target::Session { id: self.id.to_string() }
    }

    /// Ends it, unless it has ended before.
    pub fn end(&mut self, reason: EndReason, now: Timestamp) {
        if self.ended_at.is_none() {
            self.ended_at = Some(now);
            self.end_reason = Some(reason);
        }
    }
}

/// How long sessions live and how refresh behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionPolicy {
    /// A session that is not refreshed for so long ends.
    pub idle: Duration,
    /// A session ends after so long in any case.
    pub absolute: Duration,
    /// For so long after a rotation its answer may be repeated; zero turns that off.
    pub grace: Duration,
    /// So many live sessions a user may have; the oldest ends.
    pub most_live: usize,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            idle: Duration::from_secs(14 * DAY),
            absolute: Duration::from_secs(90 * DAY),
            grace: Duration::from_secs(30),
            most_live: 100,
        }
    }
}

/// A refresh as the store sees it: the token's MAC was found right before.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshAttempt {
    /// The token's counter.
    pub counter: u32,
    /// The client that presents it.
    pub client_id: ClientId,
    /// SHA-256 of the request's `Idempotency-Key`.
    pub retry_key_hash: Option<[u8; 32]>,
    /// The scopes asked for; `None` is all of the session's.
    pub scopes: Option<BTreeSet<String>>,
}

/// What a refresh comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// The live token: the counter rises, a new pair is answered.
    Rotate,
    /// The answer was lost: the same refresh token again, with a fresh access token.
    Repeat,
    /// An older token: somebody else has one. The session ends.
    Replayed,
    /// A token that was never issued by this state: the store went back. The session ends.
    RolledBack,
    /// Nothing happens.
    Refused(Refusal),
}

/// Why nothing happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// Another client's token.
    OtherClient,
    /// The session has ended.
    Ended,
    /// The session has expired.
    Expired,
    /// The user is disabled or gone.
    Inactive,
    /// More was asked for than the session has (RFC 6749 6).
    Scope,
    /// The counter cannot rise any more.
    Exhausted,
}

impl Decision {
    /// The row afterwards; `None` when it does not change.
    pub fn outcome(
        &self,
        session: &Session,
        attempt: &RefreshAttempt,
        policy: &SessionPolicy,
        now: Timestamp,
    ) -> Option<Session> {
        let mut next = session.clone();
        match self {
            Self::Rotate => {
                next.counter = session.counter.checked_add(1)?;
                next.rotated_at = now;
                next.retry_key_hash = attempt.retry_key_hash;
                next.idle_expires_at = now.plus(policy.idle).min(session.absolute_expires_at);
            }
            Self::Replayed => next.end(EndReason::Replayed, now),
            Self::RolledBack => next.end(EndReason::RolledBack, now),
            Self::Repeat | Self::Refused(_) => return None,
        }
        Some(next)
    }

    /// Whether the session ends by this.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Replayed | Self::RolledBack)
    }
}

/// Decides a refresh whose MAC is right. `active` says whether the user may have sessions.
pub fn decide(
    session: &Session,
    attempt: &RefreshAttempt,
    active: bool,
    policy: &SessionPolicy,
    now: Timestamp,
) -> Decision {
    if attempt.client_id != session.client_id {
        return Decision::Refused(Refusal::OtherClient);
    }
    if session.ended_at.is_some() {
        return Decision::Refused(Refusal::Ended);
    }
    if !session.is_live(now) {
        return Decision::Refused(Refusal::Expired);
    }
    if !active {
        return Decision::Refused(Refusal::Inactive);
    }
    let decision = by_counter(session, attempt, policy, now);
    let asks_too_much =
        attempt.scopes.as_ref().is_some_and(|scopes| !scopes.is_subset(&session.scopes));
    if asks_too_much && !decision.ends_session() {
        return Decision::Refused(Refusal::Scope);
    }
    decision
}

fn by_counter(
    session: &Session,
    attempt: &RefreshAttempt,
    policy: &SessionPolicy,
    now: Timestamp,
) -> Decision {
    if attempt.counter == u32::MAX {
        return Decision::Refused(Refusal::Exhausted);
    }
    if attempt.counter == session.counter {
        return Decision::Rotate;
    }
    if attempt.counter > session.counter {
        return Decision::RolledBack;
    }
    if attempt.counter.checked_add(1) == Some(session.counter)
        && may_repeat(session, attempt, policy, now)
    {
        return Decision::Repeat;
    }
    Decision::Replayed
}

/// The window begins at the rotation and never slides; an `Idempotency-Key` has no window.
fn may_repeat(
    session: &Session,
    attempt: &RefreshAttempt,
    policy: &SessionPolicy,
    now: Timestamp,
) -> bool {
    let same_request =
        attempt.retry_key_hash.is_some() && attempt.retry_key_hash == session.retry_key_hash;
    // A clock that went back makes the age zero, never a theft (design: max(0, now - rotated_at)).
    same_request || now.since(session.rotated_at) < policy.grace
}

/// What a decision writes beside the session's row: the event, and the revocation of a session that
/// ends by it. A rotation writes neither; its counter is the record.
pub fn consequences(
    decision: &Decision,
    session: &Session,
    address: Option<&str>,
    now: Timestamp,
) -> Effects {
    let kind = match decision {
        Decision::Repeat => EventKind::RefreshRepeated,
        Decision::Replayed => EventKind::RefreshReplayed,
        Decision::RolledBack => EventKind::StoreRolledBack,
        Decision::Rotate | Decision::Refused(_) => return Effects::default(),
    };
    let mut event = Event::new(kind, now)
        .user(&session.user_id)
        .session(session.id)
        .client(&session.client_id)
        .detail("counter", session.counter);
    event.address = address.map(str::to_owned);
    let effects = Effects::event(event);
    if decision.ends_session() { effects.revoking(session.target()) } else { effects }
}

/// What is written when the store itself ends a session, because there are too many: the event and
/// the revocation.
pub fn superseded(session: &Session, now: Timestamp) -> Effects {
    let event = Event::new(EventKind::SessionEnded, now)
        .user(&session.user_id)
        .session(session.id)
        .client(&session.client_id)
        .detail("reason", EndReason::Superseded.as_str());
    Effects::event(event).revoking(session.target())
}
