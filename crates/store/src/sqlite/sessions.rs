//! The sessions' rows.

use async_trait::async_trait;
use countersign_engine::{
    ids::{SessionId, UserId},
    sessions::{EndReason, Session, consequences, decide, superseded},
    store::{
        CreateSession, CreateSessionOutcome, Effects, LoginRecord, RefreshIntent, RefreshOutcome,
        Result, Sessions, Timestamp, Verified, remember_network,
    },
    users::User,
};
use rusqlite::{Connection, Row, params, types::FromSqlError};

use super::{
    SqliteStore, budgets, events, revocations,
    statements::{all, execute, exists, optional, statements},
    users,
    values::{At, Json, Text, rows},
    writer::Tx,
};

macro_rules! select_sessions {
    ($clause:literal) => {
        concat!(
            "SELECT id, user_id, client_id, audience, scopes, claims, salt, counter, rotated_at, ",
            "retry_key_hash, auth_time, amr, acr, cnf_jkt, created_at, idle_expires_at, ",
            "absolute_expires_at, ended_at, end_reason, device FROM sessions ",
            $clause
        )
    };
}

statements! {
    FIND_SESSION = select_sessions!("WHERE id = ?1");
    /// The newest first, all but the first `?3`.
    LIVE_SESSIONS = select_sessions!(
        "WHERE user_id = ?1 AND ended_at IS NULL \
         AND idle_expires_at > ?2 AND absolute_expires_at > ?2 \
         ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3"
    );
    /// Whether more than `?2` have not been ended, expired ones included: answered by the index.
    CROWDED = "SELECT 1 FROM sessions WHERE user_id = ?1 AND ended_at IS NULL LIMIT 1 OFFSET ?2";
    INSERT_SESSION = "INSERT INTO sessions (id, user_id, client_id, audience, scopes, claims, \
        salt, counter, rotated_at, retry_key_hash, auth_time, amr, acr, cnf_jkt, created_at, \
        idle_expires_at, absolute_expires_at, ended_at, end_reason, device) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
        ?19, ?20)";
    ROTATE_SESSION = "UPDATE sessions SET counter = ?2, rotated_at = ?3, retry_key_hash = ?4, \
        idle_expires_at = ?5 WHERE id = ?1";
    END_SESSION = "UPDATE sessions SET ended_at = ?2, end_reason = ?3 \
        WHERE id = ?1 AND ended_at IS NULL";
    END_OF_USER = "UPDATE sessions SET ended_at = ?2, end_reason = ?3 \
        WHERE user_id = ?1 AND ended_at IS NULL \
        AND idle_expires_at > ?2 AND absolute_expires_at > ?2 RETURNING id";
    END_OF_CLIENT = "UPDATE sessions SET ended_at = ?2, end_reason = ?3 \
        WHERE client_id = ?1 AND client_id <> 'first-party' AND ended_at IS NULL \
        AND idle_expires_at > ?2 AND absolute_expires_at > ?2 RETURNING id";
    OVER_SESSIONS = "SELECT id FROM sessions \
        WHERE ended_at < ?1 OR idle_expires_at < ?1 OR absolute_expires_at < ?1 LIMIT ?2";
    DELETE_SESSION = "DELETE FROM sessions WHERE id = ?2 \
        AND (ended_at < ?1 OR idle_expires_at < ?1 OR absolute_expires_at < ?1)";
}

#[async_trait]
impl Sessions for SqliteStore {
    async fn create_session(
        &self,
        intent: CreateSession,
        now: Timestamp,
    ) -> Result<CreateSessionOutcome> {
        self.write(move |tx| create(tx, &intent, now)).await
    }

    async fn find_session(&self, id: SessionId) -> Result<Option<Session>> {
        self.read(|connection| find(connection, id))
    }

    async fn refresh_session(
        &self,
        intent: &RefreshIntent,
        now: Timestamp,
    ) -> Result<Option<RefreshOutcome>> {
        let intent = intent.clone();
        self.write(move |tx| refresh(tx, &intent, now)).await
    }

    async fn list_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.read(|connection| live(connection, user_id, 0, now))
    }

    async fn end_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        effects: Effects,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        let owner = owner.cloned();
        self.write(move |tx| {
            let Some(mut session) = find(tx, id)? else {
                return Ok(None);
            };
            if owner.is_some_and(|owner| session.user_id != owner) {
                return Ok(None);
            }
            session.end(reason, now);
            end(tx, id, reason, now)?;
            log(tx, &effects.revoking(session.target()), now)?;
            Ok(Some(session))
        })
        .await
    }
}

fn create(tx: &Tx<'_>, intent: &CreateSession, now: Timestamp) -> Result<CreateSessionOutcome> {
    let session = &intent.session;
    let held = users::find(tx, &session.user_id)?;
    let Some(LoginRecord { user, networks }) = admit(tx, intent, held, now)? else {
        return Ok(CreateSessionOutcome::Refused);
    };
    let known = intent.network.and_then(|network| remember_network(&networks, network));
    if let Some(networks) = known {
        users::save_networks(tx, &user.id, &networks)?;
    }
    let mut effects = Effects { events: intent.events.clone(), revocations: Vec::new() };
    let mut ended = Vec::new();
    for surplus in surplus(tx, &user.id, intent.most_live, now)? {
        end(tx, surplus.id, EndReason::Superseded, now)?;
        effects = effects.and(superseded(&surplus, now));
        ended.push(surplus.id);
    }
    insert(tx, session)?;
    budgets::refund(tx, &intent.refunds)?;
    log(tx, &effects, now)?;
    Ok(CreateSessionOutcome::Created { user: Box::new(user), ended })
}

/// The user's row as it is from now on, when what was verified holds still.
fn admit(
    tx: &Tx<'_>,
    intent: &CreateSession,
    held: Option<LoginRecord>,
    now: Timestamp,
) -> Result<Option<LoginRecord>> {
    let Some(mut record) = held else {
        let Verified::Application = intent.verified else {
            return Ok(None);
        };
        let user = User::new(intent.session.user_id.clone(), now);
        users::insert(tx, &user)?;
        return Ok(Some(LoginRecord { user, networks: Vec::new() }));
    };
    if !record.user.is_active() {
        return Ok(None);
    }
    if let Verified::Password { hash, upgraded } = &intent.verified {
        if record.user.password_hash.as_ref() != Some(hash) {
            return Ok(None);
        }
        if let Some(upgraded) = upgraded {
            users::save_password(tx, &record.user.id, upgraded)?;
            record.user.password_hash = Some(upgraded.clone());
        }
    }
    Ok(Some(record))
}

/// Those that must go so that one more is not more than `most_live`.
fn surplus(tx: &Tx<'_>, user: &UserId, most_live: usize, now: Timestamp) -> Result<Vec<Session>> {
    let stay = most_live.saturating_sub(1);
    if !exists(tx, CROWDED, params![user.as_str(), rows(stay)])? {
        return Ok(Vec::new());
    }
    live(tx, user, stay, now)
}

fn refresh(tx: &Tx<'_>, intent: &RefreshIntent, now: Timestamp) -> Result<Option<RefreshOutcome>> {
    let Some(session) = find(tx, intent.session_id)? else {
        return Ok(None);
    };
    // A user whose row is not there can have no sessions.
    let user = users::find(tx, &session.user_id)?.map_or_else(
        || User { disabled: true, ..User::new(session.user_id.clone(), session.created_at) },
        |record| record.user,
    );
    let active = user.is_active() && intent.active.unwrap_or(true);
    let decision = decide(&session, &intent.attempt, active, &intent.policy, now);
    let next = decision.outcome(&session, &intent.attempt, &intent.policy, now);
    if let Some(next) = &next {
        save(tx, &session, next)?;
    }
    log(tx, &consequences(&decision, &session, intent.address.as_deref(), now), now)?;
    Ok(Some(RefreshOutcome { decision, session: next.unwrap_or(session), user }))
}

/// Writes what a decision changed: the end, or the rotation, which touches no index.
fn save(tx: &Tx<'_>, session: &Session, next: &Session) -> Result<()> {
    if session.ended_at != next.ended_at {
        let ended = next.ended_at.zip(next.end_reason);
        return ended.map_or(Ok(()), |(at, reason)| end(tx, next.id, reason, at));
    }
    let row = params![
        next.id.as_bytes(),
        next.counter,
        At(next.rotated_at),
        next.retry_key_hash,
        At(next.idle_expires_at),
    ];
    execute(tx, ROTATE_SESSION, row).map(drop)
}

fn log(tx: &Tx<'_>, effects: &Effects, now: Timestamp) -> Result<()> {
    events::log(tx, &effects.events)?;
    revocations::log(tx, &effects.revocations, now)
}

fn find(connection: &Connection, id: SessionId) -> Result<Option<Session>> {
    optional(connection, FIND_SESSION, [id.as_bytes()], session_of)
}

fn live(
    connection: &Connection,
    user: &UserId,
    skip: usize,
    now: Timestamp,
) -> Result<Vec<Session>> {
    all(connection, LIVE_SESSIONS, params![user.as_str(), At(now), rows(skip)], session_of)
}

fn end(tx: &Tx<'_>, id: SessionId, reason: EndReason, now: Timestamp) -> Result<()> {
    execute(tx, END_SESSION, params![id.as_bytes(), At(now), reason.as_str()]).map(drop)
}

/// Ends the user's live sessions; which they were.
pub(super) fn end_all(
    tx: &Tx<'_>,
    user: &UserId,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    all(tx, END_OF_USER, params![user.as_str(), At(now), reason.as_str()], id_of)
}

/// Ends the client's live sessions; which they were.
pub(super) fn end_of_client(tx: &Tx<'_>, client: &str, now: Timestamp) -> Result<Vec<SessionId>> {
    all(tx, END_OF_CLIENT, params![client, At(now), EndReason::EndedByAdmin.as_str()], id_of)
}

/// Sessions that ended or expired before `before`.
pub(super) fn over(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<SessionId>> {
    all(connection, OVER_SESSIONS, params![At(before), rows(limit)], id_of)
}

/// Deletes those of them that are over still; how many.
pub(super) fn delete_over(tx: &Tx<'_>, before: Timestamp, ids: &[SessionId]) -> Result<usize> {
    let delete = |id: &SessionId| execute(tx, DELETE_SESSION, params![At(before), id.as_bytes()]);
    ids.iter().map(delete).sum()
}

pub(super) fn insert(tx: &Tx<'_>, session: &Session) -> Result<()> {
    let row = params![
        session.id.as_bytes(),
        session.user_id.as_str(),
        session.client_id.as_str(),
        session.audience,
        Json(&session.scopes),
        Json(&session.claims),
        session.salt,
        session.counter,
        At(session.rotated_at),
        session.retry_key_hash,
        At(session.auth_time),
        Json(&session.amr),
        session.acr,
        session.cnf_jkt,
        At(session.created_at),
        At(session.idle_expires_at),
        At(session.absolute_expires_at),
        session.ended_at.map(At),
        session.end_reason.map(EndReason::as_str),
        session.device,
    ];
    execute(tx, INSERT_SESSION, row).map(drop)
}

fn id_of(row: &Row<'_>) -> rusqlite::Result<SessionId> {
    row.get(0).map(SessionId::from_bytes)
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: id_of(row)?,
        user_id: row.get::<_, Text<_>>(1)?.0,
        client_id: row.get::<_, Text<_>>(2)?.0,
        audience: row.get(3)?,
        scopes: row.get::<_, Json<_>>(4)?.0,
        claims: row.get::<_, Json<_>>(5)?.0,
        salt: row.get(6)?,
        counter: row.get(7)?,
        rotated_at: row.get::<_, At>(8)?.0,
        retry_key_hash: row.get(9)?,
        auth_time: row.get::<_, At>(10)?.0,
        amr: row.get::<_, Json<_>>(11)?.0,
        acr: row.get(12)?,
        cnf_jkt: row.get(13)?,
        created_at: row.get::<_, At>(14)?.0,
        idle_expires_at: row.get::<_, At>(15)?.0,
        absolute_expires_at: row.get::<_, At>(16)?.0,
        ended_at: row.get::<_, Option<At>>(17)?.map(|at| at.0),
        end_reason: end_reason_of(row)?,
        device: row.get(19)?,
    })
}

fn end_reason_of(row: &Row<'_>) -> rusqlite::Result<Option<EndReason>> {
    let text: Option<String> = row.get(18)?;
    text.map(|text| EndReason::parse(&text).ok_or(FromSqlError::InvalidType.into())).transpose()
}
