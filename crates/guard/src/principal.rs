//! Who is asking: what a verified access token says.

use std::{sync::Arc, time::Duration};

use countersign_jose::Verified;

use crate::{Error, claims::AccessClaims, time::Timestamp};

/// A verified, unrevoked access token; cheap to clone. Only [`Guard::check`](crate::Guard::check)
/// makes one.
#[derive(Clone, Debug)]
pub struct Principal(Arc<Verified<AccessClaims>>);

impl Principal {
    pub(crate) fn new(verified: Arc<Verified<AccessClaims>>) -> Self {
        Self(verified)
    }

    /// The user id (`sub`).
    pub fn user_id(&self) -> &str {
        &self.claims().sub
    }

    /// The user name, where the token carries it.
    pub fn username(&self) -> Option<&str> {
        self.claims().preferred_username.as_deref()
    }

    /// The session (`sid`).
    pub fn session_id(&self) -> &str {
        &self.claims().sid
    }

    /// The client the token was issued to.
    pub fn client_id(&self) -> &str {
        &self.claims().client_id
    }

    /// The key that the signature was checked with, whatever the header says.
    pub fn key_id(&self) -> &str {
        self.0.key().kid()
    }

    /// When the user authenticated.
    pub fn auth_time(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims().auth_time)
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims().exp)
    }

    /// The scopes, in the token's order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims().scope.split(' ').filter(|scope| !scope.is_empty())
    }

    /// The roles.
    pub fn roles(&self) -> &[String] {
        &self.claims().roles
    }

    /// Every claim.
    pub fn claims(&self) -> &AccessClaims {
        self.0.claims()
    }

    /// Whether the token has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|held| held == scope)
    }

    /// Whether the token has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.claims().roles.iter().any(|held| held == role)
    }

    /// Demands every one of `scopes`.
    ///
    /// # Errors
    /// [`Error::Insufficient`] names those that are missing.
    pub fn require_scopes(&self, scopes: &[&str]) -> Result<(), Error> {
        demand(scopes, |scope| self.has_scope(scope), |missing| Error::Insufficient { missing })
    }

    /// Demands every one of `roles`.
    ///
    /// # Errors
    /// [`Error::LacksRole`] names those that are missing.
    pub fn require_roles(&self, roles: &[&str]) -> Result<(), Error> {
        demand(roles, |role| self.has_role(role), |missing| Error::LacksRole { missing })
    }

    /// Demands that the user authenticated at most `max_age` ago (RFC 9470).
    ///
    /// # Errors
    /// [`Error::AuthenticationTooOld`].
    pub fn require_auth_age(&self, max_age: Duration, now: Timestamp) -> Result<(), Error> {
        if self.auth_age(now) <= max_age {
            Ok(())
        } else {
            Err(Error::AuthenticationTooOld { max_age })
        }
    }

    /// How long ago the user authenticated.
    pub fn auth_age(&self, now: Timestamp) -> Duration {
        now.since(self.auth_time())
    }
}

fn demand(
    names: &[&str],
    holds: impl Fn(&str) -> bool,
    refuse: impl Fn(String) -> Error,
) -> Result<(), Error> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| !holds(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(refuse(missing.join(" "))) }
}
