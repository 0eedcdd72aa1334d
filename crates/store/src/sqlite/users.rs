//! The users' rows.

use async_trait::async_trait;
use countersign_engine::{
    events::Event,
    ids::UserId,
    imports::{ImportDecision, UserImport, decide},
    sessions::Session,
    store::{
        ChangeUserOutcome, CreateUserOutcome, Effects, ImportOutcome, LoginRecord, NetworkHash,
        Result, StoreError, Timestamp, UserPage, Users,
    },
    users::{Applied, ChangeRefused, PasswordHash, User, UserChange, apply},
};
use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore, events, meta, revocations, sessions,
    statements::{all, execute, exists, optional, statements},
    values::{At, Json, Text, rows},
    writer::Tx,
};

macro_rules! select_users {
    ($clause:literal) => {
        concat!(
            "SELECT id, username, email, password_hash, disabled, deleted_at, generation, roles, ",
            "scopes, claims, created_at, networks FROM users ",
            $clause
        )
    };
}

statements! {
    FIND_USER = select_users!("WHERE id = ?1");
    FIND_LOGIN = select_users!("WHERE username = ?1");
    LIST_USERS = select_users!(
        "WHERE id > ?1 AND deleted_at IS NULL AND (?2 IS NULL OR instr(username, ?2) > 0) \
         ORDER BY id LIMIT ?3"
    );
    ID_TAKEN = "SELECT 1 FROM users WHERE id = ?1";
    NAME_TAKEN = "SELECT 1 FROM users WHERE username = ?1";
    INSERT_USER = "INSERT INTO users (id, username, email, password_hash, disabled, deleted_at, \
        generation, roles, scopes, claims, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    UPDATE_USER = "UPDATE users SET username = ?2, email = ?3, password_hash = ?4, disabled = ?5, \
        deleted_at = ?6, generation = ?7, roles = ?8, scopes = ?9, claims = ?10 WHERE id = ?1";
    UPDATE_PASSWORD = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
    UPDATE_NETWORKS = "UPDATE users SET networks = ?2 WHERE id = ?1";
}

#[async_trait]
impl Users for SqliteStore {
    async fn create_user(&self, user: &User, effects: Effects) -> Result<CreateUserOutcome> {
        let user = user.clone();
        self.write(move |tx| {
            if exists(tx, ID_TAKEN, [user.id.as_str()])? {
                return Ok(CreateUserOutcome::IdTaken);
            }
            if user.username.is_some() && exists(tx, NAME_TAKEN, [&user.username])? {
                return Ok(CreateUserOutcome::UsernameTaken);
            }
            insert(tx, &user)?;
            events::log(tx, &effects.events)?;
            revocations::log(tx, &effects.revocations, user.created_at)?;
            Ok(CreateUserOutcome::Created)
        })
        .await
    }

    async fn find_user(&self, id: &UserId) -> Result<Option<User>> {
        self.read(|connection| Ok(find(connection, id)?.map(|record| record.user)))
    }

    async fn find_login(&self, username: &str) -> Result<Option<LoginRecord>> {
        self.read(|connection| optional(connection, FIND_LOGIN, [username], record_of))
    }

    async fn list_users(
        &self,
        after: Option<&UserId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<UserPage> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let search = search.map(str::to_owned);
        self.scan(move |connection| {
            let wanted = params![after, search, rows(limit.saturating_add(1))];
            let mut users = all(connection, LIST_USERS, wanted, |row| Ok(record_of(row)?.user))?;
            let more = users.len() > limit;
            users.truncate(limit);
            Ok(UserPage { users, more })
        })
        .await
    }

    async fn change_user(
        &self,
        id: &UserId,
        change: &UserChange,
        open: Option<Session>,
        effects: Effects,
        now: Timestamp,
    ) -> Result<ChangeUserOutcome> {
        let (id, change) = (id.clone(), change.clone());
        self.write(move |tx| change_user(tx, &id, &change, open.as_ref(), effects, now)).await
    }

    async fn import_users(
        &self,
        imports: &[UserImport],
        update: bool,
        now: Timestamp,
    ) -> Result<Vec<ImportOutcome>> {
        let imports = imports.to_vec();
        self.write(move |tx| {
            meta::require(tx)?;
            imports.iter().map(|import| import_user(tx, import, update, now)).collect()
        })
        .await
    }
}

fn change_user(
    tx: &Tx<'_>,
    id: &UserId,
    change: &UserChange,
    open: Option<&Session>,
    effects: Effects,
    now: Timestamp,
) -> Result<ChangeUserOutcome> {
    let Some(record) = find(tx, id)? else {
        return Ok(ChangeUserOutcome::Refused(ChangeRefused::Unknown));
    };
    let applied = match apply(&record.user, change, now) {
        Ok(applied) => applied,
        Err(refused) => return Ok(ChangeUserOutcome::Refused(refused)),
    };
    // Disabled in between: the one who proved the password gets no session any more.
    if open.is_some() && !applied.user.is_active() {
        return Ok(ChangeUserOutcome::Refused(ChangeRefused::Unknown));
    }
    write(tx, applied, open, effects, now)
}

fn import_user(
    tx: &Tx<'_>,
    import: &UserImport,
    update: bool,
    now: Timestamp,
) -> Result<ImportOutcome> {
    let by_id = find(tx, import.id.as_ref().unwrap_or(&import.fresh_id))?;
    let by_name = optional(tx, FIND_LOGIN, [&import.username], record_of)?;
    let (by_id, by_name) = (by_id.map(|found| found.user), by_name.map(|found| found.user));
    Ok(match decide(import, by_id.as_ref(), by_name.as_ref(), update, now) {
        ImportDecision::Add(user, event) => {
            insert(tx, &user)?;
            events::log(tx, std::slice::from_ref(event.as_ref()))?;
            ImportOutcome::Added(user, event)
        }
        ImportDecision::Change(id, changes) => change_imported(tx, id, changes, now)?,
        ImportDecision::Same(id) => ImportOutcome::Same(id),
        ImportDecision::Different(id, fields) => ImportOutcome::Different(id, fields),
        ImportDecision::Refused(refused) => ImportOutcome::Refused(refused),
        _ => return Err(StoreError::unavailable("this kind of import is not known here")),
    })
}

fn change_imported(
    tx: &Tx<'_>,
    id: UserId,
    changes: Vec<(UserChange, Event)>,
    now: Timestamp,
) -> Result<ImportOutcome> {
    let (mut ended, mut revoked, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for (change, event) in changes {
        let effects = Effects::event(event.clone());
        let outcome = change_user(tx, &id, &change, None, effects, now)?;
        if let ChangeUserOutcome::Changed { ended: more, revoked: target, .. } = outcome {
            ended.extend(more);
            revoked.extend(target);
            events.push(event);
        }
    }
    Ok(ImportOutcome::Changed { id, ended, revoked, events })
}

fn write(
    tx: &Tx<'_>,
    applied: Applied,
    open: Option<&Session>,
    effects: Effects,
    now: Timestamp,
) -> Result<ChangeUserOutcome> {
    let Applied { user, end_sessions, revoke } = applied;
    update(tx, &user)?;
    if user.deleted_at.is_some() {
        save_networks(tx, &user.id, &[])?;
    }
    let ended = match end_sessions {
        Some(reason) => sessions::end_all(tx, &user.id, reason, now)?,
        None => Vec::new(),
    };
    if let Some(session) = open {
        sessions::insert(tx, session)?;
    }
    let targets: Vec<_> = revoke.iter().cloned().chain(effects.revocations).collect();
    events::log(tx, &effects.events)?;
    revocations::log(tx, &targets, now)?;
    Ok(ChangeUserOutcome::Changed { user: Box::new(user), ended, revoked: revoke })
}

/// The user of this id, with the networks it came from.
pub(super) fn find(connection: &Connection, id: &UserId) -> Result<Option<LoginRecord>> {
    optional(connection, FIND_USER, [id.as_str()], record_of)
}

pub(super) fn insert(tx: &Tx<'_>, user: &User) -> Result<()> {
    let row = params![
        user.id.as_str(),
        user.username,
        user.email,
        user.password_hash.as_ref().map(PasswordHash::expose),
        user.disabled,
        user.deleted_at.map(At),
        user.generation,
        Json(&user.roles),
        Json(&user.scopes),
        Json(&user.claims),
        At(user.created_at),
    ];
    execute(tx, INSERT_USER, row).map(drop)
}

fn update(tx: &Tx<'_>, user: &User) -> Result<()> {
    let row = params![
        user.id.as_str(),
        user.username,
        user.email,
        user.password_hash.as_ref().map(PasswordHash::expose),
        user.disabled,
        user.deleted_at.map(At),
        user.generation,
        Json(&user.roles),
        Json(&user.scopes),
        Json(&user.claims),
    ];
    execute(tx, UPDATE_USER, row).map(drop)
}

pub(super) fn save_password(tx: &Tx<'_>, id: &UserId, hash: &PasswordHash) -> Result<()> {
    execute(tx, UPDATE_PASSWORD, params![id.as_str(), hash.expose()]).map(drop)
}

pub(super) fn save_networks(tx: &Tx<'_>, id: &UserId, networks: &[NetworkHash]) -> Result<()> {
    execute(tx, UPDATE_NETWORKS, params![id.as_str(), networks.concat()]).map(drop)
}

fn record_of(row: &Row<'_>) -> rusqlite::Result<LoginRecord> {
    let networks = row.get_ref(11)?.as_blob()?.as_chunks().0.to_vec();
    let user = User {
        id: row.get::<_, Text<_>>(0)?.0,
        username: row.get(1)?,
        email: row.get(2)?,
        password_hash: row.get::<_, Option<String>>(3)?.map(PasswordHash::new),
        disabled: row.get(4)?,
        deleted_at: row.get::<_, Option<At>>(5)?.map(|at| at.0),
        generation: row.get(6)?,
        roles: row.get::<_, Json<_>>(7)?.0,
        scopes: row.get::<_, Json<_>>(8)?.0,
        claims: row.get::<_, Json<_>>(9)?.0,
        created_at: row.get::<_, At>(10)?.0,
    };
    Ok(LoginRecord { user, networks })
}
