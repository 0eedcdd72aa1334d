//! Registration.

use countersign_engine::{Result, names::UsernamePolicy, ops::register::RegisterRequest};

use super::{
    flaky::Mode,
    world::{PASSWORD, World, claims, code, from},
};

fn request(name: &str) -> RegisterRequest {
    RegisterRequest { username: name.into(), password: PASSWORD.into(), email: None }
}

async fn register(world: &World, name: &str) -> Result<String> {
    let user = world.engine.register(request(name), &from("198.51.100.1")).await?;
    Ok(user.username.unwrap_or_default())
}

#[tokio::test]
async fn h25_an_account_without_roles_and_scopes() {
    let world = World::new().await;
    let mut events = world.engine.subscribe();
    let mut asked = request("Ada");
    asked.email = Some("ada@example.org".into());
    let user = world.engine.register(asked, &from("198.51.100.1")).await.unwrap();
    assert_eq!(user.username.as_deref(), Some("ada"));
    assert_eq!(user.email.as_deref(), Some("ada@example.org"));
    assert!(user.roles.is_empty() && user.scopes.is_empty() && user.claims.is_empty());
    assert_eq!(uuid_version(user.id.as_str()), Some('7'));
    assert_eq!(events.try_recv().unwrap().kind.as_str(), "account.registered");
    assert_eq!(world.events("account.registered").await.len(), 1);
    let tokens = world.login("ada").await;
    assert_eq!(tokens.scope, "");
    assert_eq!(claims(&world.principal(&tokens))["roles"], serde_json::json!([]));
}

fn uuid_version(id: &str) -> Option<char> {
    id.chars().nth(14)
}

#[tokio::test]
async fn h39_a_taken_name_in_any_spelling_costs_no_hash() {
    let world = World::new().await;
    register(&world, "Amélie").await.unwrap();
    for spelling in ["amélie", "AMÉLIE", "Ame\u{301}lie", "Ａｍélie"] {
        let error = register(&world, spelling).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.field()), ("username_taken", Some("username")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn h38_of_32_at_once_one_gets_the_name() {
    let world = World::with(|parts| {
        parts.config.limits.register_address = "1000 per minute".parse().unwrap();
    })
    .await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let engine = world.engine.clone();
            tokio::spawn(
                async move { engine.register(request("ada"), &from("198.51.100.1")).await },
            )
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error.code().as_str(), "username_taken"),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn what_is_no_name_password_or_address_is_refused_with_its_field() {
    let world = World::new().await;
    let origin = from("198.51.100.1");
    for name in ["", "a b", "a@b", "a\0", "a\u{202e}b"] {
        let error = register(&world, name).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.field()), ("invalid_request", Some("username")));
    }
    let long = "x".repeat(1_025);
    for weak in ["short", "password", &long, "ada-ada-ada"] {
        let mut asked = request("ada");
        asked.password = weak.into();
        let error = world.engine.register(asked, &origin).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.field()), ("weak_password", Some("password")));
    }
    let mut asked = request("ada");
    asked.email = Some("nowhere".into());
    let error = world.engine.register(asked, &origin).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.field()), ("invalid_request", Some("email")));
}

#[tokio::test]
async fn addresses_are_names_only_where_that_is_configured() {
    let world = World::with(|parts| parts.config.accounts.usernames = UsernamePolicy::Email).await;
    assert_eq!(register(&world, "Ada@Example.ORG").await.unwrap(), "ada@example.org");
    assert_eq!(code(register(&world, "ada@").await), "invalid_request");
    world.login("ADA@example.org").await;
}

#[tokio::test]
async fn it_can_be_closed() {
    let world = World::with(|parts| parts.config.accounts.registration = false).await;
    assert_eq!(code(register(&world, "ada").await), "access_denied");
    world.user("ada").await;
}

#[tokio::test]
async fn a_failing_store_leaves_nothing_half() {
    let world = World::new().await;
    world.store.set(Mode::FailsBefore);
    assert_eq!(code(register(&world, "ada").await), "temporarily_unavailable");
    world.store.set(Mode::FailsAfter);
    assert_eq!(code(register(&world, "bob").await), "temporarily_unavailable");
    world.store.set(Mode::Good);
    register(&world, "ada").await.unwrap();
    assert_eq!(code(register(&world, "bob").await), "username_taken", "it was whole");
    world.login("bob").await;
}
