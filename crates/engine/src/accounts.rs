//! The seams for an application that brings its own users and claims.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::{
    ids::{ClientId, UserId},
    sessions::Session,
    store::StoreError,
    users::User,
};

/// How a user stands now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// May have sessions.
    pub active: bool,
    /// The name for `preferred_username`.
    pub username: Option<String>,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The scopes that a session may still have; `None` leaves the session's as they are.
    pub scopes: Option<BTreeSet<String>>,
    /// Custom claims.
    pub claims: Map<String, Value>,
}

impl Standing {
    /// How a row of the engine's own table stands. One without a name is an application's user:
    /// its scopes are those that its sessions were started with.
    pub fn of(user: &User) -> Self {
        let own = user.username.is_some();
        Self {
            active: user.is_active(),
            username: user.username.clone(),
            roles: user.roles.clone(),
            scopes: own.then(|| user.scopes.clone()),
            claims: user.claims.clone(),
        }
    }
}

/// Who the users are. Without one the engine asks its own table; an application that keeps its own
/// users answers here, and opens their sessions with `start_session`.
#[async_trait]
pub trait Accounts: fmt::Debug + Send + Sync {
    /// How the user stands now, or `None` for nobody. Asked at every refresh.
    async fn standing(&self, user_id: &UserId) -> Result<Option<Standing>, StoreError>;
}

/// For whom a token is being made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Issue<'a> {
    /// The user.
    pub user_id: &'a UserId,
    /// The client.
    pub client_id: &'a ClientId,
    /// The session.
    pub session: &'a Session,
    /// How the user stands.
    pub standing: &'a Standing,
}

/// More claims for access tokens, asked for at every issue, refresh too.
#[async_trait]
pub trait ClaimsSource: fmt::Debug + Send + Sync {
    /// The claims to add. They win over stored ones; registered and engine names are refused.
    async fn claims(&self, issue: Issue<'_>) -> Result<Map<String, Value>, StoreError>;
}
