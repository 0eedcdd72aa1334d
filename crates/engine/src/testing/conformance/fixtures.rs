//! What the cases start from.

use std::{future::Future, sync::Arc, time::Duration};

use countersign_guard::{
    revocation::{Row, Target},
    time::Timestamp,
};
use serde_json::Map;

use crate::{
    events::{Event, EventKind},
    ids::{ClientId, SessionId, UserId},
    sessions::{RefreshAttempt, Session, SessionPolicy},
    store::{
        CreateSession, CreateSessionOutcome, CreateUserOutcome, Effects, EventFilter, MetaSeed,
        RefreshIntent, RefreshOutcome, Store, Verified,
    },
    users::{PasswordHash, User},
};

/// When everything happens.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_780_000_000);
pub(super) const EPOCH: [u8; 16] = [7; 16];
pub(super) const ACCESS_TTL: Duration = Duration::from_secs(900);
/// As many at once as race for one thing.
pub(super) const MANY: usize = 64;

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(super) fn names(names: &[&str]) -> std::collections::BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub(super) async fn initialise(store: &Arc<dyn Store>) {
    let seed = MetaSeed {
        issuer: "https://issuer.example".to_owned(),
        epoch: EPOCH,
        max_access_ttl: ACCESS_TTL,
        key_checks: [(1, [1; 16])].into(),
    };
    store.init_meta(seed).await.unwrap();
}

pub(super) fn user_id(text: &str) -> UserId {
    text.parse().unwrap()
}

/// An active user with the password hash `hash`.
pub(super) fn user(name: &str) -> User {
    User {
        username: Some(name.to_owned()),
        password_hash: Some(PasswordHash::new("hash")),
        ..User::new(user_id(&format!("id-of-{}", name.replace('%', "~"))), NOW)
    }
}

/// An initialised store and one user in it.
pub(super) async fn with_user(store: &Arc<dyn Store>, name: &str) -> User {
    initialise(store).await;
    add_user(store, name).await
}

pub(super) async fn add_user(store: &Arc<dyn Store>, name: &str) -> User {
    let user = user(name);
    let outcome = store.create_user(&user, Effects::default()).await.unwrap();
    assert_eq!(outcome, CreateUserOutcome::Created);
    user
}

pub(super) fn session_id(number: u64) -> SessionId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    SessionId::from_bytes(bytes)
}

/// A first-party session that begins now.
pub(super) fn session(user: &User, number: u64) -> Session {
    Session {
        id: session_id(number),
        user_id: user.id.clone(),
        client_id: ClientId::first_party(),
        audience: "api".to_owned(),
        scopes: names(&["read", "write"]),
        claims: Map::new(),
        salt: [3; 16],
        counter: 0,
        rotated_at: NOW,
        retry_key_hash: None,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        acr: None,
        cnf_jkt: None,
        created_at: NOW,
        idle_expires_at: NOW.plus(seconds(14 * 86_400)),
        absolute_expires_at: NOW.plus(seconds(90 * 86_400)),
        ended_at: None,
        end_reason: None,
        device: None,
    }
}

pub(super) fn proven(hash: &str) -> Verified {
    Verified::Password { hash: PasswordHash::new(hash), upgraded: None }
}

/// A log-in whose password was right.
pub(super) fn log_in(session: Session) -> CreateSession {
    let event = Event::new(EventKind::LoginSucceeded, NOW).user(&session.user_id);
    CreateSession {
        session,
        verified: proven("hash"),
        most_live: 100,
        refunds: Vec::new(),
        network: None,
        events: vec![event],
    }
}

pub(super) async fn open(store: &Arc<dyn Store>, session: &Session) {
    let outcome = store.create_session(log_in(session.clone()), NOW).await.unwrap();
    assert!(matches!(outcome, CreateSessionOutcome::Created { .. }), "{outcome:?}");
}

/// A refresh of the session with the token of this counter.
pub(super) fn attempt(session: &Session, counter: u32) -> RefreshIntent {
    RefreshIntent {
        session_id: session.id,
        attempt: RefreshAttempt {
            counter,
            client_id: session.client_id.clone(),
            retry_key_hash: None,
            scopes: None,
        },
        active: None,
        policy: SessionPolicy::default(),
        address: Some("192.0.2.1".to_owned()),
    }
}

pub(super) async fn refresh(
    store: &Arc<dyn Store>,
    session: &Session,
    counter: u32,
    now: Timestamp,
) -> RefreshOutcome {
    let intent = attempt(session, counter);
    store.refresh_session(&intent, now).await.unwrap().expect("the session is there")
}

/// Everything live in the log.
pub(super) async fn log(store: &Arc<dyn Store>) -> Vec<Row> {
    store.revocations(None, 10_000, NOW).await.unwrap().rows
}

pub(super) async fn targets(store: &Arc<dyn Store>) -> Vec<Target> {
    log(store).await.into_iter().map(|row| row.target).collect()
}

/// The kinds of all events, the oldest first.
pub(super) async fn event_kinds(store: &Arc<dyn Store>) -> Vec<String> {
    let mut events = store.list_events(&EventFilter::default(), 10_000).await.unwrap();
    events.reverse();
    events.into_iter().map(|event| event.kind).collect()
}

/// Effects that show whether they were written: one event and one revocation.
pub(super) fn marks(id: &str) -> Effects {
    Effects::event(Event::new(EventKind::TokenRevoked, NOW)).revoking(token(id))
}

pub(super) fn token(id: &str) -> Target {
    Target::Token { id: id.to_owned() }
}

/// What `marks` write is not there.
pub(super) async fn assert_nothing_written(store: &Arc<dyn Store>) {
    assert_eq!(targets(store).await, []);
    assert_eq!(event_kinds(store).await, [""; 0]);
}

/// Runs `work` so many times at once; the answers in order.
pub(super) async fn in_parallel<T, F>(
    store: &Arc<dyn Store>,
    count: usize,
    work: impl Fn(Arc<dyn Store>, usize) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> =
        (0..count).map(|number| tokio::spawn(work(Arc::clone(store), number))).collect();
    let mut answers = Vec::with_capacity(count);
    for task in tasks {
        answers.push(task.await.expect("no task panics"));
    }
    answers
}
