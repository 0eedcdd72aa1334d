//! Administration of clients.

use std::collections::BTreeSet;

use countersign::{
    engine::{Result, clients::ClientKind, ops::clients::AddClientRequest},
    http::schemas::{ClientBody, ClientListBody, ClientSecretBody},
};
use serde::Deserialize;

use super::{Answer, Call, done, shown};

pub(super) async fn list_clients(call: &Call) -> Result<Answer> {
    call.actor()?;
    shown(&ClientListBody::from(call.engine.list_clients().await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
}

pub(super) async fn client(call: &Call) -> Result<Answer> {
    call.actor()?;
    let Named { id } = call.arguments()?;
    shown(&ClientBody::from(call.engine.client(&id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddClient {
    id: String,
    kind: ClientKind,
    #[serde(default)]
    audiences: BTreeSet<String>,
    #[serde(default)]
    scopes: BTreeSet<String>,
}

pub(super) async fn add_client(call: &Call) -> Result<Answer> {
    let AddClient { id, kind, audiences, scopes } = call.arguments()?;
    let request = AddClientRequest { id, kind, audiences, scopes };
    let (client, secret) = call.engine.add_client(request, &call.actor()?).await?;
    shown(&ClientSecretBody::new(client.id.as_str().to_owned(), secret.as_ref()))
}

pub(super) async fn rotate_client_secret(call: &Call) -> Result<Answer> {
    let Named { id } = call.arguments()?;
    let secret = call.engine.rotate_client_secret(&id, &call.actor()?).await?;
    shown(&ClientSecretBody::new(id, Some(&secret)))
}

pub(super) async fn disable_client(call: &Call) -> Result<Answer> {
    let Named { id } = call.arguments()?;
    shown(&ClientBody::from(call.engine.disable_client(&id, &call.actor()?).await?))
}

pub(super) async fn enable_client(call: &Call) -> Result<Answer> {
    let Named { id } = call.arguments()?;
    shown(&ClientBody::from(call.engine.enable_client(&id, &call.actor()?).await?))
}

pub(super) async fn delete_client(call: &Call) -> Result<Answer> {
    let Named { id } = call.arguments()?;
    done(call.engine.delete_client(&id, &call.actor()?).await?)
}
