//! The users' rows.

use async_trait::async_trait;
use countersign_guard::{revocation::Target, time::Timestamp};

use super::{Effects, NetworkHash, Result};
use crate::{
    events::Event,
    ids::{SessionId, UserId},
    imports::{ImportRefused, UserImport},
    sessions::Session,
    users::{ChangeRefused, User, UserChange},
};

/// What came of making a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CreateUserOutcome {
    /// It stands.
    Created,
    /// Another user has the name; nothing was written.
    UsernameTaken,
    /// The id was used before (perhaps by a deleted user); nothing was written.
    IdTaken,
}

/// What came of changing a user.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChangeUserOutcome {
    /// It is changed.
    Changed {
        /// The row afterwards.
        user: Box<User>,
        /// The sessions that ended.
        ended: Vec<SessionId>,
        /// The revocation that was logged.
        revoked: Option<Target>,
    },
    /// Nothing was written.
    Refused(ChangeRefused),
}

/// What came of importing a user.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImportOutcome {
    /// It stands, and this was logged.
    Added(Box<User>, Box<Event>),
    /// It stood already, and the same.
    Same(UserId),
    /// It stood already, and was changed.
    Changed {
        /// Who.
        id: UserId,
        /// The sessions that ended.
        ended: Vec<SessionId>,
        /// The revocations that were logged.
        revoked: Vec<Target>,
        /// What was logged.
        events: Vec<Event>,
    },
    /// It stood already, and differs in this; nothing was written of it.
    Different(UserId, Vec<&'static str>),
    /// It cannot be that user; nothing was written of it.
    Refused(ImportRefused),
}

/// A user as log-in needs it.
#[derive(Clone, Debug)]
pub struct LoginRecord {
    /// The row.
    pub user: User,
    /// The networks that the owner signed in from, the latest first, at most 16.
    pub networks: Vec<NetworkHash>,
}

/// A stretch of the list of users.
#[derive(Clone, Debug)]
pub struct UserPage {
    /// In the order of their ids; tombstones are left out.
    pub users: Vec<User>,
    /// There are more behind.
    pub more: bool,
}

/// The users' rows.
#[async_trait]
pub trait Users: Send + Sync {
    /// Makes a user. Name and id are unique, over tombstones too for the id.
    async fn create_user(&self, user: &User, effects: Effects) -> Result<CreateUserOutcome>;

    /// The user of this id, tombstones included.
    async fn find_user(&self, id: &UserId) -> Result<Option<User>>;

    /// The user of this canonical name.
    async fn find_login(&self, username: &str) -> Result<Option<LoginRecord>>;

    /// Users whose id follows `after`, at most `limit`; `search` is a literal part of the name.
    async fn list_users(
        &self,
        after: Option<&UserId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<UserPage>;

    /// Locks the row, calls [`crate::users::apply`], and writes what it says: row, ended sessions,
    /// revocation, effects, and the session in `open` (made after the others have ended).
    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome>;

    /// Imports users in their order, all in one transaction: looks each up, calls
    /// [`crate::imports::decide`], and writes what it says. A user sees those before it.
    async fn import_users(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>>;
}
