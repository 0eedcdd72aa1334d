//! Clients: the reserved one is always there, and a deleted one leaves nothing behind.

use std::sync::Arc;

use super::fixtures::*;
use crate::{
    clients::{Client, ClientChange, ClientKind},
    ids::ClientId,
    sessions::{EndReason, Session},
    store::{CreateSession, Store},
};

fn client(id: &str) -> Client {
    Client {
        id: id.parse().unwrap(),
        kind: ClientKind::ResourceServer,
        secret_hash: Some([4; 32]),
        audiences: names(&["api", "reports"]),
        scopes: names(&["countersign:introspect"]),
        disabled: false,
        created_at: NOW,
    }
}

async fn create(store: &Arc<dyn Store>, client: &Client) -> bool {
    store.create_client(client, marks("made")).await.unwrap()
}

pub(super) async fn the_first_party_client_is_always_there(store: Arc<dyn Store>) {
    initialise(&store).await;
    let id = ClientId::first_party();
    let held = store.find_client(&id).await.unwrap().expect("it is built in");
    assert_eq!((held.kind, held.disabled), (ClientKind::Public, false));
    assert!(!create(&store, &client("first-party")).await);
    assert!(!store.delete_client(&id, marks("deleted"), NOW).await.unwrap());
    assert_eq!(store.list_clients().await.unwrap(), [held]);
    assert_nothing_written(&store).await;
}

pub(super) async fn every_field_survives(store: Arc<dyn Store>) {
    initialise(&store).await;
    let service = client("service");
    let public = Client {
        kind: ClientKind::Public,
        secret_hash: None,
        disabled: true,
        audiences: names(&[]),
        ..client("app")
    };
    for client in [&service, &public] {
        assert!(create(&store, client).await);
        assert_eq!(store.find_client(&client.id).await.unwrap().as_ref(), Some(client));
    }
    assert!(!create(&store, &client("app")).await);
    assert_eq!(targets(&store).await.len(), 2);
    let ids: Vec<_> = store.list_clients().await.unwrap().into_iter().map(|held| held.id).collect();
    assert_eq!(ids, [public.id, ClientId::first_party(), service.id]);
}

pub(super) async fn changes_are_written(store: Arc<dyn Store>) {
    initialise(&store).await;
    let made = client("service");
    create(&store, &made).await;
    let apply = async |change: ClientChange| {
        let answer = store.change_client(&made.id, &change, marks("m"), NOW).await.unwrap();
        assert_eq!(answer, store.find_client(&made.id).await.unwrap());
        answer.unwrap()
    };
    assert_eq!(apply(ClientChange::Secret([8; 32])).await.secret_hash, Some([8; 32]));
    assert!(apply(ClientChange::Disable).await.disabled);
    let back = apply(ClientChange::Enable).await;
    assert_eq!(back, Client { secret_hash: Some([8; 32]), ..made.clone() });
    let nobody = "nobody".parse().unwrap();
    let change = ClientChange::Disable;
    assert_eq!(store.change_client(&nobody, &change, marks("m"), NOW).await.unwrap(), None);
    assert_eq!(targets(&store).await.len(), 4);
}

pub(super) async fn a_deleted_client_takes_its_sessions_along(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let gone = client("gone");
    store.create_client(&gone, Default::default()).await.unwrap();
    let of_client = |number| Session { client_id: gone.id.clone(), ..session(&ada, number) };
    let expired = Session { idle_expires_at: NOW, ..of_client(3) };
    for session in [of_client(1), of_client(2), expired, session(&ada, 4)] {
        let intent = CreateSession { events: Vec::new(), ..log_in(session) };
        store.create_session(intent, NOW).await.unwrap();
    }
    assert!(store.delete_client(&gone.id, marks("m"), NOW).await.unwrap());
    assert_eq!(store.find_client(&gone.id).await.unwrap(), None);
    let logged = targets(&store).await;
    assert_eq!(logged.len(), 3);
    for target in [token("m"), of_client(1).target(), of_client(2).target()] {
        assert!(logged.contains(&target), "{target:?}");
    }
    let ended = store.find_session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((ended.ended_at, ended.end_reason), (Some(NOW), Some(EndReason::EndedByAdmin)));
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap(), [session(&ada, 4)]);
    assert!(!store.delete_client(&gone.id, marks("m"), NOW).await.unwrap());
    assert_eq!(targets(&store).await.len(), 3);
}
