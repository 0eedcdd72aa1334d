//! Importing users of another system.

use std::collections::BTreeSet;

use countersign::{
    engine::{
        Result,
        ops::import_users::{BATCH, ImportMode, ImportUser, ImportUsersRequest, Imported},
    },
    guard::time::Timestamp,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Answer, Call, shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportUsers {
    users: Vec<Row>,
    update: bool,
    dry_run: bool,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Option<String>,
    username: String,
    password: Option<SecretString>,
    password_hash: Option<SecretString>,
    email: Option<String>,
    roles: Option<BTreeSet<String>>,
    scopes: Option<BTreeSet<String>>,
    claims: Option<Map<String, Value>>,
    disabled: Option<bool>,
    /// Milliseconds since 1970.
    created_at: Option<i64>,
}

/// What became of a row.
#[derive(Serialize)]
struct Outcome {
    outcome: &'static str,
    id: Option<String>,
    field: Option<&'static str>,
    reason: Option<String>,
}

/// The users in their order, some hundreds a transaction. Where one fails, those before it are
/// written, and the same call made again is right.
pub(super) async fn import_users(call: &Call) -> Result<Answer> {
    let ImportUsers { users, update, dry_run, source } = call.arguments()?;
    let actor = call.actor()?;
    let mode = match (dry_run, update) {
        (false, false) => ImportMode::Add,
        (false, true) => ImportMode::Update,
        (true, false) => ImportMode::TryAdd,
        (true, true) => ImportMode::TryUpdate,
    };
    let mut outcomes = Vec::with_capacity(users.len());
    let mut users = users.into_iter().map(ImportUser::from);
    loop {
        let users: Vec<ImportUser> = users.by_ref().take(BATCH).collect();
        if users.is_empty() {
            return shown(&outcomes);
        }
        let request = ImportUsersRequest { users, mode, source: source.clone() };
        let imported = call.engine.import_users(request, &actor).await?;
        outcomes.extend(imported.into_iter().map(Outcome::from));
    }
}

impl From<Row> for ImportUser {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            username: row.username,
            password: row.password,
            password_hash: row.password_hash,
            email: row.email,
            roles: row.roles,
            scopes: row.scopes,
            claims: row.claims,
            disabled: row.disabled,
            created_at: row.created_at.map(Timestamp::from_millis),
        }
    }
}

impl From<Imported> for Outcome {
    fn from(imported: Imported) -> Self {
        let refusal = imported.refusal();
        let (outcome, id) = match imported {
            Imported::Added(id) => ("added", Some(id)),
            Imported::Same(id) => ("same", Some(id)),
            Imported::Updated(id) => ("updated", Some(id)),
            _ => ("refused", None),
        };
        Self {
            outcome,
            id: id.map(String::from),
            field: refusal.as_ref().and_then(|refusal| refusal.field),
            reason: refusal.map(|refusal| refusal.reason),
        }
    }
}
