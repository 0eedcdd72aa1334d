//! The sessions.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{MemoryStore, State, UserRow};
use crate::{
    ids::{SessionId, UserId},
    sessions::{EndReason, Session, consequences, decide, superseded},
    store::{
        CreateSession, CreateSessionOutcome, Effects, RefreshIntent, RefreshOutcome, Result,
        Sessions, Verified, remember_network,
    },
    users::User,
};

#[async_trait]
impl Sessions for MemoryStore {
    async fn create_session(
        &self,
        intent: CreateSession,
        now: Timestamp,
    ) -> Result<CreateSessionOutcome> {
        self.write(|state| {
            let Some(user) = state.admitted(&intent, now) else {
                return Ok(CreateSessionOutcome::Refused);
            };
            let surplus = state.surplus(&user.id, intent.most_live, now);
            let mut effects = Effects { events: intent.events, revocations: Vec::new() };
            for session in &surplus {
                effects = effects.and(superseded(session, now));
            }
            state.log(effects, now)?;
            let ended: Vec<_> = surplus.iter().map(|session| session.id).collect();
            for id in &ended {
                state.end(*id, EndReason::Superseded, now);
            }
            state.refund(&intent.refunds);
            let row = state
                .users
                .entry(user.id.clone())
                .or_insert_with(|| UserRow { user: user.clone(), networks: Vec::new() });
            row.user.clone_from(&user);
            if let Some(networks) =
                intent.network.and_then(|network| remember_network(&row.networks, network))
            {
                row.networks = networks;
            }
            state.sessions.insert(intent.session.id, intent.session);
            Ok(CreateSessionOutcome::Created { user: Box::new(user), ended })
        })
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<Session>> {
        Ok(self.read().sessions.get(&id).cloned())
    }

    async fn refresh_session(
        &self,
        intent: &RefreshIntent,
        now: Timestamp,
    ) -> Result<Option<RefreshOutcome>> {
        self.write(|state| {
            let Some(session) = state.sessions.get(&intent.session_id).cloned() else {
                return Ok(None);
            };
            let user = state.owner(&session);
            let active = user.is_active() && intent.active.unwrap_or(true);
            let decision = decide(&session, &intent.attempt, active, &intent.policy, now);
            let next = decision.outcome(&session, &intent.attempt, &intent.policy, now);
            state.log(consequences(&decision, &session, intent.address.as_deref(), now), now)?;
            let session = next.unwrap_or(session);
            state.sessions.insert(session.id, session.clone());
            Ok(Some(RefreshOutcome { decision, session, user }))
        })
    }

    async fn list_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>> {
        Ok(self.read().live(user_id, now))
    }

    async fn end_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        self.write(|state| {
            let theirs = |session: &&Session| owner.is_none_or(|owner| session.user_id == *owner);
            let Some(session) = state.sessions.get(&id).filter(theirs).cloned() else {
                return Ok(None);
            };
            state.log(effects.revoking(session.target()), now)?;
            state.end(id, reason, now);
            Ok(state.sessions.get(&id).cloned())
        })
    }
}

impl State {
    /// The user's row as it shall be, when what was verified holds still.
    fn admitted(&self, intent: &CreateSession, now: Timestamp) -> Option<User> {
        let held = self.users.get(&intent.session.user_id).map(|row| row.user.clone());
        let mut user = match (&intent.verified, held) {
            (_, Some(user)) => user,
            (Verified::Application, None) => User::new(intent.session.user_id.clone(), now),
            (Verified::Password { .. }, None) => return None,
        };
        if let Verified::Password { hash, upgraded } = &intent.verified {
            if user.password_hash.as_ref() != Some(hash) {
                return None;
            }
            if let Some(upgraded) = upgraded {
                user.password_hash = Some(upgraded.clone());
            }
        }
        user.is_active().then_some(user)
    }

    /// The user's live sessions, the newest first.
    fn live(&self, user_id: &UserId, now: Timestamp) -> Vec<Session> {
        let theirs = |session: &&Session| session.user_id == *user_id && session.is_live(now);
        let mut sessions: Vec<_> = self.sessions.values().filter(theirs).cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
        sessions
    }

    /// Those that must go so that one more is not more than `most_live`.
    fn surplus(&self, user_id: &UserId, most_live: usize, now: Timestamp) -> Vec<Session> {
        self.live(user_id, now).into_iter().skip(most_live.saturating_sub(1)).collect()
    }

    /// The session's user. A row that is not there can have no sessions.
    fn owner(&self, session: &Session) -> User {
        self.users.get(&session.user_id).map_or_else(
            || User { disabled: true, ..User::new(session.user_id.clone(), session.created_at) },
            |row| row.user.clone(),
        )
    }

    pub(super) fn end(&mut self, id: SessionId, reason: EndReason, now: Timestamp) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.end(reason, now);
        }
    }
}
