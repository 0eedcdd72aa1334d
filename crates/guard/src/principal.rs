//! Who is asking: what a verified access token says.

use std::{sync::Arc, time::Duration};

use countersign_jose::{NumericDate, Verified};
use serde::de::DeserializeOwned;

use crate::{Error, access::Access, time::Timestamp};

/// A verified, unrevoked access token; cheap to clone. Only [`Guard::check`](crate::Guard::check)
/// makes one.
#[derive(Clone, Debug)]
pub struct Principal(Arc<Verified<Access>>);

impl Principal {
    pub(crate) fn new(verified: Arc<Verified<Access>>) -> Self {
        Self(verified)
    }

    /// The user id (`sub`).
    pub fn user_id(&self) -> &str {
        self.access().user_id()
    }

    /// The user name, where the token carries it.
    pub fn username(&self) -> Option<&str> {
        self.access().username()
    }

    /// The session (`sid`).
    pub fn session_id(&self) -> &str {
        self.access().session_id()
    }

    /// The token's own id (`jti`).
    pub fn token_id(&self) -> &str {
        self.access().token_id()
    }

    /// The client the token was issued to.
    pub fn client_id(&self) -> &str {
        self.access().client_id()
    }

    /// The one audience of the token.
    pub fn audience(&self) -> &str {
        self.access().claims().aud().next().unwrap_or_default()
    }

    /// The issuer of the token.
    pub fn issuer(&self) -> &str {
        self.access().claims().iss().unwrap_or_default()
    }

    /// The key that the signature was checked with, whatever the header says.
    pub fn key_id(&self) -> &str {
        self.0.key().kid()
    }

    /// The user's generation when the token was issued.
    pub fn generation(&self) -> u32 {
        self.access().generation()
    }

    /// When the user authenticated.
    pub fn auth_time(&self) -> Timestamp {
        Timestamp::from_seconds(self.access().auth_time())
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> Timestamp {
        date(self.access().claims().iat())
    }

    /// When the token expires.
    pub fn expires_at(&self) -> Timestamp {
        date(self.access().claims().exp())
    }

    /// The scopes, separated by spaces (RFC 8693 4.2).
    pub fn scope(&self) -> &str {
        self.access().scope()
    }

    /// The scopes, in the token's order.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope().split(' ').filter(|scope| !scope.is_empty())
    }

    /// The roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.access().roles()
    }

    /// A claim of any type, a custom one for example; `None` when it is absent.
    ///
    /// # Errors
    /// When the claim is not a `T`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        Ok(self.access().claims().get(name)?)
    }

    /// Every claim, as the JSON object that was signed.
    pub fn raw_claims(&self) -> &str {
        self.access().claims().raw_json()
    }

    fn access(&self) -> &Access {
        self.0.claims()
    }

    /// Whether the token has the scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|held| held == scope)
    }

    /// Whether the token has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|held| held == role)
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

/// No token is accepted without the date.
fn date(date: Option<NumericDate>) -> Timestamp {
    Timestamp::from_seconds(date.map_or(0, NumericDate::seconds))
}

fn demand(
    names: &[&str],
    holds: impl Fn(&str) -> bool,
    refuse: impl Fn(String) -> Error,
) -> Result<(), Error> {
    let missing: Vec<&str> = names.iter().copied().filter(|name| !holds(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(refuse(missing.join(" "))) }
}
