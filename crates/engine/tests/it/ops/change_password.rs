//! Changing one's own password and e-mail address.

use countersign_engine::{
    Result, TokenResponse,
    ops::{
        actor::Actor, change_password::ChangePasswordRequest, me::UpdateAccountRequest,
        start_session::StartSessionRequest,
    },
    sessions::EndReason,
    users::{PasswordHash, UserChange},
};
use serde_json::Map;

use super::{
    flaky::Mode,
    world::{MINUTE, PASSWORD, WRONG, World, claims, code, from, is_revoked, names},
};

const NEW: &str = "marble-window-17-orchard";

async fn change(
    world: &World,
    tokens: &TokenResponse,
    current: &str,
    new: &str,
) -> Result<TokenResponse> {
    let request =
        ChangePasswordRequest { current_password: current.into(), new_password: new.into() };
    let principal = world.principal(tokens);
    world.engine.change_password(&principal, request, &from("198.51.100.1")).await
}

#[tokio::test]
async fn h13_all_sessions_end_and_a_new_one_begins() {
    let world = World::new().await;
    let (user, first) = world.user_in("ada").await;
    let second = world.login("ada").await;
    world.clock.advance(MINUTE);
    let new = change(&world, &first, PASSWORD, NEW).await.unwrap();
    for tokens in [&first, &second] {
        assert!(is_revoked(world.check(tokens)));
        assert_eq!(code(world.refresh(tokens).await), "invalid_grant");
        let session = world.session(tokens).await;
        assert_eq!(session.end_reason, Some(EndReason::PasswordChanged));
    }
    let now = claims(&world.principal(&new));
    assert_eq!((&now["gen"], &now["scope"]), (&1.into(), &"read write".into()));
    assert_eq!(now["auth_time"], now["iat"]);
    assert_ne!(new.session_id, first.session_id);
    world.refresh(&new).await.unwrap();
    assert_eq!(code(world.try_login("ada", PASSWORD, "198.51.100.1").await), "invalid_credentials");
    world.try_login("ada", NEW, "198.51.100.1").await.unwrap();
    assert_eq!(world.engine.user_sessions("ada").await.unwrap().len(), 2);
    assert_eq!(world.events("account.password_changed").await.len(), 1);
    assert_eq!(world.stored(&user.id).await.generation, 1);
}

#[tokio::test]
async fn a_wrong_or_weak_password_changes_nothing() {
    let world = World::with(|parts| parts.config.tokens.include_username = false).await;
    world.user("violet-canyon-admin").await;
    let tokens = world.login("violet-canyon-admin").await;
    assert_eq!(code(change(&world, &tokens, WRONG, NEW).await), "reauthentication_failed");
    let long = "x".repeat(1_025);
    for weak in ["short", "password1", &long, "violet-canyon-admin"] {
        let error = change(&world, &tokens, PASSWORD, weak).await.unwrap_err();
        assert_eq!(error.code().as_str(), "weak_password", "{weak}");
        assert_eq!(error.field(), Some("new_password"));
    }
    assert!(world.check(&tokens).is_ok());
    world.refresh(&tokens).await.unwrap();
}

#[tokio::test]
async fn a_narrow_token_gives_no_wider_session() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    let narrow = world.refresh_with(&first, |request| request.scope = Some("read".into()));
    let new = change(&world, &narrow.await.unwrap(), PASSWORD, NEW).await.unwrap();
    assert_eq!(new.scope, "read");
}

#[tokio::test]
async fn a_password_changed_meanwhile_wins() {
    let world = World::new().await;
    let (user, tokens) = world.user_in("ada").await;
    let new = PasswordHash::new("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA");
    let meanwhile = UserChange::Password { expected: None, new: new.clone() };
    world.store.change_meanwhile(&user.id, meanwhile);
    assert_eq!(code(change(&world, &tokens, PASSWORD, NEW).await), "conflict");
    assert_eq!(world.stored(&user.id).await.password_hash, Some(new));
    assert!(world.engine.user_sessions("ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_user_disabled_meanwhile_gets_no_session() {
    let world = World::new().await;
    let (user, tokens) = world.user_in("ada").await;
    world.store.change_meanwhile(&user.id, UserChange::Disable);
    assert!(is_revoked(change(&world, &tokens, PASSWORD, NEW).await));
    assert!(world.engine.user_sessions("ada").await.unwrap().is_empty());
    assert!(world.stored(&user.id).await.disabled);
}

#[tokio::test]
async fn of_two_changes_from_one_password_one_wins() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let other = "copper-meadow-58-lighthouse";
    let (one, two) = tokio::join!(
        change(&world, &tokens, PASSWORD, NEW),
        change(&world, &tokens, PASSWORD, other)
    );
    let (winner, loser) = if one.is_ok() { (one, two) } else { (two, one) };
    // How far the loser came before the winner's commit is chance.
    assert!(["conflict", "reauthentication_failed"].contains(&code(loser)));
    assert!(world.check(&winner.unwrap()).is_ok());
}

#[tokio::test]
async fn whoever_is_gone_meanwhile_changes_nothing() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let principal = world.principal(&tokens);
    world.engine.disable_user("ada", &Actor::cli()).await.unwrap();
    let request =
        ChangePasswordRequest { current_password: PASSWORD.into(), new_password: NEW.into() };
    let origin = from("198.51.100.1");
    assert!(is_revoked(world.engine.change_password(&principal, request, &origin).await));
    assert!(is_revoked(world.engine.me(&principal).await));
}

#[tokio::test]
async fn a_change_that_cannot_be_stored_is_503_and_the_old_tokens_are_refused_here() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (user, tokens) = world.user_in("ada").await;
        let principal = world.principal(&tokens);
        // Budgets are written first; the failure must come later to be the change's own.
        let request =
            ChangePasswordRequest { current_password: PASSWORD.into(), new_password: NEW.into() };
        let origin = from("198.51.100.1");
        world.store.set_for_changes(mode);
        let result = world.engine.change_password(&principal, request, &origin).await;
        assert_eq!(code(result), "temporarily_unavailable", "{mode:?}");
        assert!(is_revoked(world.check(&tokens)), "{mode:?}");
        world.store.set_for_changes(Mode::Good);
        let password = if mode == Mode::FailsAfter { NEW } else { PASSWORD };
        let new = world.try_login("ada", password, "198.51.100.1").await.unwrap();
        assert!(world.check(&new).is_ok(), "{mode:?}");
        assert_eq!(world.stored(&user.id).await.generation, 1, "{mode:?}");
    }
}

#[tokio::test]
async fn the_e_mail_address_is_changed_with_the_password_only() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let principal = world.principal(&tokens);
    let origin = from("198.51.100.1");
    let update = |email: Option<&str>, password: &str| {
        let request = UpdateAccountRequest {
            email: email.map(str::to_owned),
            current_password: password.into(),
        };
        world.engine.update_account(&principal, request, &origin)
    };
    let user = update(Some("ada@example.org"), PASSWORD).await.unwrap();
    assert_eq!(user.email.as_deref(), Some("ada@example.org"));
    assert_eq!(world.engine.me(&principal).await.unwrap().email, user.email);
    assert_eq!(update(Some("no address"), PASSWORD).await.unwrap_err().field(), Some("email"));
    assert_eq!(code(update(None, WRONG).await), "reauthentication_failed");
    assert!(update(None, PASSWORD).await.unwrap().email.is_none());
    assert!(world.check(&tokens).is_ok(), "nothing ends by it");
    assert_eq!(world.events("account.email_changed").await.len(), 2);
}

#[tokio::test]
async fn an_applications_own_user_has_no_password_here() {
    let world = World::new().await;
    let request = StartSessionRequest {
        subject: "app:7".parse().unwrap(),
        scopes: names(&["read"]),
        claims: Map::new(),
        amr: Vec::new(),
        resource: None,
    };
    let tokens = world.engine.start_session(request, &from("198.51.100.1")).await.unwrap();
    assert_eq!(code(change(&world, &tokens, PASSWORD, NEW).await), "access_denied");
}
