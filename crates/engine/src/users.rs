//! A user, and what can be done to one.
//!
//! [`apply`] is the one place that says what a change does: to the row, to the generation, to the
//! sessions, to tokens in flight. Stores lock the row, call it, and write what it answers.

use std::{collections::BTreeSet, fmt};

use countersign_guard::{revocation::Target, time::Timestamp};
use serde_json::{Map, Value};

use crate::{ids::UserId, sessions::EndReason};

/// A password hash as a PHC string. Never printed.
#[derive(Clone, Eq, PartialEq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash that `text` spells.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The PHC string, for the store and the verifier.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(redacted)")
    }
}

/// One user's row. An application's own user whom the engine only knows by id has neither name nor
/// password here; a deleted one keeps id and generation (the tombstone).
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The id; never reused.
    pub id: UserId,
    /// The canonical name; free again after deletion.
    pub username: Option<String>,
    /// The e-mail address as given; unverified and not unique.
    pub email: Option<String>,
    /// The password hash.
    pub password_hash: Option<PasswordHash>,
    /// May not log in.
    pub disabled: bool,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Access tokens of lower generations are dead.
    pub generation: u32,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The scopes.
    pub scopes: BTreeSet<String>,
    /// Custom claims for access tokens.
    pub claims: Map<String, Value>,
    /// When the row was made.
    pub created_at: Timestamp,
}

impl User {
    /// An active user without grants.
    pub fn new(id: UserId, created_at: Timestamp) -> Self {
        Self {
            id,
            username: None,
            email: None,
            password_hash: None,
            disabled: false,
            deleted_at: None,
            generation: 0,
            roles: BTreeSet::new(),
            scopes: BTreeSet::new(),
            claims: Map::new(),
            created_at,
        }
    }

    /// Whether the user may have sessions.
    pub fn is_active(&self) -> bool {
        !self.disabled && self.deleted_at.is_none()
    }
}

/// One change of a user.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UserChange {
    /// Another e-mail address, or none.
    Email(Option<String>),
    /// Another password. With `expected`, only while the hash is still that one.
    Password {
        /// The hash that was verified.
        expected: Option<PasswordHash>,
        /// The new hash.
        new: PasswordHash,
    },
    /// May no longer log in.
    Disable,
    /// May log in again.
    Enable,
    /// These roles and scopes instead of the present ones.
    Grants {
        /// All roles.
        roles: BTreeSet<String>,
        /// All scopes.
        scopes: BTreeSet<String>,
    },
    /// These roles; the scopes stay as they are.
    Roles(BTreeSet<String>),
    /// These scopes; the roles stay as they are.
    Scopes(BTreeSet<String>),
    /// These custom claims instead of the present ones.
    Claims(Map<String, Value>),
    /// Every session ends.
    EndSessions(EndReason),
    /// The user goes; a tombstone stays.
    Delete,
}

impl UserChange {
    /// Whether every session of the user ends by it.
    pub fn ends_sessions(&self) -> bool {
        matches!(self, Self::Password { .. } | Self::Disable | Self::EndSessions(_) | Self::Delete)
    }
}

/// What a change does.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The row afterwards.
    pub user: User,
    /// End every live session, for this reason.
    pub end_sessions: Option<EndReason>,
    /// The revocation to log: the user's tokens below the new generation.
    pub revoke: Option<Target>,
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// There is no such user, or only its tombstone.
    Unknown,
    /// The password hash is no longer the one that was verified.
    PasswordChanged,
}

/// Says what `change` does to `user`.
///
/// # Errors
/// [`ChangeRefused`] when it must not be made; nothing is written then.
pub fn apply(user: &User, change: &UserChange, now: Timestamp) -> Result<Applied, ChangeRefused> {
    if user.deleted_at.is_some() {
        return Err(ChangeRefused::Unknown);
    }
    let mut next = user.clone();
    let (kills_tokens, end_sessions) = match change {
        UserChange::Email(email) => {
            next.email.clone_from(email);
            (false, None)
        }
        UserChange::Password { expected, new } => {
            if expected.is_some() && *expected != user.password_hash {
                return Err(ChangeRefused::PasswordChanged);
            }
            next.password_hash = Some(new.clone());
            (true, Some(EndReason::PasswordChanged))
        }
        UserChange::Disable => {
            next.disabled = true;
            (true, Some(EndReason::Disabled))
        }
        UserChange::Enable => {
            next.disabled = false;
            (false, None)
        }
        UserChange::Grants { roles, scopes } => {
            next.roles.clone_from(roles);
            next.scopes.clone_from(scopes);
            (loses_grants(user, &next), None)
        }
        UserChange::Roles(roles) => {
            next.roles.clone_from(roles);
            (loses_grants(user, &next), None)
        }
        UserChange::Scopes(scopes) => {
            next.scopes.clone_from(scopes);
            (loses_grants(user, &next), None)
        }
        UserChange::Claims(claims) => {
            next.claims.clone_from(claims);
            (false, None)
        }
        UserChange::EndSessions(reason) => (true, Some(*reason)),
        UserChange::Delete => {
            next = User::new(user.id.clone(), user.created_at);
            next.generation = user.generation;
            next.disabled = true;
            next.deleted_at = Some(now);
            (true, Some(EndReason::Deleted))
        }
    };
    let revoke = kills_tokens.then(|| {
        next.generation = user.generation.saturating_add(1);
        Target::User { id: user.id.as_str().to_owned(), below: next.generation }
    });
    Ok(Applied { user: next, end_sessions, revoke })
}

/// What was added shows at the next refresh; what was removed must be gone now.
fn loses_grants(before: &User, after: &User) -> bool {
    !(before.roles.is_subset(&after.roles) && before.scopes.is_subset(&after.scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        let id = "u1".parse().unwrap();
        let mut user = User::new(id, Timestamp::from_seconds(1));
        user.username = Some("ada".into());
        user.password_hash = Some(PasswordHash::new("old"));
        user.roles = ["admin".to_owned()].into();
        user.scopes = ["read".to_owned(), "write".to_owned()].into();
        user
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn apply_now(change: &UserChange) -> Result<Applied, ChangeRefused> {
        apply(&user(), change, Timestamp::from_seconds(9))
    }

    #[test]
    fn a_removed_scope_kills_tokens_and_no_session_an_added_one_neither() {
        let removed =
            apply_now(&UserChange::Grants { roles: set(&["admin"]), scopes: set(&["read"]) })
                .unwrap();
        assert_eq!(removed.revoke, Some(Target::User { id: "u1".into(), below: 1 }));
        assert_eq!(removed.end_sessions, None);
        let added =
            UserChange::Grants { roles: set(&["admin", "x"]), scopes: set(&["read", "write"]) };
        let added = apply_now(&added).unwrap();
        assert_eq!((added.revoke, added.user.generation), (None, 0));
    }

    #[test]
    fn a_password_changed_meanwhile_wins() {
        let stale = Some(PasswordHash::new("older"));
        let change = UserChange::Password { expected: stale, new: PasswordHash::new("new") };
        assert_eq!(apply_now(&change), Err(ChangeRefused::PasswordChanged));
    }

    #[test]
    fn deletion_keeps_id_and_generation_only() {
        let gone = apply_now(&UserChange::Delete).unwrap().user;
        assert_eq!((gone.username, gone.email, gone.password_hash), (None, None, None));
        assert_eq!((gone.generation, gone.roles.len(), gone.scopes.len()), (1, 0, 0));
        assert_eq!(gone.deleted_at, Some(Timestamp::from_seconds(9)));
        let mut tombstone = user();
        tombstone.deleted_at = Some(Timestamp::from_seconds(1));
        let refused = apply(&tombstone, &UserChange::Enable, Timestamp::from_seconds(9));
        assert_eq!(refused, Err(ChangeRefused::Unknown));
    }

    #[test]
    fn a_hash_is_never_printed() {
        assert!(!format!("{:?}", user()).contains("old"));
    }
}
