//! What is printed of users, sessions, clients and keys. The JSON is that of the HTTP surface.

use std::collections::BTreeSet;

use countersign::engine::{
    clients::Client, keys::KeyState, ops::keys::KeyView, sessions::Session, users::User,
};
use countersign::guard::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::Row;

/// RFC 3339 in UTC, with milliseconds.
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(instant.millis()) {
        Ok(instant) => format!("{instant:.3}"),
        Err(_) => format!("{:.3}", jiff::Timestamp::MAX),
    }
}

/// The same to the second, for people.
fn short(instant: &str) -> String {
    let seconds = instant.split('.').next().unwrap_or(instant);
    format!("{}Z", seconds.replace('T', " "))
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// A user.
#[derive(Debug, Serialize)]
pub(crate) struct UserRow {
    id: String,
    username: Option<String>,
    email: Option<String>,
    disabled: bool,
    roles: BTreeSet<String>,
    scopes: BTreeSet<String>,
    claims: Map<String, Value>,
    generation: u32,
    has_password: bool,
    created_at: String,
}

impl From<User> for UserRow {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_str().to_owned(),
            username: user.username,
            email: user.email,
            disabled: user.disabled,
            roles: user.roles,
            scopes: user.scopes,
            claims: user.claims,
            generation: user.generation,
            has_password: user.password_hash.is_some(),
            created_at: rfc3339(user.created_at),
        }
    }
}

impl Row for UserRow {
    const HEADER: &'static [&'static str] =
        &["USERNAME", "ID", "STATE", "ROLES", "SCOPES", "EMAIL", "CREATED"];

    fn cells(&self) -> Vec<String> {
        let state = match (self.disabled, self.has_password) {
            (true, _) => "disabled",
            (false, true) => "active",
            (false, false) => "no password",
        };
        vec![
            self.username.clone().unwrap_or_default(),
            self.id.clone(),
            state.to_owned(),
            joined(&self.roles),
            joined(&self.scopes),
            self.email.clone().unwrap_or_default(),
            short(&self.created_at),
        ]
    }
}

/// A live session.
#[derive(Debug, Serialize)]
pub(crate) struct SessionRow {
    id: String,
    client_id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    device: Option<String>,
}

impl From<Session> for SessionRow {
    fn from(session: Session) -> Self {
        let expires_at = session.idle_expires_at.min(session.absolute_expires_at);
        Self {
            id: session.id.to_string(),
            client_id: session.client_id.as_str().to_owned(),
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.rotated_at),
            expires_at: rfc3339(expires_at),
            device: session.device,
        }
    }
}

impl Row for SessionRow {
    const HEADER: &'static [&'static str] =
        &["ID", "CLIENT", "CREATED", "LAST USED", "EXPIRES", "DEVICE"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.client_id.clone(),
            short(&self.created_at),
            short(&self.last_used_at),
            short(&self.expires_at),
            self.device.clone().unwrap_or_default(),
        ]
    }
}

/// A client.
#[derive(Debug, Serialize)]
pub(crate) struct ClientRow {
    id: String,
    kind: &'static str,
    audiences: BTreeSet<String>,
    scopes: BTreeSet<String>,
    disabled: bool,
    created_at: String,
    #[serde(skip)]
    built_in: bool,
}

impl From<Client> for ClientRow {
    fn from(client: Client) -> Self {
        Self {
            built_in: client.id.is_first_party(),
            id: client.id.as_str().to_owned(),
            kind: client.kind.as_str(),
            audiences: client.audiences,
            scopes: client.scopes,
            disabled: client.disabled,
            created_at: rfc3339(client.created_at),
        }
    }
}

impl Row for ClientRow {
    const HEADER: &'static [&'static str] =
        &["ID", "KIND", "STATE", "AUDIENCES", "SCOPES", "CREATED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.kind.to_owned(),
            if self.disabled { "disabled".into() } else { "active".into() },
            joined(&self.audiences),
            joined(&self.scopes),
            if self.built_in { "built in".into() } else { short(&self.created_at) },
        ]
    }
}

/// A signing key.
#[derive(Debug, Serialize)]
pub(crate) struct KeyRow {
    kid: String,
    algorithm: String,
    state: KeyState,
    published_at: String,
    signs_from: String,
    verifies_until: Option<String>,
    compromised_at: Option<String>,
}

impl From<KeyView> for KeyRow {
    fn from(key: KeyView) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            state: key.state,
            published_at: rfc3339(key.published_at),
            signs_from: rfc3339(key.signs_from),
            verifies_until: key.verifies_until.map(rfc3339),
            compromised_at: key.compromised_at.map(rfc3339),
        }
    }
}

impl Row for KeyRow {
    const HEADER: &'static [&'static str] =
        &["KID", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL"];

    fn cells(&self) -> Vec<String> {
        let state = match self.state {
            KeyState::Next => "next",
            KeyState::Signing => "signing",
            KeyState::Verifying => "verifying",
            KeyState::Retired => "retired",
            KeyState::Compromised => "compromised",
            _ => "other",
        };
        vec![
            self.kid.clone(),
            self.algorithm.clone(),
            state.to_owned(),
            short(&self.signs_from),
            self.verifies_until.as_deref().map(short).unwrap_or_default(),
        ]
    }
}
