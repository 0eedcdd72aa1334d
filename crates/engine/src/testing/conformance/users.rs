//! Users: names and ids are unique, and a change is all or nothing.

use std::{collections::BTreeSet, sync::Arc};

use countersign_guard::revocation::Target;

use super::fixtures::*;
use crate::{
    events::{Event, EventKind},
    sessions::EndReason,
    store::{ChangeUserOutcome, CreateUserOutcome, Effects, Store},
    users::{ChangeRefused, PasswordHash, User, UserChange},
};

pub(super) async fn every_field_survives(store: Arc<dyn Store>) {
    initialise(&store).await;
    let full = User {
        email: Some("ada@example.com".to_owned()),
        disabled: true,
        generation: 7,
        roles: names(&["admin", "Ä, \"quoted\""]),
        scopes: names(&["read", "write"]),
        claims: serde_json::json!({"tenant": {"id": 5, "ratio": 0.5, "x": null}})
            .as_object()
            .unwrap()
            .clone(),
        ..user("ada")
    };
    let bare = User::new(user_id("bare"), NOW);
    for user in [full, bare] {
        store.create_user(&user, Effects::default()).await.unwrap();
        assert_eq!(store.find_user(&user.id).await.unwrap(), Some(user));
    }
    assert_eq!(store.find_user(&user_id("nobody")).await.unwrap(), None);
    assert!(store.find_login("nobody").await.unwrap().is_none());
}

pub(super) async fn of_64_parallel_creations_of_one_name_one_wins(store: Arc<dyn Store>) {
    initialise(&store).await;
    let outcomes = in_parallel(&store, MANY, |store, number| async move {
        let user = User { id: user_id(&format!("id-{number}")), ..user("ada") };
        store.create_user(&user, marks(&number.to_string())).await.unwrap()
    })
    .await;
    let won = winner(&outcomes, CreateUserOutcome::Created, CreateUserOutcome::UsernameTaken);
    let record = store.find_login("ada").await.unwrap().expect("one was made");
    assert_eq!(record.user.id, user_id(&format!("id-{won}")));
    assert_eq!(targets(&store).await, [token(&won.to_string())]);
    assert_eq!(event_kinds(&store).await.len(), 1);
}

pub(super) async fn of_64_parallel_creations_of_one_id_one_wins(store: Arc<dyn Store>) {
    initialise(&store).await;
    let outcomes = in_parallel(&store, MANY, |store, number| async move {
        let user = User { id: user_id("one"), ..user(&format!("user-{number}")) };
        store.create_user(&user, marks(&number.to_string())).await.unwrap()
    })
    .await;
    let won = winner(&outcomes, CreateUserOutcome::Created, CreateUserOutcome::IdTaken);
    let user = store.find_user(&user_id("one")).await.unwrap().unwrap();
    assert_eq!(user.username, Some(format!("user-{won}")));
    assert_eq!(targets(&store).await, [token(&won.to_string())]);
}

/// The one that won, the others having lost.
fn winner(
    outcomes: &[CreateUserOutcome],
    won: CreateUserOutcome,
    lost: CreateUserOutcome,
) -> usize {
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == won).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), outcomes.len() - 1);
    outcomes.iter().position(|outcome| *outcome == won).unwrap()
}

pub(super) async fn users_without_a_name_do_not_collide(store: Arc<dyn Store>) {
    initialise(&store).await;
    for id in ["one", "two"] {
        let outcome = store.create_user(&User::new(user_id(id), NOW), Effects::default()).await;
        assert_eq!(outcome.unwrap(), CreateUserOutcome::Created);
    }
}

pub(super) async fn a_deleted_id_never_returns_and_its_name_is_free(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let delete = change(&store, &ada, UserChange::Delete).await;
    assert!(matches!(delete, ChangeUserOutcome::Changed { .. }));
    let tombstone = store.find_user(&ada.id).await.unwrap().expect("the tombstone stays");
    assert_eq!((tombstone.deleted_at, tombstone.generation), (Some(NOW), 1));
    assert_eq!((tombstone.username, tombstone.email), (None, None));
    assert_eq!(tombstone.password_hash, None);
    let again = store.create_user(&ada, Effects::default()).await.unwrap();
    assert_eq!(again, CreateUserOutcome::IdTaken);
    let heir = User { id: user_id("heir"), ..user("ada") };
    let made = store.create_user(&heir, Effects::default()).await.unwrap();
    assert_eq!(made, CreateUserOutcome::Created);
    assert_eq!(store.find_login("ada").await.unwrap().unwrap().user, heir);
    let page = store.list_users(None, None, 10).await.unwrap();
    assert_eq!(page.users, [heir]);
    let refused = change(&store, &ada, UserChange::Enable).await;
    assert_eq!(refused, ChangeUserOutcome::Refused(ChangeRefused::Unknown));
}

pub(super) async fn the_list_is_paged_and_searched_literally(store: Arc<dyn Store>) {
    initialise(&store).await;
    for name in ["a_b", "axb", "a%b", "other"] {
        add_user(&store, name).await;
    }
    store.create_user(&User::new(user_id("nameless"), NOW), Effects::default()).await.unwrap();
    let first = store.list_users(None, None, 3).await.unwrap();
    assert!(first.more && first.users.len() == 3);
    let rest = store.list_users(Some(&first.users[2].id), None, 3).await.unwrap();
    assert!(!rest.more && rest.users.len() == 2);
    let ids: Vec<_> = first.users.iter().chain(&rest.users).map(|user| &user.id).collect();
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == 5);
    for (part, found) in [("_", "a_b"), ("%", "a%b"), ("oth", "other")] {
        let page = store.list_users(None, Some(part), 10).await.unwrap();
        let names: Vec<_> = page.users.iter().map(|user| user.username.as_deref()).collect();
        assert_eq!(names, [Some(found)], "{part}");
    }
}

async fn change(store: &Arc<dyn Store>, user: &User, change: UserChange) -> ChangeUserOutcome {
    store.change_user(&user.id, &change, None, Effects::default(), NOW).await.unwrap()
}

fn password(expected: Option<&str>, new: &str) -> UserChange {
    UserChange::Password { expected: expected.map(PasswordHash::new), new: PasswordHash::new(new) }
}

pub(super) async fn a_password_change_writes_everything_at_once(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    for number in [1, 2] {
        open(&store, &session(&ada, number)).await;
    }
    let event = Event::new(EventKind::AccountPasswordChanged, NOW).user(&ada.id);
    let new = session(&ada, 3);
    let outcome = store
        .change_user(
            &ada.id,
            &password(Some("hash"), "new"),
            Some(new.clone()),
            Effects::event(event).revoking(token("beside")),
            NOW,
        )
        .await
        .unwrap();
    let ChangeUserOutcome::Changed { user, ended, revoked } = outcome else {
        panic!("{outcome:?}");
    };
    let target = Target::User { id: ada.id.to_string(), below: 1 };
    assert_eq!(revoked, Some(target.clone()));
    assert_eq!(ended.into_iter().collect::<BTreeSet<_>>(), [session_id(1), session_id(2)].into());
    assert_eq!((user.generation, user.password_hash.clone()), (1, Some(PasswordHash::new("new"))));
    assert_eq!(store.find_user(&ada.id).await.unwrap(), Some(*user));
    let logged = targets(&store).await;
    assert!(logged.len() == 2 && logged.contains(&target) && logged.contains(&token("beside")));
    assert_eq!(event_kinds(&store).await.last().unwrap(), "account.password_changed");
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap(), [new]);
    let old = store.find_session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((old.ended_at, old.end_reason), (Some(NOW), Some(EndReason::PasswordChanged)));
}

pub(super) async fn a_refused_change_writes_nothing(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let stale = password(Some("older"), "new");
    let new = Some(session(&ada, 1));
    let outcome = store.change_user(&ada.id, &stale, new.clone(), marks("m"), NOW).await.unwrap();
    assert_eq!(outcome, ChangeUserOutcome::Refused(ChangeRefused::PasswordChanged));
    let nobody = user_id("nobody");
    let outcome =
        store.change_user(&nobody, &UserChange::Disable, new, marks("m"), NOW).await.unwrap();
    assert_eq!(outcome, ChangeUserOutcome::Refused(ChangeRefused::Unknown));
    assert_nothing_written(&store).await;
    assert_eq!(store.find_user(&ada.id).await.unwrap(), Some(ada));
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
}

pub(super) async fn a_removed_grant_revokes_and_keeps_the_sessions(store: Arc<dyn Store>) {
    initialise(&store).await;
    let ada = User { scopes: names(&["read", "write"]), ..user("ada") };
    store.create_user(&ada, Effects::default()).await.unwrap();
    open(&store, &session(&ada, 1)).await;
    let fewer = UserChange::Grants { roles: names(&["new"]), scopes: names(&["read"]) };
    let outcome = change(&store, &ada, fewer).await;
    let target = Target::User { id: ada.id.to_string(), below: 1 };
    let ChangeUserOutcome::Changed { user, ended, revoked } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((ended, revoked), (Vec::new(), Some(target.clone())));
    assert_eq!((user.roles, user.scopes), (names(&["new"]), names(&["read"])));
    assert_eq!(targets(&store).await, [target]);
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap().len(), 1);
}

pub(super) async fn parallel_changes_raise_the_generation_one_by_one(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let id = ada.id.clone();
    in_parallel(&store, MANY, move |store, _| {
        let id = id.clone();
        async move {
            let change = UserChange::EndSessions(EndReason::LoggedOutEverywhere);
            store.change_user(&id, &change, None, Effects::default(), NOW).await.unwrap();
        }
    })
    .await;
    assert_eq!(store.find_user(&ada.id).await.unwrap().unwrap().generation, 64);
    let below: Vec<_> = targets(&store)
        .await
        .into_iter()
        .map(|target| match target {
            Target::User { below, .. } => below,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(below, (1..=64).collect::<Vec<_>>());
}

pub(super) async fn of_parallel_password_changes_from_one_hash_one_wins(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let id = ada.id.clone();
    let outcomes = in_parallel(&store, MANY, move |store, number| {
        let id = id.clone();
        async move {
            let change = password(Some("hash"), &format!("new-{number}"));
            let outcome = store.change_user(&id, &change, None, Effects::default(), NOW).await;
            matches!(outcome.unwrap(), ChangeUserOutcome::Changed { .. })
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|changed| **changed).count(), 1);
    let won = outcomes.iter().position(|changed| *changed).unwrap();
    let held = store.find_user(&ada.id).await.unwrap().unwrap().password_hash;
    assert_eq!(held, Some(PasswordHash::new(format!("new-{won}"))));
}

pub(super) async fn a_disabled_user_gets_no_session_by_a_change(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    change(&store, &ada, UserChange::Disable).await;
    let new = Some(session(&ada, 1));
    let change = password(Some("hash"), "new");
    let outcome = store.change_user(&ada.id, &change, new, Effects::default(), NOW).await.unwrap();
    assert!(matches!(outcome, ChangeUserOutcome::Refused(_)), "{outcome:?}");
    assert_eq!(store.find_session(session_id(1)).await.unwrap(), None);
}
