//! What administrators do with users: over HTTP with the scope for it, or by the command.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{actor::Actor, logout::UserWrite};
use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{SessionId, UserId},
    issue::check_custom_claims,
    names::{Username, check_roles, check_scopes},
    sessions::{EndReason, Session},
    store::{ChangeUserOutcome, UserPage},
    users::{ChangeRefused, User, UserChange, apply},
};

/// At most so many users an answer.
const MOST: usize = 500;

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// Only those after this id.
    pub after: Option<String>,
    /// Only those whose name has this in it, literally.
    pub search: Option<String>,
    /// At most so many; 0 is 100.
    pub limit: usize,
}

/// A user to add.
#[derive(Clone, Debug)]
pub struct AddUserRequest {
    /// The user name.
    pub username: String,
    /// The password; without one the user cannot log in yet.
    pub password: Option<SecretString>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The scopes.
    pub scopes: BTreeSet<String>,
    /// Custom claims.
    pub claims: Map<String, Value>,
}

/// Roles and scopes to set; `None` leaves them as they are.
#[derive(Clone, Debug, Default)]
pub struct GrantsRequest {
    /// All roles.
    pub roles: Option<BTreeSet<String>>,
    /// All scopes.
    pub scopes: Option<BTreeSet<String>>,
}

impl Engine {
    /// Users in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Invalid`] when `after` is no user id.
    pub async fn list_users(&self, query: UserQuery) -> Result<UserPage> {
        let parse = |after: String| {
            UserId::try_from(after).map_err(|_| Error::invalid("after", "It is a user id."))
        };
        let after = query.after.map(parse).transpose()?;
        let limit = if query.limit == 0 { 100 } else { query.limit.min(MOST) };
        Ok(self.0.store.list_users(after.as_ref(), query.search.as_deref(), limit).await?)
    }

    /// A user by id or name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user(&self, id_or_name: &str) -> Result<User> {
        if let Ok(id) = id_or_name.parse::<UserId>() {
            // An id wins over a name, a deleted user's id too: nobody is mistaken for a tombstone.
            if let Some(user) = self.0.store.find_user(&id).await? {
                return if user.deleted_at.is_none() { Ok(user) } else { Err(unknown()) };
            }
        }
        let name =
            Username::parse(id_or_name, self.0.config.accounts.usernames).map_err(|_| unknown())?;
        let found = self.0.store.find_login(name.as_str()).await?;
        found.map(|record| record.user).ok_or_else(unknown)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`Error::UsernameTaken`], [`Error::WeakPassword`], [`Error::Invalid`],
    /// [`Error::InvalidScope`].
    pub async fn add_user(&self, request: AddUserRequest, actor: &Actor) -> Result<User> {
        check_roles(&request.roles)?;
        check_scopes(&request.scopes)?;
        check_custom_claims(&request.claims).map_err(|reason| Error::invalid("claims", reason))?;
        let mut user = self.named_user(&request.username, request.email)?;
        if let Some(password) = &request.password {
            self.check_new_password("password", password, user.username.as_deref())?;
            user.password_hash = Some(self.hash_password(password).await?);
        }
        user.roles = request.roles;
        user.scopes = request.scopes;
        user.claims = request.claims;
        let event = Event::new(EventKind::AccountAdded, user.created_at).user(&user.id).by(actor);
        let engine = self.clone();
        to_the_end(async move { engine.create_user(&user, event).await.map(|()| user) }).await
    }

    /// Sets roles and scopes. What is removed is gone at once; what is added shows at the next
    /// refresh.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Error::InvalidScope`].
    pub async fn change_user_grants(
        &self,
        user: &str,
        grants: GrantsRequest,
        actor: &Actor,
    ) -> Result<User> {
        let user = self.user(user).await?;
        check_roles(grants.roles.iter().flatten())?;
        check_scopes(grants.scopes.iter().flatten())?;
        // What is not named is not written: another administrator may be taking it away right now.
        let change = match (grants.roles, grants.scopes) {
            (Some(roles), Some(scopes)) => UserChange::Grants { roles, scopes },
            (Some(roles), None) => UserChange::Roles(roles),
            (None, Some(scopes)) => UserChange::Scopes(scopes),
            (None, None) => return Ok(user),
        };
        self.administer(&user, change, EventKind::AccountGrantsChanged, actor).await
    }

    /// Sets the custom claims.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`].
    pub async fn set_user_claims(
        &self,
        user: &str,
        claims: Map<String, Value>,
        actor: &Actor,
    ) -> Result<User> {
        let user = self.user(user).await?;
        check_custom_claims(&claims).map_err(|reason| Error::invalid("claims", reason))?;
        self.administer(&user, UserChange::Claims(claims), EventKind::AccountClaimsChanged, actor)
            .await
    }

    /// Disables a user: all sessions end, all access tokens die.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn disable_user(&self, user: &str, actor: &Actor) -> Result<User> {
        let user = self.user(user).await?;
        self.administer(&user, UserChange::Disable, EventKind::AccountDisabled, actor).await
    }

    /// Enables a user again; the old sessions stay ended.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn enable_user(&self, user: &str, actor: &Actor) -> Result<User> {
        let user = self.user(user).await?;
        self.administer(&user, UserChange::Enable, EventKind::AccountEnabled, actor).await
    }

    /// Deletes a user. The name becomes free, the id never returns.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete_user(&self, user: &str, actor: &Actor) -> Result<()> {
        let user = self.user(user).await?;
        self.administer(&user, UserChange::Delete, EventKind::AccountDeleted, actor).await.map(drop)
    }

    /// Sets a password; all sessions end.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::WeakPassword`].
    pub async fn set_user_password(
        &self,
        user: &str,
        password: &SecretString,
        actor: &Actor,
    ) -> Result<User> {
        let user = self.user(user).await?;
        self.check_new_password("password", password, user.username.as_deref())?;
        let new = self.hash_password(password).await?;
        let change = UserChange::Password { expected: None, new };
        self.administer(&user, change, EventKind::AccountPasswordChanged, actor).await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn end_user_sessions(&self, user: &str, actor: &Actor) -> Result<()> {
        let user = self.user(user).await?;
        let change = UserChange::EndSessions(EndReason::EndedByAdmin);
        self.administer(&user, change, EventKind::SessionsEnded, actor).await.map(drop)
    }

    /// The live sessions of a user.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn user_sessions(&self, user: &str) -> Result<Vec<Session>> {
        let user = self.user(user).await?;
        Ok(self.0.store.list_sessions(&user.id, self.now()).await?)
    }

    /// Ends any session.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn end_session(&self, id: &str, actor: &Actor) -> Result<()> {
        let id: SessionId = id.parse().map_err(|_| Error::NotFound { what: "session" })?;
        let (engine, actor) = (self.clone(), actor.clone());
        to_the_end(async move { engine.end_any_session(id, &actor).await }).await
    }

    async fn end_any_session(&self, id: SessionId, actor: &Actor) -> Result<()> {
        let reason = EndReason::EndedByAdmin;
        let result =
            self.end_one_session(id, None, reason, Some(actor.name()), actor.origin()).await;
        if matches!(result, Err(Error::Store(_))) {
            // An administrator may end any session, so it is over here even where the store could
            // not be asked whether there is one.
            self.ended_here(&[id]);
        }
        result
    }

    async fn administer(
        &self,
        user: &User,
        change: UserChange,
        kind: EventKind,
        actor: &Actor,
    ) -> Result<User> {
        let event = Event::new(kind, self.now()).user(&user.id).by(actor);
        // A removed role or scope kills tokens as well, though no session.
        let lost = apply(user, &change, self.now()).ok().and_then(|applied| applied.revoke);
        let write = UserWrite::new(change, lost, event);
        let (engine, id) = (self.clone(), user.id.clone());
        match to_the_end(async move { engine.change_user_now(&id, write).await }).await? {
            ChangeUserOutcome::Changed { user, .. } => Ok(*user),
            ChangeUserOutcome::Refused(ChangeRefused::Unknown) => Err(unknown()),
            ChangeUserOutcome::Refused(_) => {
                Err(Error::Conflict { reason: "The user was changed meanwhile." })
            }
        }
    }
}

fn unknown() -> Error {
    Error::NotFound { what: "user" }
}
