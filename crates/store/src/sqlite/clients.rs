//! The clients' rows.

use async_trait::async_trait;
use countersign_engine::{
    clients::{Client, ClientChange, ClientKind},
    ids::ClientId,
    store::{Clients, Effects, Result, StoreError, Target, Timestamp},
};
use rusqlite::{Connection, Row, params, types::FromSqlError};

use super::{
    SqliteStore, events, revocations, sessions,
    statements::{all, execute, exists, optional, statements},
    values::{At, Json, Text},
    writer::Tx,
};

macro_rules! select_clients {
    ($clause:literal) => {
        concat!(
            "SELECT id, kind, secret_hash, audiences, scopes, disabled, created_at FROM clients ",
            $clause
        )
    };
}

statements! {
    FIND_CLIENT = select_clients!("WHERE id = ?1");
    LIST_CLIENTS = select_clients!("ORDER BY id");
    ID_TAKEN = "SELECT 1 FROM clients WHERE id = ?1";
    INSERT_CLIENT = "INSERT INTO clients (id, kind, secret_hash, audiences, scopes, disabled, \
        created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    UPDATE_SECRET = "UPDATE clients SET secret_hash = ?2 WHERE id = ?1";
    UPDATE_DISABLED = "UPDATE clients SET disabled = ?2 WHERE id = ?1";
    DELETE_CLIENT = "DELETE FROM clients WHERE id = ?1";
}

#[async_trait]
impl Clients for SqliteStore {
    async fn create_client(&self, client: &Client, effects: Effects) -> Result<bool> {
        let client = client.clone();
        self.write(move |tx| {
            if exists(tx, ID_TAKEN, [client.id.as_str()])? {
                return Ok(false);
            }
            insert(tx, &client)?;
            log(tx, &effects.events, &effects.revocations, client.created_at)?;
            Ok(true)
        })
        .await
    }

    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>> {
        self.read(|connection| find(connection, id))
    }

    async fn list_clients(&self) -> Result<Vec<Client>> {
        self.read(|connection| all(connection, LIST_CLIENTS, [], client_of))
    }

    async fn change_client(
        &self,
        id: &ClientId,
        change: &ClientChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Client>> {
        let (id, change) = (id.clone(), change.clone());
        self.write(move |tx| {
            if !apply(tx, &id, &change)? {
                return Ok(None);
            }
            log(tx, &effects.events, &effects.revocations, now)?;
            find(tx, &id)
        })
        .await
    }

    async fn delete_client(&self, id: &ClientId, effects: Effects, now: Timestamp) -> Result<bool> {
        let id = id.clone();
        self.write(move |tx| {
            if id.is_first_party() || execute(tx, DELETE_CLIENT, [id.as_str()])? == 0 {
                return Ok(false);
            }
            let ended = sessions::end_of_client(tx, id.as_str(), now)?;
            let of_session = |session: &_| Target::Session { id: ToString::to_string(session) };
            let mut targets = effects.revocations;
            targets.extend(ended.iter().map(of_session));
            log(tx, &effects.events, &targets, now)?;
            Ok(true)
        })
        .await
    }
}

fn find(connection: &Connection, id: &ClientId) -> Result<Option<Client>> {
    optional(connection, FIND_CLIENT, [id.as_str()], client_of)
}

fn log(
    tx: &Tx<'_>,
    events: &[countersign_engine::events::Event],
    targets: &[Target],
    now: Timestamp,
) -> Result<()> {
    events::log(tx, events)?;
    revocations::log(tx, targets, now)
}

fn insert(tx: &Tx<'_>, client: &Client) -> Result<()> {
    let row = params![
        client.id.as_str(),
        client.kind.as_str(),
        client.secret_hash,
        Json(&client.audiences),
        Json(&client.scopes),
        client.disabled,
        At(client.created_at),
    ];
    execute(tx, INSERT_CLIENT, row).map(drop)
}

/// Makes the change; whether there is such a client.
fn apply(tx: &Tx<'_>, id: &ClientId, change: &ClientChange) -> Result<bool> {
    let id = id.as_str();
    let changed = match change {
        ClientChange::Secret(hash) => execute(tx, UPDATE_SECRET, params![id, hash])?,
        ClientChange::Disable => execute(tx, UPDATE_DISABLED, params![id, true])?,
        ClientChange::Enable => execute(tx, UPDATE_DISABLED, params![id, false])?,
        _ => return Err(StoreError::unavailable("this change of a client is not known here")),
    };
    Ok(changed > 0)
}

fn client_of(row: &Row<'_>) -> rusqlite::Result<Client> {
    let kind = ClientKind::parse(row.get_ref(1)?.as_str()?).ok_or(FromSqlError::InvalidType)?;
    Ok(Client {
        id: row.get::<_, Text<_>>(0)?.0,
        kind,
        secret_hash: row.get(2)?,
        audiences: row.get::<_, Json<_>>(3)?.0,
        scopes: row.get::<_, Json<_>>(4)?.0,
        disabled: row.get(5)?,
        created_at: row.get::<_, At>(6)?.0,
    })
}
