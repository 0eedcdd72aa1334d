//! Registered clients: resource servers and applications.

use std::collections::BTreeSet;

use countersign_guard::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::ClientId;

/// What a client is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientKind {
    /// A service that verifies tokens; may introspect and follow revocations.
    ResourceServer,
    /// An application that cannot keep a secret (RFC 6749 2.1).
    Public,
    /// An application that can.
    Confidential,
}

impl ClientKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::ResourceServer, Self::Public, Self::Confidential];

    /// The kind as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourceServer => "resource_server",
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }

    /// The kind stored as `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it has a secret.
    pub const fn has_secret(self) -> bool {
        !matches!(self, Self::Public)
    }
}

/// One client's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// The id.
    pub id: ClientId,
    /// What it is.
    pub kind: ClientKind,
    /// SHA-256 of its secret. The secret has 256 random bits, so a plain hash keeps it
    /// (ASVS 6.5.2).
    pub secret_hash: Option<[u8; 32]>,
    /// The audiences it may ask about.
    pub audiences: BTreeSet<String>,
    /// The scopes it may have.
    pub scopes: BTreeSet<String>,
    /// May do nothing for now.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One change of a client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientChange {
    /// Another secret.
    Secret([u8; 32]),
    /// May do nothing for now.
    Disable,
    /// May work again.
    Enable,
}
