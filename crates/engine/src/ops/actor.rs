//! Who administers. Every administrative operation takes one, and only a token with the scope for
//! it, the command line, or the program around the engine makes one: the check cannot be forgotten.

use countersign_guard::Principal;

use crate::{error::Result, events::Event, ids::Origin, scopes};

/// Somebody who may administer, as the audit log names them.
#[derive(Clone, Debug)]
pub struct Actor {
    name: String,
    origin: Origin,
}

impl Actor {
    /// The bearer of an access token with the scope [`scopes::ADMIN`].
    ///
    /// # Errors
    /// The guard's [`Insufficient`](countersign_guard::Error::Insufficient) without it.
    pub fn administrator(principal: &Principal, origin: &Origin) -> Result<Self> {
        principal.require_scopes(&[scopes::ADMIN])?;
        Ok(Self { name: principal.user_id().to_owned(), origin: origin.clone() })
    }

    /// Somebody at the command line of the machine that has the database.
    pub fn cli() -> Self {
        Self { name: "cli".to_owned(), origin: Origin::default() }
    }

    /// The program that the engine is embedded in, which may do what it likes anyway.
    pub fn application() -> Self {
        Self { name: "application".to_owned(), origin: Origin::default() }
    }

    /// How the audit log names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From where.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Event {
    /// Done by an administrator, from there.
    #[must_use]
    pub(crate) fn by(self, actor: &Actor) -> Self {
        self.actor(Some(actor.name())).origin(actor.origin())
    }
}
