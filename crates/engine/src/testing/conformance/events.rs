//! The audit log.

use std::sync::Arc;

use super::fixtures::*;
use crate::{
    events::{Event, EventKind, EventRecord},
    ids::ClientId,
    store::{Effects, EventFilter, Store},
};

async fn write(store: &Arc<dyn Store>, event: Event) {
    store.write(Effects::event(event), NOW).await.unwrap();
}

async fn list(store: &Arc<dyn Store>, filter: EventFilter, limit: usize) -> Vec<EventRecord> {
    store.list_events(&filter, limit).await.unwrap()
}

pub(super) async fn every_field_survives(store: Arc<dyn Store>) {
    let mut event = Event::new(EventKind::LoginFailed, NOW)
        .user(&user_id("ada"))
        .session(session_id(1))
        .client(&ClientId::first_party())
        .actor(Some("cli"))
        .detail("why", serde_json::json!(["unknown", 1]));
    event.address = Some("2001:db8::1".to_owned());
    write(&store, event.clone()).await;
    write(&store, Event::new(EventKind::KeyAdded, NOW)).await;
    let events = list(&store, EventFilter::default(), 10).await;
    let full = EventRecord {
        id: events[1].id,
        at: NOW,
        kind: "login.failed".to_owned(),
        user_id: Some("ada".to_owned()),
        session_id: Some(session_id(1).to_string()),
        client_id: Some("first-party".to_owned()),
        actor: event.actor,
        address: event.address,
        detail: event.detail,
        count: 1,
    };
    assert_eq!(events[1], full);
    assert_eq!((events[0].kind.as_str(), events[0].user_id.as_ref()), ("key.added", None));
    assert!(events[0].id > events[1].id);
}

pub(super) async fn equal_events_share_a_row_and_are_counted(store: Arc<dyn Store>) {
    in_parallel(&store, MANY, |store, number| async move {
        let mut event = Event::new(EventKind::LoginFailed, NOW);
        event.coalesce = Some(format!("account-{}", number % 2));
        write(&store, event).await;
    })
    .await;
    write(&store, Event::new(EventKind::LoginFailed, NOW)).await;
    let mut counts: Vec<_> =
        list(&store, EventFilter::default(), 10).await.iter().map(|event| event.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 32, 32]);
}

pub(super) async fn the_list_is_filtered_and_paged_newest_first(store: Arc<dyn Store>) {
    for (name, kind) in [
        ("ada", EventKind::LoginSucceeded),
        ("bob", EventKind::LoginSucceeded),
        ("ada", EventKind::SessionEnded),
        ("ada", EventKind::LoginSucceeded),
    ] {
        write(&store, Event::new(kind, NOW).user(&user_id(name))).await;
    }
    let first = list(&store, EventFilter::default(), 3).await;
    assert_eq!(first.len(), 3);
    assert!(first.is_sorted_by(|newer, older| newer.id > older.id));
    let before = EventFilter { before: Some(first[2].id), ..EventFilter::default() };
    let rest = list(&store, before, 3).await;
    assert_eq!(rest.len(), 1);
    assert!(rest[0].id < first[2].id);
    let ada = EventFilter { user_id: Some(user_id("ada")), ..EventFilter::default() };
    assert_eq!(list(&store, ada.clone(), 10).await.len(), 3);
    let log_ins = EventFilter { kind: Some("login.succeeded".to_owned()), ..ada };
    assert_eq!(list(&store, log_ins, 10).await.len(), 2);
}
