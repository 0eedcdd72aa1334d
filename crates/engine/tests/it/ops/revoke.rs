//! Token revocation (RFC 7009).

use std::time::Duration;

use countersign_engine::{
    clients::ClientKind,
    ops::{actor::Actor, callers::ClientCredentials, clients::AddClientRequest},
    sessions::EndReason,
};
use countersign_jose::{Algorithm, Signer, SigningKey};
use secrecy::ExposeSecret;

use super::{
    clients::session_of,
    flaky::Mode,
    world::{World, check, claims, code, from, is_revoked, names, revoke},
};

#[tokio::test]
async fn v7_an_access_token_dies_alone() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    for _ in 0..2 {
        world.revoke(first.access_token.expose_secret()).await.unwrap();
        assert!(is_revoked(world.check(&first)));
    }
    assert!(world.check(&second).is_ok());
    world.refresh(&second).await.unwrap();
    let events = world.events("token.revoked").await;
    assert_eq!(events[0].session_id.as_deref(), Some(first.session_id.as_str()));
}

#[tokio::test]
async fn v7_a_refresh_token_ends_its_session() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let other = world.login("ada").await;
    let second = world.refresh(&first).await.unwrap();
    for token in [&first, &second] {
        world.revoke(token.refresh_token.expose_secret()).await.unwrap();
    }
    assert!(is_revoked(world.check(&first)) && is_revoked(world.check(&second)));
    assert_eq!(world.session(&first).await.end_reason, Some(EndReason::Revoked));
    assert!(world.check(&other).is_ok());
}

#[tokio::test]
async fn v8_what_is_no_token_is_as_good_as_revoked() {
    let world = World::new().await;
    for token in ["", "nonsense", "a.b.c", "cs_rt_AAAA"] {
        world.revoke(token).await.unwrap();
    }
    let (_, tokens) = world.user_in("ada").await;
    world.pass(Duration::from_secs(901)).await;
    world.revoke(tokens.access_token.expose_secret()).await.unwrap();
    assert!(world.events("token.revoked").await.is_empty());
}

#[tokio::test]
async fn f16_a_token_with_a_wrong_signature_revokes_nothing() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let principal = world.principal(&tokens);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let stranger = stranger.with_kid(principal.key_id().to_owned());
    let forged = Signer::new(stranger).typ("at+jwt").sign(&claims(&principal)).unwrap();
    world.revoke(&forged).await.unwrap();
    let access = tokens.access_token.expose_secret();
    let cut = &access[..access.rfind('.').unwrap() + 1];
    for token in [cut.to_owned(), format!("{cut}AAAA")] {
        world.revoke(&token).await.unwrap();
    }
    let refresh = tokens.refresh_token.expose_secret();
    world.revoke(&format!("{}AAAA", &refresh[..refresh.len() - 4])).await.unwrap();
    assert!(world.check(&tokens).is_ok());
    world.refresh(&tokens).await.unwrap();
}

#[tokio::test]
async fn v4_a_client_revokes_its_own_tokens_only() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let add = |id: &str, kind| AddClientRequest {
        id: id.into(),
        kind,
        audiences: names(&[]),
        scopes: names(&[]),
    };
    let actor = Actor::cli();
    let shop = add("shop", ClientKind::Confidential);
    let (_, secret) = world.engine.add_client(shop, &actor).await.unwrap();
    world.engine.add_client(add("app", ClientKind::Public), &actor).await.unwrap();
    let theirs = session_of(&world, &tokens, "shop").await;
    let theirs_access = theirs.access_token.expose_secret().to_owned();
    let app = ClientCredentials { id: Some("app".into()), ..Default::default() };
    let shop = ClientCredentials { id: Some("shop".into()), secret, from_header: true };
    let origin = from("198.51.100.1");
    let by = |token: &str, client: &ClientCredentials| {
        let mut request = revoke(token);
        request.client = client.clone();
        world.engine.revoke(request, &origin)
    };
    let refresh = theirs.refresh_token.expose_secret();
    for token in [theirs_access.as_str(), refresh] {
        assert_eq!(code(by(token, &app).await), "invalid_grant");
        let nobody = ClientCredentials::default();
        assert_eq!(code(by(token, &nobody).await), "invalid_client", "V3");
    }
    let own = tokens.access_token.expose_secret();
    assert_eq!(code(by(own, &shop).await), "invalid_grant");
    assert!(check(&world.engine, &theirs_access).is_ok() && world.check(&tokens).is_ok());
    by(refresh, &shop).await.unwrap();
    assert!(is_revoked(check(&world.engine, &theirs_access)));
    let wrong = ClientCredentials { secret: Some("x".into()), ..shop };
    assert_eq!(code(by(refresh, &wrong).await), "invalid_client");
}

#[tokio::test]
async fn a_stale_view_stops_no_revocation() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(code(world.check(&tokens)), "temporarily_unavailable");
    world.revoke(tokens.access_token.expose_secret()).await.unwrap();
    assert_eq!(world.events("token.revoked").await.len(), 1);
}

#[tokio::test]
async fn r03_what_could_not_be_stored_is_refused_here_and_never_acknowledged() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (_, tokens) = world.user_in("ada").await;
        let access = tokens.access_token.expose_secret();
        world.store.set(mode);
        for _ in 0..2 {
            assert_eq!(code(world.revoke(access).await), "temporarily_unavailable", "{mode:?}");
            assert!(is_revoked(world.check(&tokens)));
        }
        world.store.set(Mode::Good);
        world.revoke(access).await.unwrap();
        let other = world.another(|_| ()).await;
        assert!(is_revoked(check(&other, access)), "an acknowledged one is stored");
    }
}

#[tokio::test]
async fn r03_the_same_for_a_refresh_token() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (_, tokens) = world.user_in("ada").await;
        let refresh = tokens.refresh_token.expose_secret();
        world.store.set(mode);
        assert_eq!(code(world.revoke(refresh).await), "temporarily_unavailable", "{mode:?}");
        assert!(is_revoked(world.check(&tokens)));
        world.store.set(Mode::Good);
        assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
        assert!(world.session(&tokens).await.ended_at.is_some());
    }
}
