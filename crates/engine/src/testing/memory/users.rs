//! The users.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{MemoryStore, State, UserRow};
use crate::{
    ids::{SessionId, UserId},
    sessions::{EndReason, Session},
    store::{ChangeUserOutcome, CreateUserOutcome, Effects, LoginRecord, Result, UserPage, Users},
    users::{ChangeRefused, User, UserChange, apply},
};

#[async_trait]
impl Users for MemoryStore {
    async fn create_user(&self, user: &User, effects: Effects) -> Result<CreateUserOutcome> {
        self.write(|state| {
            if state.users.contains_key(&user.id) {
                return Ok(CreateUserOutcome::IdTaken);
            }
            let taken = |row: &UserRow| row.user.username == user.username;
            if user.username.is_some() && state.users.values().any(taken) {
                return Ok(CreateUserOutcome::UsernameTaken);
            }
            state.log(effects, user.created_at)?;
            let row = UserRow { user: user.clone(), networks: Vec::new() };
            state.users.insert(user.id.clone(), row);
            Ok(CreateUserOutcome::Created)
        })
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>> {
        Ok(self.read().users.get(id).map(|row| row.user.clone()))
    }

    async fn find_login(&self, username: &str) -> Result<Option<LoginRecord>> {
        let state = self.read();
        let row = state.users.values().find(|row| row.user.username.as_deref() == Some(username));
        Ok(row.map(|row| LoginRecord { user: row.user.clone(), networks: row.networks.clone() }))
    }

    async fn list_users(
        &self,
        after: Option<&UserId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<UserPage> {
        let state = self.read();
        let named = |user: &User| {
            let name = user.username.as_deref();
            search.is_none_or(|part| name.is_some_and(|name| name.contains(part)))
        };
        let mut users = state
            .users
            .values()
            .map(|row| &row.user)
            .filter(|user| after.is_none_or(|after| user.id > *after))
            .filter(|user| user.deleted_at.is_none() && named(user));
        let page = users.by_ref().take(limit).cloned().collect();
        Ok(UserPage { users: page, more: users.next().is_some() })
    }

    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome> {
        self.write(|state| {
            let Some(row) = state.users.get(id) else {
                return Ok(ChangeUserOutcome::Refused(ChangeRefused::Unknown));
            };
            let applied = match apply(&row.user, change, now) {
                Ok(applied) => applied,
                Err(refused) => return Ok(ChangeUserOutcome::Refused(refused)),
            };
            // Disabled in between: the one who proved the password gets no session any more.
            if open.is_some() && !applied.user.is_active() {
                return Ok(ChangeUserOutcome::Refused(ChangeRefused::Unknown));
            }
            let logged = Effects {
                events: Vec::new(),
                revocations: applied.revoke.iter().cloned().collect(),
            };
            state.log(logged.and(effects), now)?;
            let ended = applied
                .end_sessions
                .map(|reason| state.end_all(id, reason, now))
                .unwrap_or_default();
            if let Some(row) = state.users.get_mut(id) {
                row.user.clone_from(&applied.user);
                if applied.user.deleted_at.is_some() {
                    row.networks.clear();
                }
            }
            if let Some(session) = open {
                state.sessions.insert(session.id, session);
            }
            let user = Box::new(applied.user);
            Ok(ChangeUserOutcome::Changed { user, ended, revoked: applied.revoke })
        })
    }
}

impl State {
    fn end_all(&mut self, user: &UserId, reason: EndReason, now: Timestamp) -> Vec<SessionId> {
        let theirs = |session: &&mut Session| session.user_id == *user && session.is_live(now);
        let end = |session: &mut Session| {
            session.end(reason, now);
            session.id
        };
        self.sessions.values_mut().filter(theirs).map(end).collect()
    }
}
