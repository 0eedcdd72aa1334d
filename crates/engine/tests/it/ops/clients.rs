//! Clients: their life, their secrets, and what happens to their tokens.

use countersign_engine::{
    TokenResponse,
    clients::{Client, ClientKind},
    guard::time::Clock,
    ids::SessionId,
    master::MasterKeys,
    ops::{
        actor::Actor,
        callers::{CallerCredentials, ClientCredentials},
        clients::AddClientRequest,
    },
    refresh_token::RefreshToken,
    store::{Clients, CreateSession, CreateSessionOutcome, MetaStore, Sessions, Verified},
    testing::SeededRandom,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    flaky::Mode,
    world::{DAY, MASTER, World, check, claims, code, from, is_revoked, names},
};

/// A session of another client for the same user, as a later grant will open them.
pub(super) async fn session_of(
    world: &World,
    tokens: &TokenResponse,
    client: &str,
) -> TokenResponse {
    let mut session = world.session(tokens).await;
    let now = world.clock.now();
    session.id = SessionId::generate(now, &SeededRandom::new(99));
    session.client_id = client.parse().unwrap();
    let intent = CreateSession {
        session: session.clone(),
        verified: Verified::Application,
        most_live: 100,
        refunds: Vec::new(),
        network: None,
        events: Vec::new(),
    };
    let outcome = world.store.create_session(intent, now).await.unwrap();
    assert!(matches!(outcome, CreateSessionOutcome::Created { .. }));
    let epoch = world.store.meta().await.unwrap().unwrap().epoch;
    let token = RefreshToken { key_id: 3, session_id: session.id, counter: 0 };
    let mut claims = claims(&world.principal(tokens));
    claims["client_id"] = client.into();
    claims["sid"] = session.id.to_string().into();
    claims["jti"] = format!("jti-of-{client}").into();
    let mut theirs = tokens.clone();
    theirs.session_id = session.id.to_string();
    theirs.access_token = world.forge("at+jwt", &claims).await.into();
    let master = MasterKeys::parse(MASTER).unwrap();
    theirs.refresh_token = token.mint(&master, &epoch, &session.salt).unwrap();
    theirs
}

fn request(id: &str, kind: ClientKind) -> AddClientRequest {
    AddClientRequest { id: id.into(), kind, audiences: names(&[]), scopes: names(&[]) }
}

async fn add(world: &World, id: &str, kind: ClientKind) -> (Client, Option<SecretString>) {
    world.engine.add_client(request(id, kind), &Actor::cli()).await.unwrap()
}

fn credentials(id: &str, secret: Option<&SecretString>) -> ClientCredentials {
    ClientCredentials { id: Some(id.into()), secret: secret.cloned(), from_header: true }
}

/// Whether the credentials let a resource server in.
async fn enters(world: &World, credentials: ClientCredentials) -> bool {
    let credentials = CallerCredentials::Client(credentials);
    let result = world
        .engine
        .authorize_caller(credentials, "countersign:introspect", &from("198.51.100.1"))
        .await;
    match result {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code().as_str(), "invalid_client");
            false
        }
    }
}

#[tokio::test]
async fn a_secret_is_answered_once_and_only_its_hash_is_kept() {
    let world = World::new().await;
    let (client, secret) = add(&world, "reports", ClientKind::ResourceServer).await;
    let secret = secret.unwrap();
    assert!(secret.expose_secret().starts_with("cs_cs_"));
    assert_eq!(secret.expose_secret().len(), 6 + 43, "256 bits");
    assert!(!format!("{client:?}").contains(secret.expose_secret()));
    assert_eq!(client.audiences, names(&["api", "https://reports.example"]), "none is all");
    assert!(enters(&world, credentials("reports", Some(&secret))).await);
    assert!(!enters(&world, credentials("reports", None)).await);
    assert!(!enters(&world, credentials("reports", Some(&"cs_cs_x".into()))).await);
    assert!(!enters(&world, credentials("Reports", Some(&secret))).await);
    assert!(!enters(&world, credentials("nobody", Some(&secret))).await);
    assert!(!enters(&world, ClientCredentials::default()).await);
    let (_, none) = add(&world, "app", ClientKind::Public).await;
    assert!(none.is_none());
}

#[tokio::test]
async fn only_resource_servers_ask_about_tokens() {
    let world = World::new().await;
    add(&world, "app", ClientKind::Public).await;
    let (_, secret) = add(&world, "shop", ClientKind::Confidential).await;
    assert!(!enters(&world, credentials("app", None)).await);
    assert!(!enters(&world, credentials("app", secret.as_ref())).await, "a secret that it has not");
    assert!(!enters(&world, credentials("shop", secret.as_ref())).await);
    assert!(!enters(&world, credentials("first-party", None)).await);
}

#[tokio::test]
async fn a_caller_may_show_an_access_token_with_the_scope_for_it() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let caller = || CallerCredentials::Access(Box::new(world.principal(&tokens)));
    let origin = from("198.51.100.1");
    let refused = world.engine.authorize_caller(caller(), "countersign:introspect", &origin).await;
    assert_eq!(code(refused), "insufficient_scope");
    world.engine.authorize_caller(caller(), "read", &origin).await.unwrap();
}

#[tokio::test]
async fn another_secret_kills_the_old_one() {
    let world = World::new().await;
    let (_, old) = add(&world, "reports", ClientKind::ResourceServer).await;
    let new = world.engine.rotate_client_secret("reports", &Actor::cli()).await.unwrap();
    assert!(!enters(&world, credentials("reports", old.as_ref())).await);
    assert!(enters(&world, credentials("reports", Some(&new))).await);
    add(&world, "app", ClientKind::Public).await;
    let result = world.engine.rotate_client_secret("app", &Actor::cli()).await;
    assert_eq!(code(result), "invalid_request");
    let result = world.engine.rotate_client_secret("nobody", &Actor::cli()).await;
    assert_eq!(code(result), "not_found");
}

#[tokio::test]
async fn a_disabled_client_can_do_nothing_until_it_is_enabled() {
    let world = World::new().await;
    let (_, secret) = add(&world, "reports", ClientKind::ResourceServer).await;
    add(&world, "app", ClientKind::Public).await;
    let (_, own) = world.user_in("ada").await;
    let theirs = session_of(&world, &own, "app").await;
    let other = world.another(|_| ()).await;
    let actor = Actor::cli();
    assert!(world.check(&theirs).is_ok());
    assert!(world.engine.disable_client("app", &actor).await.unwrap().disabled);
    world.engine.disable_client("reports", &actor).await.unwrap();
    assert!(is_revoked(world.check(&theirs)));
    assert!(world.check(&own).is_ok());
    assert!(!enters(&world, credentials("reports", secret.as_ref())).await);
    let app = credentials("app", None);
    let result = world.refresh_with(&theirs, |request| request.client = app.clone()).await;
    assert_eq!(code(result), "invalid_client");
    world.catch_up(&other).await;
    let access = theirs.access_token.expose_secret();
    assert!(is_revoked(check(&other, access)));
    assert!(!world.engine.enable_client("app", &actor).await.unwrap().disabled);
    assert!(world.check(&theirs).is_ok());
    world.catch_up(&other).await;
    assert!(check(&other, access).is_ok(), "the other lifts it too");
    world.refresh_with(&theirs, |request| request.client = app).await.unwrap();
}

/// Whoever disables and whoever enables it learn of their commit in any order, beside the follower.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_is_refused_as_the_last_commit_says() {
    let world = World::new().await;
    add(&world, "app", ClientKind::Public).await;
    let (_, own) = world.user_in("ada").await;
    let theirs = session_of(&world, &own, "app").await;
    let follower = tokio::spawn({
        let engine = world.engine.clone();
        async move {
            loop {
                engine.follow_once().await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let actor = Actor::cli();
    for round in 0..300 {
        let (disabled, enabled) = tokio::join!(
            world.engine.disable_client("app", &actor),
            world.engine.enable_client("app", &actor)
        );
        assert!(disabled.unwrap().disabled && !enabled.unwrap().disabled);
        let stored = world.store.find_client(&"app".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(is_revoked(world.check(&theirs)), stored.disabled, "round {round}");
    }
    follower.abort();
}

#[tokio::test]
async fn a_ban_is_lifted_only_once_that_is_stored() {
    for mode in [Mode::Down, Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        add(&world, "app", ClientKind::Public).await;
        let (_, own) = world.user_in("ada").await;
        let theirs = session_of(&world, &own, "app").await;
        let actor = Actor::cli();
        world.store.set(mode);
        let result = world.engine.disable_client("app", &actor).await;
        assert_eq!(code(result), "temporarily_unavailable");
        assert!(is_revoked(world.check(&theirs)), "{mode:?}: refused here all the same");
        let result = world.engine.enable_client("app", &actor).await;
        assert_eq!(code(result), "temporarily_unavailable");
        assert!(is_revoked(world.check(&theirs)), "{mode:?}");
        world.store.set(Mode::Good);
        world.engine.enable_client("app", &actor).await.unwrap();
        assert!(world.check(&theirs).is_ok());
    }
}

#[tokio::test]
async fn a_deleted_clients_sessions_end() {
    let world = World::new().await;
    add(&world, "app", ClientKind::Public).await;
    let (_, own) = world.user_in("ada").await;
    let theirs = session_of(&world, &own, "app").await;
    let actor = Actor::cli();
    world.engine.delete_client("app", &actor).await.unwrap();
    assert!(is_revoked(world.check(&theirs)));
    assert!(world.session(&theirs).await.ended_at.is_some());
    assert_eq!(code(world.engine.client("app").await), "not_found");
    assert_eq!(code(world.engine.delete_client("app", &actor).await), "not_found");
    assert_eq!(code(world.engine.disable_client("app", &actor).await), "not_found");
    assert_eq!(code(world.engine.enable_client("app", &actor).await), "not_found");
    assert!(world.check(&own).is_ok());
    // Its ban ends with the tokens that it is for; a new client of the id begins with nothing.
    world.pass(DAY).await;
    world.engine.upkeep().await.unwrap();
    add(&world, "app", ClientKind::Public).await;
    let own = world.refresh(&own).await.unwrap();
    assert!(world.check(&session_of(&world, &own, "app").await).is_ok());
}

#[tokio::test]
async fn no_ban_is_left_of_a_client_that_is_not_there() {
    let world = World::new().await;
    let actor = Actor::cli();
    assert_eq!(code(world.engine.disable_client("app", &actor).await), "not_found");
    assert_eq!(code(world.engine.delete_client("app", &actor).await), "not_found");
    add(&world, "app", ClientKind::Public).await;
    let (_, own) = world.user_in("ada").await;
    assert!(world.check(&session_of(&world, &own, "app").await).is_ok());
}

#[tokio::test]
async fn the_first_party_is_built_in() {
    let world = World::new().await;
    let actor = Actor::cli();
    let engine = &world.engine;
    assert_eq!(engine.client("first-party").await.unwrap().kind, ClientKind::Public);
    assert_eq!(code(engine.disable_client("first-party", &actor).await), "invalid_request");
    assert_eq!(code(engine.delete_client("first-party", &actor).await), "invalid_request");
    let result = engine.add_client(request("first-party", ClientKind::Public), &actor).await;
    assert_eq!(code(result), "conflict");
}

#[tokio::test]
async fn what_is_no_client_is_refused() {
    let world = World::new().await;
    let actor = Actor::cli();
    for id in ["", "App", "a b", "1app", "a1b2c3d4-0000-7000-8000-000000000000"] {
        let error = world.engine.add_client(request(id, ClientKind::Public), &actor).await;
        assert_eq!(error.unwrap_err().field(), Some("id"), "{id}");
    }
    let mut bad = request("app", ClientKind::Public);
    bad.audiences = names(&["elsewhere"]);
    assert_eq!(world.engine.add_client(bad, &actor).await.unwrap_err().field(), Some("audiences"));
    let mut bad = request("app", ClientKind::Public);
    bad.scopes = names(&["a b"]);
    assert_eq!(code(world.engine.add_client(bad, &actor).await), "invalid_scope");
    add(&world, "app", ClientKind::Public).await;
    let twice = world.engine.add_client(request("app", ClientKind::Public), &actor).await;
    assert_eq!(code(twice), "conflict");
    let clients = world.engine.list_clients().await.unwrap();
    let ids: Vec<_> = clients.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(ids, ["app", "first-party"]);
}

#[tokio::test]
async fn every_change_is_audited_and_announced() {
    let world = World::new().await;
    let mut events = world.engine.subscribe();
    let actor = Actor::cli();
    add(&world, "reports", ClientKind::ResourceServer).await;
    world.engine.rotate_client_secret("reports", &actor).await.unwrap();
    world.engine.disable_client("reports", &actor).await.unwrap();
    world.engine.enable_client("reports", &actor).await.unwrap();
    world.engine.delete_client("reports", &actor).await.unwrap();
    for change in ["added", "rotated", "disabled", "enabled", "deleted"] {
        let kind = format!("client.{change}");
        assert_eq!(events.try_recv().unwrap().kind.as_str(), kind);
        let stored = world.events(&kind).await;
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].actor.as_deref(), Some("cli"));
        assert_eq!(stored[0].client_id.as_deref(), Some("reports"));
    }
}
