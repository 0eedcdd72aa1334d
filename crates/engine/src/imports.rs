//! Importing a user: what becomes of a row that another system wrote.
//!
//! [`decide`] is the one place that says it. Stores look for the user under a lock, call it, and write
//! what it answers; so an import that is run again finds its own work and leaves it alone.

use std::collections::BTreeSet;

use countersign_guard::time::Timestamp;
use serde_json::{Map, Value};

use crate::{
    events::{Event, EventKind},
    ids::UserId,
    users::{PasswordHash, User, UserChange},
};

/// A user as another system had it. What is `None` the source does not say: a new user goes without,
/// and a present one keeps its own.
#[derive(Clone, Debug, PartialEq)]
pub struct UserImport {
    /// The id that the source names.
    pub id: Option<UserId>,
    /// The id of a new user otherwise.
    pub fresh_id: UserId,
    /// The canonical name.
    pub username: String,
    /// The password hash, of a form that can be verified.
    pub password_hash: Option<PasswordHash>,
    /// The e-mail address.
    pub email: Option<String>,
    /// All roles.
    pub roles: Option<BTreeSet<String>>,
    /// All scopes.
    pub scopes: Option<BTreeSet<String>>,
    /// All custom claims.
    pub claims: Option<Map<String, Value>>,
    /// Whether the user may not log in.
    pub disabled: Option<bool>,
    /// When the account was made; only for a new user.
    pub created_at: Timestamp,
    /// How a hash of this service's own present cost begins. Where such a one stands and the source
    /// has another, the owner has logged in or chosen a new password since, and that counts.
    pub own_hashes: String,
    /// Who imports, as the audit log names them.
    pub actor: String,
    /// From what, as the audit log says it.
    pub source: String,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ImportDecision {
    /// A new user.
    Add(Box<User>, Box<Event>),
    /// The user is there, and all that the source says is so.
    Same(UserId),
    /// The user is there; these changes make it what the source says.
    Change(UserId, Vec<(UserChange, Event)>),
    /// The user is there, and differs in this; nothing is written.
    Different(UserId, Vec<&'static str>),
    /// It cannot be that user; nothing is written.
    Refused(ImportRefused),
}

/// Why a row cannot be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportRefused {
    /// Another user has the id.
    #[error("the id is another user's")]
    IdTaken,
    /// Another user has the name.
    #[error("the name is another user's, of another id")]
    NameTaken,
    /// The id was deleted, and ids never return.
    #[error("a user of this id was deleted, and ids never return")]
    Deleted,
}

/// Says what becomes of `import`, where `by_id` has its id (the fresh one when the source names none)
/// and `by_name` its name. With `update` a user that differs is changed.
pub fn decide(
    import: &UserImport,
    by_id: Option<&User>,
    by_name: Option<&User>,
    update: bool,
    now: Timestamp,
) -> ImportDecision {
    let present = match (by_id, by_name) {
        (Some(user), _) if user.deleted_at.is_some() => {
            return ImportDecision::Refused(ImportRefused::Deleted);
        }
        (Some(user), _) if user.username.as_deref() != Some(&import.username) => {
            return ImportDecision::Refused(ImportRefused::IdTaken);
        }
        (Some(user), _) => user,
        (None, Some(_)) if import.id.is_some() => {
            return ImportDecision::Refused(ImportRefused::NameTaken);
        }
        (None, Some(user)) => user,
        (None, None) => return add(import, now),
    };
    let changes = import.changes(present);
    if changes.is_empty() {
        return ImportDecision::Same(present.id.clone());
    }
    if !update {
        let fields = changes.iter().map(|(field, ..)| *field).collect();
        return ImportDecision::Different(present.id.clone(), fields);
    }
    let with_event = |(_, change, kind)| (change, import.event(kind, &present.id, now));
    ImportDecision::Change(present.id.clone(), changes.into_iter().map(with_event).collect())
}

fn add(import: &UserImport, now: Timestamp) -> ImportDecision {
    let id = import.id.as_ref().unwrap_or(&import.fresh_id).clone();
    let mut user = User::new(id, import.created_at);
    user.username = Some(import.username.clone());
    user.password_hash.clone_from(&import.password_hash);
    user.email.clone_from(&import.email);
    user.roles = import.roles.clone().unwrap_or_default();
    user.scopes = import.scopes.clone().unwrap_or_default();
    user.claims = import.claims.clone().unwrap_or_default();
    user.disabled = import.disabled.unwrap_or_default();
    let event = import.event(EventKind::AccountAdded, &user.id, now);
    ImportDecision::Add(Box::new(user), Box::new(event))
}

impl UserImport {
    fn event(&self, kind: EventKind, user: &UserId, now: Timestamp) -> Event {
        let event = Event::new(kind, now).user(user).actor(Some(&self.actor));
        event.detail("import", self.source.as_str())
    }

    /// In what the source and a present user differ, and what would change that.
    fn changes(&self, user: &User) -> Vec<(&'static str, UserChange, EventKind)> {
        let mut changes = Vec::new();
        if self.email.is_some() && self.email != user.email {
            let change = UserChange::Email(self.email.clone());
            changes.push(("email", change, EventKind::AccountEmailChanged));
        }
        if let Some(new) = self.password_hash.as_ref().filter(|new| self.is_news(new, user)) {
            let change = UserChange::Password { expected: None, new: new.clone() };
            changes.push(("password", change, EventKind::AccountPasswordChanged));
        }
        if let Some(roles) = self.roles.as_ref().filter(|roles| **roles != user.roles) {
            let change = UserChange::Roles(roles.clone());
            changes.push(("roles", change, EventKind::AccountGrantsChanged));
        }
        if let Some(scopes) = self.scopes.as_ref().filter(|scopes| **scopes != user.scopes) {
            let change = UserChange::Scopes(scopes.clone());
            changes.push(("scopes", change, EventKind::AccountGrantsChanged));
        }
        if let Some(claims) = self.claims.as_ref().filter(|claims| **claims != user.claims) {
            let change = UserChange::Claims(claims.clone());
            changes.push(("claims", change, EventKind::AccountClaimsChanged));
        }
        match self.disabled {
            Some(true) if !user.disabled => {
                changes.push(("disabled", UserChange::Disable, EventKind::AccountDisabled));
            }
            Some(false) if user.disabled => {
                changes.push(("disabled", UserChange::Enable, EventKind::AccountEnabled));
            }
            _ => {}
        }
        changes
    }

    /// Whether a hash of the source should stand instead of the user's.
    fn is_news(&self, new: &PasswordHash, user: &User) -> bool {
        let own = |hash: &PasswordHash| hash.expose().starts_with(&self.own_hashes);
        match &user.password_hash {
            Some(held) if held == new => false,
            Some(held) => own(new) || !own(held),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(9);
    const OWN: &str = "$argon2id$v=19$m=64,t=1,p=1$";

    fn import() -> UserImport {
        UserImport {
            id: None,
            fresh_id: "fresh".parse().unwrap(),
            username: "ada".into(),
            password_hash: Some(PasswordHash::new("$2b$old")),
            email: Some("ada@x".into()),
            roles: Some(["clerk".to_owned()].into()),
            scopes: None,
            claims: None,
            disabled: None,
            created_at: Timestamp::from_seconds(1),
            own_hashes: OWN.into(),
            actor: "cli".into(),
            source: "users.csv".into(),
        }
    }

    fn added(import: &UserImport) -> User {
        let ImportDecision::Add(user, event) = decide(import, None, None, false, NOW) else {
            panic!("it is new");
        };
        assert_eq!(event.detail["import"], "users.csv");
        *user
    }

    fn again(import: &UserImport, user: &User, update: bool) -> ImportDecision {
        let by_id = import.id.as_ref().map(|_| user);
        decide(import, by_id, Some(user), update, NOW)
    }

    #[test]
    fn what_was_imported_is_the_same_when_it_comes_again() {
        for id in [None, Some("u1".parse().unwrap())] {
            let import = UserImport { id, ..import() };
            let user = added(&import);
            let same = ImportDecision::Same(user.id.clone());
            assert_eq!(again(&import, &user, false), same);
            assert_eq!(again(&import, &user, true), same);
            // What the source does not say is not compared.
            let richer = User { scopes: ["read".to_owned()].into(), disabled: true, ..user };
            assert_eq!(again(&import, &richer, false), ImportDecision::Same(richer.id.clone()));
        }
    }

    #[test]
    fn a_log_in_since_is_no_difference_and_never_undone() {
        let user = added(&import());
        let upgraded = PasswordHash::new(format!("{OWN}salt$tag"));
        let user = User { password_hash: Some(upgraded), ..user };
        for update in [false, true] {
            assert_eq!(again(&import(), &user, update), ImportDecision::Same(user.id.clone()));
        }
    }

    #[test]
    fn a_difference_is_named_and_changed_only_when_asked() {
        let user = added(&import());
        let other = UserImport {
            password_hash: Some(PasswordHash::new("$2b$new")),
            email: Some("other@x".into()),
            roles: Some(BTreeSet::new()),
            disabled: Some(true),
            ..import()
        };
        let fields = vec!["email", "password", "roles", "disabled"];
        let different = ImportDecision::Different(user.id.clone(), fields);
        assert_eq!(again(&other, &user, false), different);
        let ImportDecision::Change(id, changes) = again(&other, &user, true) else { panic!() };
        assert_eq!((id, changes.len()), (user.id, 4));
    }

    #[test]
    fn ids_and_names_are_never_mixed_up() {
        let ada = added(&import());
        let named = UserImport { id: Some("u9".parse().unwrap()), ..import() };
        let refused = |by_id, by_name| match decide(&named, by_id, by_name, true, NOW) {
            ImportDecision::Refused(refused) => refused,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(None, Some(&ada)), ImportRefused::NameTaken);
        let other = User { username: Some("bob".into()), ..ada.clone() };
        assert_eq!(refused(Some(&other), None), ImportRefused::IdTaken);
        let nameless = User { username: None, ..ada.clone() };
        assert_eq!(refused(Some(&nameless), None), ImportRefused::IdTaken);
        let gone = User { username: None, deleted_at: Some(NOW), ..ada.clone() };
        assert_eq!(refused(Some(&gone), None), ImportRefused::Deleted);
    }
}
