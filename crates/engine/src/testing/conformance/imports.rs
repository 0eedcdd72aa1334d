//! Importing users: in batches, again, and at once.

use std::sync::Arc;

use countersign_guard::revocation::Target;
use serde_json::json;

use super::fixtures::{
    MANY, NOW, event_kinds, in_parallel, initialise, names, open, session, session_id, targets,
    user_id, with_user,
};
use crate::{
    imports::{ImportRefused, UserImport},
    store::{EventFilter, ImportOutcome, Store},
    users::{PasswordHash, UserChange},
};

fn import(name: &str) -> UserImport {
    UserImport {
        id: None,
        fresh_id: user_id(&format!("fresh-{name}")),
        username: name.to_owned(),
        password_hash: Some(PasswordHash::new("hash")),
        email: Some(format!("{name}@example.com")),
        roles: Some(names(&["clerk"])),
        scopes: Some(names(&["read"])),
        claims: json!({"tenant": 7}).as_object().cloned(),
        disabled: Some(false),
        created_at: NOW,
        own_hashes: "$own$".to_owned(),
        actor: "cli".to_owned(),
        source: "users.csv".to_owned(),
    }
}

async fn write(store: &Arc<dyn Store>, imports: &[UserImport], update: bool) -> Vec<ImportOutcome> {
    store.import_users(imports, update, NOW).await.unwrap()
}

fn is_added(outcome: &ImportOutcome) -> bool {
    matches!(outcome, ImportOutcome::Added(..))
}

pub(super) async fn a_batch_is_added_with_its_events_and_found_again(store: Arc<dyn Store>) {
    initialise(&store).await;
    let all = [
        import("ada"),
        UserImport { id: Some(user_id("u-bob")), disabled: Some(true), ..import("bob") },
        UserImport { password_hash: None, email: None, roles: None, ..import("cy") },
    ];
    let outcomes = write(&store, &all, false).await;
    assert!(outcomes.iter().all(is_added), "{outcomes:?}");
    let ada = store.find_login("ada").await.unwrap().unwrap().user;
    assert_eq!(ada.id, user_id("fresh-ada"));
    assert_eq!((ada.roles, ada.scopes), (names(&["clerk"]), names(&["read"])));
    assert_eq!(ada.password_hash, Some(PasswordHash::new("hash")));
    assert_eq!((&ada.claims["tenant"], ada.created_at), (&json!(7), NOW));
    assert!(store.find_user(&user_id("u-bob")).await.unwrap().unwrap().disabled);
    let cy = store.find_login("cy").await.unwrap().unwrap().user;
    assert_eq!((cy.password_hash, cy.email, cy.roles), (None, None, names(&[])));
    assert_eq!(event_kinds(&store).await, ["account.added"; 3]);
    let events = store.list_events(&EventFilter::default(), 1).await.unwrap();
    assert_eq!(events[0].detail["import"], "users.csv");
    assert_eq!(events[0].actor.as_deref(), Some("cli"));
    // Again, as after an interruption: other fresh ids, the same users.
    let again: Vec<_> = all
        .iter()
        .map(|one| UserImport {
            fresh_id: user_id(&format!("other-{}", one.username)),
            ..one.clone()
        })
        .collect();
    for update in [false, true] {
        let outcomes = write(&store, &again, update).await;
        assert!(outcomes.iter().all(|one| matches!(one, ImportOutcome::Same(_))), "{outcomes:?}");
    }
    assert_eq!(event_kinds(&store).await.len(), 3);
    assert_eq!(store.list_users(None, None, 10).await.unwrap().users.len(), 3);
}

pub(super) async fn a_user_sees_those_before_it(store: Arc<dyn Store>) {
    initialise(&store).await;
    let twice = [
        import("ada"),
        UserImport { fresh_id: user_id("second"), ..import("ada") },
        UserImport { fresh_id: user_id("third"), email: Some("x@y".into()), ..import("ada") },
    ];
    let outcomes = write(&store, &twice, false).await;
    assert!(is_added(&outcomes[0]));
    assert_eq!(outcomes[1], ImportOutcome::Same(user_id("fresh-ada")));
    assert_eq!(outcomes[2], ImportOutcome::Different(user_id("fresh-ada"), vec!["email"]));
}

pub(super) async fn a_difference_is_left_alone_unless_it_shall_be_changed(store: Arc<dyn Store>) {
    initialise(&store).await;
    write(&store, &[import("ada")], false).await;
    let other = UserImport {
        email: Some("other@example.com".into()),
        scopes: Some(names(&["read", "write"])),
        ..import("ada")
    };
    let id = user_id("fresh-ada");
    let before = store.find_user(&id).await.unwrap();
    let outcomes = write(&store, std::slice::from_ref(&other), false).await;
    assert_eq!(outcomes, [ImportOutcome::Different(id.clone(), vec!["email", "scopes"])]);
    assert_eq!(store.find_user(&id).await.unwrap(), before);
    assert_eq!(event_kinds(&store).await, ["account.added"]);
    let outcomes = write(&store, &[other], true).await;
    assert!(matches!(&outcomes[..], [ImportOutcome::Changed { .. }]), "{outcomes:?}");
    let after = store.find_user(&id).await.unwrap().unwrap();
    assert_eq!(after.email.as_deref(), Some("other@example.com"));
    assert_eq!((after.scopes, after.roles), (names(&["read", "write"]), names(&["clerk"])));
    let kinds = ["account.added", "account.email_changed", "account.grants_changed"];
    assert_eq!(event_kinds(&store).await, kinds);
}

pub(super) async fn a_change_ends_sessions_and_revokes(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    open(&store, &session(&ada, 1)).await;
    let new = UserImport {
        password_hash: Some(PasswordHash::new("new")),
        roles: None,
        scopes: None,
        claims: None,
        email: None,
        ..import("ada")
    };
    let outcomes = write(&store, &[new], true).await;
    let [ImportOutcome::Changed { id, ended, revoked, events }] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    let target = Target::User { id: ada.id.to_string(), below: 1 };
    assert_eq!(
        (id, &ended[..], &revoked[..]),
        (&ada.id, &[session_id(1)][..], &[target.clone()][..])
    );
    assert_eq!(events.len(), 1);
    assert_eq!(targets(&store).await, [target]);
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap(), []);
}

pub(super) async fn names_and_ids_of_others_and_tombstones_are_refused(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let bob = UserImport { id: Some(ada.id.clone()), ..import("bob") };
    let stranger = UserImport { id: Some(user_id("stranger")), ..import("ada") };
    let outcomes = write(&store, &[bob.clone(), stranger, import("cy")], true).await;
    assert_eq!(outcomes[0], ImportOutcome::Refused(ImportRefused::IdTaken));
    assert_eq!(outcomes[1], ImportOutcome::Refused(ImportRefused::NameTaken));
    assert!(is_added(&outcomes[2]), "one that is refused stops no other");
    let delete = UserChange::Delete;
    store.change_user(&ada.id, &delete, None, Default::default(), NOW).await.unwrap();
    let outcomes = write(&store, &[bob, import("ada")], true).await;
    assert_eq!(outcomes[0], ImportOutcome::Refused(ImportRefused::Deleted));
    assert!(is_added(&outcomes[1]), "the name is free again");
}

pub(super) async fn of_parallel_imports_of_one_file_one_adds(store: Arc<dyn Store>) {
    initialise(&store).await;
    let outcomes = in_parallel(&store, MANY, |store, number| async move {
        let fresh_id = user_id(&format!("fresh-{number}"));
        let import = UserImport { fresh_id, ..import("ada") };
        store.import_users(&[import], false, NOW).await.unwrap().remove(0)
    })
    .await;
    assert_eq!(outcomes.iter().filter(|one| is_added(one)).count(), 1, "{outcomes:?}");
    assert_eq!(store.list_users(None, None, 100).await.unwrap().users.len(), 1);
    assert_eq!(event_kinds(&store).await, ["account.added"]);
}

pub(super) async fn nothing_is_written_before_the_database_is_initialised(store: Arc<dyn Store>) {
    let outcome = store.import_users(&[import("ada")], false, NOW).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(store.find_login("ada").await.unwrap().is_none());
}
