//! Log-out: of one session, of all, and when the store fails.

use countersign_engine::{TokenResponse, ops::logout::LogoutProof, sessions::EndReason};
use secrecy::ExposeSecret;

use super::{
    flaky::Mode,
    world::{DAY, World, by_access, by_refresh, check, code, is_revoked},
};

#[tokio::test]
async fn by_an_access_token_ends_this_session_only() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.login("ada").await;
    let proof = by_access(world.principal(&first));
    world.logout(proof.clone(), false).await.unwrap();
    assert!(is_revoked(world.check(&first)));
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert!(world.check(&second).is_ok());
    world.refresh(&second).await.unwrap();
    world.logout(proof, false).await.unwrap();
    let ended = world.events("session.ended").await;
    assert_eq!(ended.len(), 1, "once, however often it is asked for");
    assert_eq!(ended[0].detail["reason"], "logged_out");
}

#[tokio::test]
async fn by_a_refresh_token_of_any_age_as_often_as_one_likes() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.refresh(&first).await.unwrap();
    for tokens in [&first, &second, &first] {
        world.logout(by_refresh(tokens), false).await.unwrap();
    }
    assert!(is_revoked(world.check(&second)));
    assert_eq!(world.session(&first).await.end_reason, Some(EndReason::LoggedOut));
    assert!(world.events("refresh.replayed").await.is_empty());
    let nonsense = LogoutProof::RefreshToken("nonsense".into());
    assert_eq!(code(world.logout(nonsense, false).await), "invalid_grant");
    world.pass(DAY * 2).await;
    world.engine.purge(10).await.unwrap();
    let refused = world.logout(by_refresh(&first), false).await;
    assert_eq!(code(refused), "invalid_grant", "without the row its MAC cannot be checked");
}

#[tokio::test]
async fn everywhere_ends_all_sessions_and_every_access_token() {
    for by_refresh_token in [false, true] {
        let world = World::new().await;
        let (user, first) = world.user_in("ada").await;
        let second = world.login("ada").await;
        let (_, other) = world.user_in("bob").await;
        let proof = || match by_refresh_token {
            true => by_refresh(&first),
            false => by_access(world.principal(&first)),
        };
        world.logout(proof(), true).await.unwrap();
        for tokens in [&first, &second] {
            assert!(is_revoked(world.check(tokens)));
            assert_eq!(code(world.refresh(tokens).await), "invalid_grant");
        }
        assert!(world.check(&other).is_ok());
        assert_eq!(world.stored(&user.id).await.generation, 1);
        assert!(world.check(&world.login("ada").await).is_ok());
    }
}

#[tokio::test]
async fn h12_another_process_follows() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let second = world.login("ada").await;
    let other = world.another(|_| ()).await;
    let seen = |tokens: &TokenResponse| check(&other, tokens.access_token.expose_secret());
    world.logout(by_refresh(&first), false).await.unwrap();
    world.catch_up(&other).await;
    assert!(is_revoked(seen(&first)) && seen(&second).is_ok());
    world.logout(by_refresh(&second), true).await.unwrap();
    world.catch_up(&other).await;
    assert!(is_revoked(seen(&second)));
    let restarted = world.another(|_| ()).await;
    for tokens in [&first, &second] {
        let token = tokens.access_token.expose_secret();
        assert!(is_revoked(check(&restarted, token)), "after a restart");
    }
}

#[tokio::test]
async fn r03_a_log_out_that_cannot_be_stored_is_503_and_refuses_here_all_the_same() {
    for mode in [Mode::Down, Mode::FailsBefore, Mode::FailsAfter] {
        for everywhere in [false, true] {
            let world = World::new().await;
            let (_, tokens) = world.user_in("ada").await;
            let proof = by_access(world.principal(&tokens));
            world.store.set(mode);
            let error = world.logout(proof, everywhere).await.unwrap_err();
            assert_eq!(error.code().http_status(), 503, "{mode:?}");
            assert!(is_revoked(world.check(&tokens)), "{mode:?} {everywhere}");
            world.store.set(Mode::Good);
            assert!(is_revoked(world.check(&tokens)), "{mode:?} {everywhere}");
            // The refresh token is a token of it as well.
            assert_eq!(code(world.refresh(&tokens).await), "invalid_grant", "{mode:?}");
            assert!(world.session(&tokens).await.ended_at.is_some(), "{mode:?} {everywhere}");
        }
    }
}

#[tokio::test]
async fn the_same_by_a_refresh_token_where_it_can_be_read() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        for everywhere in [false, true] {
            let world = World::new().await;
            let (_, first) = world.user_in("ada").await;
            let second = world.login("ada").await;
            world.store.set(mode);
            let result = world.logout(by_refresh(&first), everywhere).await;
            assert_eq!(code(result), "temporarily_unavailable");
            assert!(is_revoked(world.check(&first)), "{mode:?} {everywhere}");
            assert_eq!(is_revoked(world.check(&second)), everywhere, "{mode:?}");
            world.store.set(Mode::Good);
            world.logout(by_refresh(&first), everywhere).await.unwrap();
            assert_eq!(code(world.refresh(&first).await), "invalid_grant");
        }
    }
}

#[tokio::test]
async fn whoever_could_not_log_out_everywhere_can_log_in_again() {
    for mode in [Mode::Down, Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (_, old) = world.user_in("ada").await;
        let older = world.login("ada").await;
        let proof = by_access(world.principal(&old));
        world.store.set(mode);
        assert_eq!(code(world.logout(proof, true).await), "temporarily_unavailable");
        world.store.set(Mode::Good);
        let new = world.login("ada").await;
        assert!(world.check(&new).is_ok(), "{mode:?}");
        world.refresh(&new).await.unwrap();
        // What was asked for is stored now, so the others learn it too.
        let other = world.another(|_| ()).await;
        for tokens in [&old, &older] {
            assert!(is_revoked(world.check(tokens)));
            let token = tokens.access_token.expose_secret();
            assert!(is_revoked(check(&other, token)), "{mode:?}");
            assert_eq!(code(world.refresh(tokens).await), "invalid_grant");
        }
    }
}
