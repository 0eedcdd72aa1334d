//! The users.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{MemoryStore, State, UserRow};
use crate::{
    events::Event,
    ids::{SessionId, UserId},
    imports::{ImportDecision, UserImport, decide},
    sessions::{EndReason, Session},
    store::{
        ChangeUserOutcome, CreateUserOutcome, Effects, ImportOutcome, LoginRecord, Result,
        StoreError, UserPage, Users,
    },
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
        self.write(|state| state.change_user(id, change, open, effects, now))
    }

    async fn import_users(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        self.write(|state| {
            // What fails later would have written the users before it.
            if state.meta.is_none() {
                return Err(StoreError::uninitialised());
            }
            imports.iter().map(|import| state.import_user(import, update, now)).collect()
        })
    }
}

impl State {
    fn change_user(
        &mut self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome> {
        let Some(row) = self.users.get(id) else {
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
        let logged =
            Effects { events: Vec::new(), revocations: applied.revoke.iter().cloned().collect() };
        self.log(logged.and(effects), now)?;
        let end = |reason| self.end_all(id, reason, now);
        let ended = applied.end_sessions.map(end).unwrap_or_default();
        if let Some(row) = self.users.get_mut(id) {
            row.user.clone_from(&applied.user);
            if applied.user.deleted_at.is_some() {
                row.networks.clear();
            }
        }
        if let Some(session) = open {
            self.sessions.insert(session.id, session);
        }
        let user = Box::new(applied.user);
        Ok(ChangeUserOutcome::Changed { user, ended, revoked: applied.revoke })
    }

    fn import_user(
        &mut self,
        import: &UserImport,
        update: bool,
        now: Timestamp,
    ) -> Result<ImportOutcome> {
        let id = import.id.as_ref().unwrap_or(&import.fresh_id);
        let by_id = self.users.get(id).map(|row| &row.user);
        let named = |row: &&UserRow| row.user.username.as_deref() == Some(&import.username);
        let by_name = self.users.values().find(named).map(|row| &row.user);
        Ok(match decide(import, by_id, by_name, update, now) {
            ImportDecision::Add(user, event) => {
                self.log(Effects::event(*event.clone()), now)?;
                let row = UserRow { user: *user.clone(), networks: Vec::new() };
                self.users.insert(user.id.clone(), row);
                ImportOutcome::Added(user, event)
            }
            ImportDecision::Change(id, changes) => self.change_imported(id, changes, now)?,
            ImportDecision::Same(id) => ImportOutcome::Same(id),
            ImportDecision::Different(id, fields) => ImportOutcome::Different(id, fields),
            ImportDecision::Refused(refused) => ImportOutcome::Refused(refused),
        })
    }

    fn change_imported(
        &mut self,
        id: UserId,
        changes: Vec<(UserChange, Event)>,
        now: Timestamp,
    ) -> Result<ImportOutcome> {
        let (mut ended, mut revoked, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for (change, event) in changes {
            let outcome =
                self.change_user(&id, &change, None, Effects::event(event.clone()), now)?;
            if let ChangeUserOutcome::Changed { ended: more, revoked: target, .. } = outcome {
                ended.extend(more);
                revoked.extend(target);
                events.push(event);
            }
        }
        Ok(ImportOutcome::Changed { id, ended, revoked, events })
    }

    fn end_all(&mut self, user: &UserId, reason: EndReason, now: Timestamp) -> Vec<SessionId> {
        let theirs = |session: &&mut Session| session.user_id == *user && session.is_live(now);
        let end = |session: &mut Session| {
            session.end(reason, now);
            session.id
        };
        self.sessions.values_mut().filter(theirs).map(end).collect()
    }
}
