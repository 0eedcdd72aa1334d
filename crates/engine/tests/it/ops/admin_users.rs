//! What administrators do with users.

use std::{
    future::{Future, poll_fn},
    task::Poll,
};

use countersign_engine::{
    Error,
    events::EventKind,
    ops::{
        actor::Actor,
        admin_users::{AddUserRequest, GrantsRequest, UserQuery},
    },
    sessions::EndReason,
};
use serde_json::{Map, Value, json};

use super::{
    flaky::Mode,
    world::{MINUTE, PASSWORD, World, claims, code, from, is_revoked, login, names},
};

fn request(name: &str) -> AddUserRequest {
    AddUserRequest {
        username: name.into(),
        password: None,
        email: None,
        roles: names(&[]),
        scopes: names(&[]),
        claims: Map::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value} is no object") };
    members
}

#[tokio::test]
async fn a_user_is_added_whole_or_not_at_all() {
    let world = World::new().await;
    let add = |change: fn(&mut AddUserRequest)| {
        let mut asked = request("ada");
        change(&mut asked);
        let engine = world.engine.clone();
        async move { engine.add_user(asked, &Actor::cli()).await }
    };
    let field = |error: Error| (error.code().as_str(), error.field());
    for (refused, expected) in [
        (add(|user| user.username = "a b".into()).await, ("invalid_request", Some("username"))),
        (add(|user| user.password = Some("x".into())).await, ("weak_password", Some("password"))),
        (add(|user| user.email = Some("x".into())).await, ("invalid_request", Some("email"))),
        (add(|user| user.roles = names(&["a b"])).await, ("invalid_request", Some("roles"))),
        (add(|user| user.scopes = names(&["\""])).await, ("invalid_scope", None)),
        (
            add(|user| user.claims = object(json!({"iss": 1}))).await,
            ("invalid_request", Some("claims")),
        ),
    ] {
        assert_eq!(field(refused.unwrap_err()), expected);
    }
    let user = add(|user| user.claims = object(json!({"team": "x"}))).await.unwrap();
    assert_eq!(code(add(|_| ()).await), "username_taken");
    let result = world.try_login("ada", PASSWORD, "198.51.100.1").await;
    assert_eq!(code(result), "invalid_credentials", "no password, no log-in");
    let actor = Actor::cli();
    world.engine.set_user_password(user.id.as_str(), &PASSWORD.into(), &actor).await.unwrap();
    let tokens = world.login("ada").await;
    assert_eq!(claims(&world.principal(&tokens))["team"], "x");
    assert_eq!(world.events("account.added").await[0].actor.as_deref(), Some("cli"));
}

#[tokio::test]
async fn custom_claims_are_at_most_a_kibibyte() {
    let world = World::new().await;
    world.user("ada").await;
    let actor = Actor::cli();
    // {"x":"…"} has eight bytes of its own.
    for (length, fits) in [(1_016, true), (1_017, false)] {
        let claims = object(json!({"x": "y".repeat(length)}));
        let result = world.engine.set_user_claims("ada", claims, &actor).await;
        assert_eq!(result.is_ok(), fits, "{length}");
    }
    for name in ["sub", "gen", "cnf", "scope", "roles", "preferred_username", "act"] {
        let mut claims = Map::new();
        claims.insert(name.into(), Value::from(1));
        let error = world.engine.set_user_claims("ada", claims, &actor).await.unwrap_err();
        assert_eq!(error.field(), Some("claims"), "{name}");
    }
    let tokens = world.login("ada").await;
    assert_eq!(claims(&world.principal(&tokens))["x"].as_str().unwrap().len(), 1_016);
}

#[tokio::test]
async fn users_are_found_by_id_and_by_any_spelling_of_the_name() {
    let world = World::new().await;
    let user = world.user("ada").await;
    for key in [user.id.as_str(), "ada", "ADA"] {
        assert_eq!(world.engine.user(key).await.unwrap().id, user.id, "{key}");
    }
    for key in ["", "bob", "a b"] {
        assert_eq!(code(world.engine.user(key).await), "not_found", "{key}");
    }
}

#[tokio::test]
async fn users_are_listed_page_by_page() {
    let world = World::new().await;
    for name in ["ada", "bob", "b%b", "cyd"] {
        world.engine.add_user(request(name), &Actor::cli()).await.unwrap();
        world.clock.advance(MINUTE);
    }
    let page = |after: Option<String>, search: Option<&str>, limit| {
        let query = UserQuery { after, search: search.map(str::to_owned), limit };
        world.engine.list_users(query)
    };
    let name = |user: &countersign_engine::users::User| user.username.clone().unwrap();
    let first = page(None, None, 3).await.unwrap();
    assert_eq!((first.users.len(), first.more), (3, true));
    let last = first.users.last().unwrap().id.to_string();
    let second = page(Some(last), None, 3).await.unwrap();
    assert_eq!((name(&second.users[0]).as_str(), second.more), ("cyd", false));
    let found = page(None, Some("%"), 0).await.unwrap();
    assert_eq!(found.users.iter().map(name).collect::<Vec<_>>(), ["b%b"], "literally");
    assert_eq!(page(Some("no id!".into()), None, 0).await.unwrap_err().field(), Some("after"));
    world.engine.delete_user("bob", &Actor::cli()).await.unwrap();
    assert_eq!(page(None, None, 0).await.unwrap().users.len(), 3, "no tombstones");
}

#[tokio::test]
async fn grants_that_are_not_named_are_not_written_back() {
    let world = World::new().await;
    let user = world.user("ada").await;
    let actor = Actor::cli();
    let only = |roles: Option<&[&str]>, scopes: Option<&[&str]>| GrantsRequest {
        roles: roles.map(names),
        scopes: scopes.map(names),
    };
    let change = |grants| world.engine.change_user_grants("ada", grants, &actor);
    let after = change(only(Some(&["chief"]), None)).await.unwrap();
    assert_eq!((after.roles, after.scopes.len(), after.generation), (names(&["chief"]), 3, 1));
    let after = change(only(None, Some(&["read"]))).await.unwrap();
    assert_eq!(
        (after.roles, after.scopes, after.generation),
        (names(&["chief"]), names(&["read"]), 2)
    );
    let after = change(only(None, None)).await.unwrap();
    assert_eq!(after.generation, 2);
    let after = change(only(Some(&["chief", "x"]), Some(&["read", "y"]))).await.unwrap();
    assert_eq!((after.roles.len(), after.scopes.len(), after.generation), (2, 2, 2));
    assert_eq!(code(change(only(Some(&["a b"]), None)).await), "invalid_request");
    assert_eq!(code(change(only(None, Some(&[""]))).await), "invalid_scope");
    assert_eq!(world.events("account.grants_changed").await.len(), 3);
    assert_eq!(world.stored(&user.id).await.generation, 2);
}

#[tokio::test]
async fn h13_a_password_set_by_an_administrator_ends_all_sessions() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let actor = Actor::cli();
    let new = "marble-window-17-orchard";
    world.engine.set_user_password("ada", &new.into(), &actor).await.unwrap();
    assert!(is_revoked(world.check(&tokens)));
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    world.try_login("ada", new, "198.51.100.1").await.unwrap();
    let result = world.engine.set_user_password("ada", &"ada".into(), &actor).await;
    assert_eq!(code(result), "weak_password");
    let result = world.engine.set_user_password("bob", &new.into(), &actor).await;
    assert_eq!(code(result), "not_found");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.login("ada").await;
    let mut asked = login("ada", PASSWORD);
    asked.scope = Some("countersign:admin".into());
    let origin = from("198.51.100.1");
    assert!(Actor::administrator(&world.principal(&second), &origin).is_err());
    let third = world.engine.login(asked, &origin).await.unwrap();
    let actor = Actor::administrator(&world.principal(&third), &origin).unwrap();
    assert_eq!(world.engine.user_sessions("ada").await.unwrap().len(), 3);
    world.engine.end_session(&first.session_id, &actor).await.unwrap();
    assert!(is_revoked(world.check(&first)) && world.check(&second).is_ok());
    let ended = &world.events("session.ended").await[0];
    assert_eq!(ended.actor.as_deref(), Some(world.principal(&third).user_id()));
    assert_eq!(ended.address.as_deref(), Some("198.51.100.1"));
    world.engine.end_user_sessions("ada", &actor).await.unwrap();
    assert!(is_revoked(world.check(&second)) && is_revoked(world.check(&third)));
    assert!(world.engine.user_sessions("ada").await.unwrap().is_empty());
    assert_eq!(world.session(&second).await.end_reason, Some(EndReason::EndedByAdmin));
    for unknown in ["nonsense", "01890000-0000-7000-8000-00000000000a"] {
        assert_eq!(code(world.engine.end_session(unknown, &actor).await), "not_found");
    }
    assert_eq!(code(world.engine.end_user_sessions("bob", &actor).await), "not_found");
}

#[tokio::test]
async fn deletion_leaves_a_tombstone_and_frees_the_name() {
    let world = World::new().await;
    let (user, tokens) = world.user_in("ada").await;
    let actor = Actor::cli();
    world.engine.delete_user("ada", &actor).await.unwrap();
    assert!(is_revoked(world.check(&tokens)));
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    let tombstone = world.stored(&user.id).await;
    assert_eq!(tombstone.generation, 1);
    assert!(tombstone.deleted_at.is_some());
    assert_eq!((tombstone.username, tombstone.email, tombstone.password_hash), (None, None, None));
    assert!(tombstone.roles.is_empty() && tombstone.scopes.is_empty());
    assert!(tombstone.claims.is_empty());
    assert_eq!(code(world.engine.user(user.id.as_str()).await), "not_found");
    assert_eq!(code(world.engine.enable_user(user.id.as_str(), &actor).await), "not_found");
    let (again, fresh) = world.user_in("ada").await;
    assert_ne!(again.id, user.id);
    assert!(world.check(&fresh).is_ok() && is_revoked(world.check(&tokens)));
}

#[tokio::test]
async fn every_change_is_audited_and_announced() {
    let world = World::new().await;
    let mut events = world.engine.subscribe();
    let actor = Actor::cli();
    world.user("ada").await;
    world.engine.set_user_claims("ada", Map::new(), &actor).await.unwrap();
    world.engine.disable_user("ada", &actor).await.unwrap();
    world.engine.enable_user("ada", &actor).await.unwrap();
    world.engine.end_user_sessions("ada", &actor).await.unwrap();
    world.engine.delete_user("ada", &actor).await.unwrap();
    for kind in [
        EventKind::AccountAdded,
        EventKind::AccountClaimsChanged,
        EventKind::AccountDisabled,
        EventKind::AccountEnabled,
        EventKind::SessionsEnded,
        EventKind::AccountDeleted,
    ] {
        assert_eq!(events.try_recv().unwrap().kind, kind);
        let stored = world.events(kind.as_str()).await;
        assert_eq!((stored.len(), stored[0].actor.as_deref()), (1, Some("cli")), "{kind:?}");
    }
}

#[tokio::test]
async fn r03_what_cannot_be_stored_is_refused_here_all_the_same() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        for change in ["disable", "grants", "password", "sessions", "session", "delete"] {
            let world = World::new().await;
            let (user, tokens) = world.user_in("ada").await;
            let (id, actor) = (user.id.as_str(), Actor::cli());
            let engine = &world.engine;
            world.store.set(mode);
            let grants = GrantsRequest { roles: Some(names(&[])), scopes: None };
            let result = match change {
                "disable" => engine.disable_user(id, &actor).await.map(drop),
                "grants" => engine.change_user_grants(id, grants, &actor).await.map(drop),
                "password" => {
                    engine.set_user_password(id, &PASSWORD.into(), &actor).await.map(drop)
                }
                "sessions" => engine.end_user_sessions(id, &actor).await,
                "session" => engine.end_session(&tokens.session_id, &actor).await,
                _ => engine.delete_user(id, &actor).await,
            };
            assert_eq!(code(result), "temporarily_unavailable", "{mode:?} {change}");
            assert!(is_revoked(world.check(&tokens)), "{mode:?} {change}");
        }
    }
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.store.set(Mode::Down);
    let result = world.engine.end_session(&tokens.session_id, &Actor::cli()).await;
    assert_eq!(code(result), "temporarily_unavailable");
    assert!(is_revoked(world.check(&tokens)));
}

#[tokio::test]
async fn an_added_grant_that_cannot_be_stored_refuses_nobody() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.store.set(Mode::FailsBefore);
    let grants = GrantsRequest { roles: Some(names(&["clerk", "chief"])), scopes: None };
    let result = world.engine.change_user_grants("ada", grants, &Actor::cli()).await;
    assert_eq!(code(result), "temporarily_unavailable");
    assert!(world.check(&tokens).is_ok());
}

#[tokio::test]
async fn r22_a_caller_that_vanishes_leaves_nothing_half() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    {
        let actor = Actor::cli();
        let disabling = world.engine.disable_user("ada", &actor);
        tokio::pin!(disabling);
        // Polled until its own task has begun, then dropped.
        let begun = poll_fn(|context| Poll::Ready(disabling.as_mut().poll(context).is_pending()));
        assert!(begun.await);
    }
    while !is_revoked(world.check(&tokens)) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.events("account.disabled").await.len(), 1);
}
