//! Clients: adding, changing and deleting them.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign_guard::revocation::Target;
use secrecy::{ExposeSecret, SecretString};

use super::{actor::Actor, refresh::sha256};
use crate::{
    clients::{Client, ClientChange, ClientKind},
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::ClientId,
    names::check_scopes,
    random,
    store::Effects,
};

/// A client to add.
#[derive(Clone, Debug)]
pub struct AddClientRequest {
    /// The id.
    pub id: String,
    /// What it is.
    pub kind: ClientKind,
    /// The audiences it may ask about; none is all configured ones.
    pub audiences: BTreeSet<String>,
    /// The scopes it may have.
    pub scopes: BTreeSet<String>,
}

impl Engine {
    /// All clients.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_clients(&self) -> Result<Vec<Client>> {
        Ok(self.0.store.list_clients().await?)
    }

    /// One client.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn client(&self, id: &str) -> Result<Client> {
        let id = parse_id(id)?;
        self.0.store.find_client(&id).await?.ok_or(Error::NotFound { what: "client" })
    }

    /// Adds a client. Its secret, if it has one, is answered once and kept nowhere.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the id is taken, [`Error::Invalid`], [`Error::InvalidScope`].
    pub async fn add_client(
        &self,
        request: AddClientRequest,
        actor: &Actor,
    ) -> Result<(Client, Option<SecretString>)> {
        let id: ClientId = request.id.parse().map_err(|error: crate::ids::InvalidId| {
            Error::invalid("id", format!("A client id has {}.", error.rule))
        })?;
        check_scopes(&request.scopes)?;
        let audiences = self.client_audiences(request.audiences)?;
        let secret = request.kind.has_secret().then(|| self.new_secret());
        let client = Client {
            id,
            kind: request.kind,
            secret_hash: secret.as_ref().and_then(hash),
            audiences,
            scopes: request.scopes,
            disabled: false,
            created_at: self.now(),
        };
        let event = self.client_event(EventKind::ClientAdded, &client.id, actor);
        let engine = self.clone();
        to_the_end(async move {
            if !engine.0.store.create_client(&client, Effects::event(event.clone())).await? {
                return Err(Error::Conflict { reason: "There is a client of this id." });
            }
            engine.publish(event);
            Ok((client, secret))
        })
        .await
    }

    /// Gives a client another secret; the old one is dead at once.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for a client without one.
    pub async fn rotate_client_secret(&self, id: &str, actor: &Actor) -> Result<SecretString> {
        let client = self.client(id).await?;
        let secret = self.new_secret();
        let (true, Some(hash)) = (client.kind.has_secret(), hash(&secret)) else {
            return Err(Error::invalid("id", "A public client has no secret."));
        };
        let change = ClientChange::Secret(hash);
        self.change_client(&client.id, change, EventKind::ClientRotated, actor, None).await?;
        Ok(secret)
    }

    /// Disables a client: it can do nothing, and its access tokens are refused.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for the reserved first party.
    pub async fn disable_client(&self, id: &str, actor: &Actor) -> Result<Client> {
        let id = changeable(id)?;
        let target = Target::Client { id: id.as_str().to_owned(), disabled: true };
        let kind = EventKind::ClientDisabled;
        self.change_client(&id, ClientChange::Disable, kind, actor, Some(target)).await
    }

    /// Enables a client again.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn enable_client(&self, id: &str, actor: &Actor) -> Result<Client> {
        let id = changeable(id)?;
        let target = Target::Client { id: id.as_str().to_owned(), disabled: false };
        let kind = EventKind::ClientEnabled;
        self.change_client(&id, ClientChange::Enable, kind, actor, Some(target)).await
    }

    /// Deletes a client; its sessions end and its access tokens are refused.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for the reserved first party.
    pub async fn delete_client(&self, id: &str, actor: &Actor) -> Result<()> {
        let id = changeable(id)?;
        let target = Target::Client { id: id.as_str().to_owned(), disabled: true };
        let event = self.client_event(EventKind::ClientDeleted, &id, actor);
        let engine = self.clone();
        to_the_end(async move { engine.delete_client_now(&id, target, event).await }).await
    }

    async fn delete_client_now(&self, id: &ClientId, target: Target, event: Event) -> Result<()> {
        let effects = Effects::event(event.clone()).revoking(target.clone());
        let write = self.0.store.delete_client(id, effects, self.now());
        if !self.revoking(&[target], |deleted| *deleted, write).await? {
            return Err(Error::NotFound { what: "client" });
        }
        self.publish(event);
        Ok(())
    }

    async fn change_client(
        &self,
        id: &ClientId,
        change: ClientChange,
        kind: EventKind,
        actor: &Actor,
        target: Option<Target>,
    ) -> Result<Client> {
        let event = self.client_event(kind, id, actor);
        let (engine, id) = (self.clone(), id.clone());
        to_the_end(async move { engine.change_client_now(&id, change, event, target).await }).await
    }

    async fn change_client_now(
        &self,
        id: &ClientId,
        change: ClientChange,
        event: Event,
        target: Option<Target>,
    ) -> Result<Client> {
        let mut effects = Effects::event(event.clone());
        effects.revocations.extend(target.clone());
        let write = self.0.store.change_client(id, &change, effects, self.now());
        let changed = self.revoking(target.as_slice(), Option::is_some, write).await?;
        let client = changed.ok_or(Error::NotFound { what: "client" })?;
        self.publish(event);
        Ok(client)
    }

    fn client_event(&self, kind: EventKind, id: &ClientId, actor: &Actor) -> Event {
        Event::new(kind, self.now()).client(id).by(actor)
    }

    fn client_audiences(&self, asked: BTreeSet<String>) -> Result<BTreeSet<String>> {
        let own = &self.0.config.audiences;
        if asked.is_empty() {
            return Ok(own.iter().cloned().collect());
        }
        if asked.iter().all(|audience| own.contains(audience)) {
            Ok(asked)
        } else {
            Err(Error::invalid("audiences", "Each is one of the configured audiences."))
        }
    }

    /// 256 random bits.
    fn new_secret(&self) -> SecretString {
        let bits: [u8; 32] = random::bytes(self.0.random.as_ref());
        format!("cs_cs_{}", BASE64_URL_SAFE_NO_PAD.encode(bits)).into()
    }
}

fn hash(secret: &SecretString) -> Option<[u8; 32]> {
    sha256(secret.expose_secret().as_bytes())
}

fn parse_id(id: &str) -> Result<ClientId> {
    id.parse().map_err(|_| Error::NotFound { what: "client" })
}

fn changeable(id: &str) -> Result<ClientId> {
    let id = parse_id(id)?;
    if id.is_first_party() {
        return Err(Error::invalid("id", "The first party is built in and stays as it is."));
    }
    Ok(id)
}
