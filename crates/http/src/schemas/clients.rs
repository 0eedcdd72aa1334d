//! Registered clients.

use std::{collections::BTreeSet, fmt};

use countersign_engine::clients::{Client, ClientKind};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::rfc3339;

/// A new client.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewClient)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddClientBody {
    /// 1 to 64 of `a-z 0-9 -`, starting with a letter.
    #[schema(example = "reports-api")]
    pub(crate) id: String,
    /// `resource_server`, `public` or `confidential`.
    #[schema(value_type = String, example = "resource_server")]
    pub(crate) kind: ClientKind,
    /// The audiences that it may ask about.
    #[serde(default)]
    #[schema(example = json!(["api"]))]
    pub(crate) audiences: BTreeSet<String>,
    #[serde(default)]
    pub(crate) scopes: BTreeSet<String>,
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientBody {
    #[schema(example = "reports-api")]
    id: String,
    #[schema(example = "resource_server")]
    kind: &'static str,
    #[schema(example = json!(["api"]))]
    audiences: BTreeSet<String>,
    scopes: BTreeSet<String>,
    disabled: bool,
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    created_at: String,
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        Self {
            id: client.id.as_str().to_owned(),
            kind: client.kind.as_str(),
            audiences: client.audiences,
            scopes: client.scopes,
            disabled: client.disabled,
            created_at: rfc3339(client.created_at),
        }
    }
}

/// All clients.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientList)]
pub struct ClientListBody {
    clients: Vec<ClientBody>,
}

impl From<Vec<Client>> for ClientListBody {
    fn from(clients: Vec<Client>) -> Self {
        Self { clients: clients.into_iter().map(Into::into).collect() }
    }
}

/// A client's secret, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub struct ClientSecretBody {
    #[schema(example = "reports-api")]
    client_id: String,
    /// Absent for a public client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// Never shows the secret.
impl fmt::Debug for ClientSecretBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = &mut formatter.debug_struct("ClientSecretBody");
        body.field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl ClientSecretBody {
    /// The secret of the client, if it has one.
    pub fn new(client_id: String, secret: Option<&SecretString>) -> Self {
        let client_secret = secret.map(|secret| secret.expose_secret().to_owned());
        Self { client_id, client_secret }
    }
}
