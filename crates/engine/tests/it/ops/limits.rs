//! Budgets of failed checks, and the limits on addresses.

use std::time::Duration;

use countersign_engine::{
    Error,
    ids::Origin,
    ops::{
        callers::{CallerCredentials, ClientCredentials},
        change_password::ChangePasswordRequest,
        me::UpdateAccountRequest,
        register::RegisterRequest,
    },
    passwords::Argon2Parameters,
};

use super::world::{MINUTE, PASSWORD, WRONG, World, code, from, login, refresh, revoke};

/// Where the guesses of an attacker come from.
fn address(number: u32) -> String {
    format!("203.0.{}.{}", number / 250, number % 250)
}

#[tokio::test]
async fn h05_h06_varied_addresses_get_ten_guesses_at_an_account() {
    for name in ["ada", "nobody"] {
        let world = World::new().await;
        world.user("ada").await;
        let mut answers = Vec::new();
        for number in 0..300 {
            answers.push(code(world.try_login(name, WRONG, &address(number)).await));
        }
        assert_eq!(world.engine.password_verifications(), 10, "{name}");
        assert!(answers[..10].iter().all(|answer| *answer == "invalid_credentials"), "{name}");
        assert!(answers[10..].iter().all(|answer| *answer == "rate_limited"), "{name}");
    }
}

#[tokio::test]
async fn one_network_gets_five_guesses_a_minute_and_is_told_when_to_come_back() {
    let world = World::new().await;
    world.user("ada").await;
    for _ in 0..5 {
        let result = world.try_login("ada", WRONG, "203.0.113.7").await;
        assert_eq!(code(result), "invalid_credentials");
    }
    let error = world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap_err();
    let Error::RateLimited { retry_after, policy } = error else { panic!("{error:?}") };
    assert_eq!((policy.name, policy.count, policy.window_seconds), ("account", 5, 60));
    assert_eq!(retry_after, Duration::from_secs(12));
    world.clock.advance(retry_after - Duration::from_millis(1));
    assert_eq!(code(world.try_login("ada", PASSWORD, "203.0.113.7").await), "rate_limited");
    world.clock.advance(Duration::from_millis(1));
    world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap();
}

#[tokio::test]
async fn one_network_gets_ten_guesses_in_a_quarter_of_an_hour() {
    let world = World::new().await;
    world.user("ada").await;
    world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap();
    let before = world.engine.password_verifications();
    for _ in 0..100 {
        let _ = world.try_login("ada", WRONG, "203.0.113.7").await;
        world.clock.advance(Duration::from_secs(3));
    }
    let guesses = world.engine.password_verifications() - before;
    // A burst of ten, and one each 90 seconds of the five minutes.
    assert!((10..=14).contains(&guesses), "{guesses}");
}

#[tokio::test]
async fn h06_a_slash_64_is_one_network() {
    let world = World::new().await;
    world.user("ada").await;
    for number in 0..5 {
        let _ = world.try_login("ada", WRONG, &format!("2001:db8::{number}")).await;
    }
    let result = world.try_login("ada", PASSWORD, "2001:db8::ffff:ffff:1:9").await;
    assert_eq!(code(result), "rate_limited");
    world.try_login("ada", PASSWORD, "2001:db8:0:1::1").await.unwrap();
}

#[tokio::test]
async fn requests_without_an_address_share_one_network() {
    let world = World::new().await;
    world.user("ada").await;
    let nowhere = Origin::default();
    for _ in 0..5 {
        let result = world.engine.login(login("ada", WRONG), &nowhere).await;
        assert_eq!(code(result), "invalid_credentials");
    }
    let result = world.engine.login(login("ada", PASSWORD), &nowhere).await;
    assert_eq!(code(result), "rate_limited");
}

#[tokio::test]
async fn the_owner_is_not_locked_out_of_a_known_network() {
    let world = World::new().await;
    world.user("ada").await;
    world.try_login("ada", PASSWORD, "198.51.100.1").await.unwrap();
    for number in 0..100 {
        let _ = world.try_login("ada", WRONG, &address(number)).await;
    }
    assert_eq!(code(world.try_login("ada", PASSWORD, "198.51.100.9").await), "rate_limited");
    world.try_login("ada", PASSWORD, "198.51.100.1").await.unwrap();
}

#[tokio::test]
async fn h05_spellings_of_one_name_share_its_budget() {
    let world = World::new().await;
    world.user("ada").await;
    for name in ["ada", "ADA", "Ada", "Ａｄａ", "aDa"] {
        let _ = world.try_login(name, WRONG, "203.0.113.7").await;
    }
    assert_eq!(code(world.try_login("ada", PASSWORD, "203.0.113.7").await), "rate_limited");
}

#[tokio::test]
async fn successes_cost_nothing() {
    let world = World::new().await;
    world.user("ada").await;
    for _ in 0..20 {
        world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap();
    }
    for _ in 0..5 {
        let result = world.try_login("ada", WRONG, "203.0.113.7").await;
        assert_eq!(code(result), "invalid_credentials");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_guesses_cannot_pass_the_budget() {
    let world = World::new().await;
    world.user("ada").await;
    let guesses: Vec<_> = (0..64)
        .map(|number| {
            let (engine, origin) = (world.engine.clone(), from(&address(number)));
            tokio::spawn(async move { code(engine.login(login("ada", WRONG), &origin).await) })
        })
        .collect();
    let mut limited = 0;
    for guess in guesses {
        limited += usize::from(guess.await.unwrap() == "rate_limited");
    }
    assert_eq!((world.engine.password_verifications(), limited), (10, 54));
}

#[tokio::test]
async fn r01_budgets_outlive_the_process_and_hold_in_all() {
    let world = World::new().await;
    world.user("ada").await;
    for number in 0..10 {
        let _ = world.try_login("ada", WRONG, &address(number)).await;
    }
    let other = world.another(|_| ()).await;
    let result = other.login(login("ada", PASSWORD), &from("203.0.113.7")).await;
    assert_eq!(code(result), "rate_limited");
}

#[tokio::test]
async fn asking_for_the_password_again_shares_the_budget() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    let principal = world.principal(&tokens);
    let origin = from("198.51.100.1");
    for _ in 0..3 {
        let request = ChangePasswordRequest {
            current_password: WRONG.into(),
            new_password: "marble-window-17-orchard".into(),
        };
        let result = world.engine.change_password(&principal, request, &origin).await;
        assert_eq!(code(result), "reauthentication_failed");
    }
    for _ in 0..2 {
        let request = UpdateAccountRequest { email: None, current_password: WRONG.into() };
        let result = world.engine.update_account(&principal, request, &origin).await;
        assert_eq!(code(result), "reauthentication_failed");
    }
    assert_eq!(code(world.try_login("ada", PASSWORD, "198.51.100.1").await), "rate_limited");
    let request = UpdateAccountRequest { email: None, current_password: PASSWORD.into() };
    let result = world.engine.update_account(&principal, request, &origin).await;
    assert_eq!(code(result), "rate_limited");
}

#[tokio::test]
async fn an_address_logs_in_thirty_times_a_minute() {
    let world = World::new().await;
    world.user("ada").await;
    for number in 0..30 {
        let _ = world.try_login(&format!("name{number}"), WRONG, "203.0.113.7").await;
    }
    let error = world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap_err();
    let Error::RateLimited { policy, .. } = error else { panic!("{error:?}") };
    assert_eq!((policy.name, policy.count, policy.window_seconds), ("login", 30, 60));
    world.try_login("ada", PASSWORD, "203.0.113.8").await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    world.try_login("ada", PASSWORD, "203.0.113.7").await.unwrap();
}

#[tokio::test]
async fn an_address_registers_300_times_a_minute() {
    let world = World::new().await;
    let origin = from("203.0.113.7");
    let request = |number: u32| RegisterRequest {
        username: format!("name{number}"),
        password: "short".into(),
        email: None,
    };
    for number in 0..300 {
        assert_eq!(code(world.engine.register(request(number), &origin).await), "weak_password");
    }
    assert_eq!(code(world.engine.register(request(301), &origin).await), "rate_limited");
}

#[tokio::test]
async fn h40_failed_refreshes_revocations_and_introspections_are_limited_and_no_others() {
    let world = World::new().await;
    let (_, mut tokens) = world.user_in("ada").await;
    let origin = from("203.0.113.7");
    let engine = &world.engine;
    for _ in 0..60 {
        tokens = world.refresh(&tokens).await.unwrap();
        assert_eq!(code(engine.refresh(refresh("nonsense"), &origin).await), "invalid_grant");
        engine.revoke(revoke("nonsense"), &origin).await.unwrap();
        let nobody = CallerCredentials::Client(ClientCredentials::default());
        let result = engine.authorize_caller(nobody, "x", &origin).await;
        assert_eq!(code(result), "invalid_client");
    }
    assert_eq!(code(engine.refresh(refresh("nonsense"), &origin).await), "rate_limited");
    assert_eq!(code(engine.revoke(revoke("nonsense"), &origin).await), "rate_limited");
    let result = engine.authorize_caller(CallerCredentials::None, "x", &origin).await;
    assert_eq!(code(result), "rate_limited");
    world.refresh(&tokens).await.unwrap();
    world.clock.advance(MINUTE);
    assert_eq!(code(engine.refresh(refresh("nonsense"), &origin).await), "invalid_grant");
}

#[tokio::test]
async fn more_hashes_than_can_wait_are_refused_at_once_and_cost_no_budget() {
    let world = World::with(|parts| {
        parts.config.accounts.argon2 = Argon2Parameters::new(32_768, 3, 1).unwrap();
        parts.config.accounts.hash_permits = 1;
        parts.config.accounts.hash_queue = 0;
    })
    .await;
    let tries: Vec<_> = (0..16)
        .map(|number| {
            let (engine, origin) = (world.engine.clone(), from(&address(number)));
            tokio::spawn(async move { engine.login(login("ada", WRONG), &origin).await })
        })
        .collect();
    let mut busy = 0;
    for guess in tries {
        match guess.await.unwrap().unwrap_err() {
            error @ Error::Busy { .. } => {
                assert_eq!(error.code().as_str(), "temporarily_unavailable");
                assert!(error.retry_after().is_some());
                busy += 1;
            }
            // Charged while the others still were: they had not been given back yet.
            Error::RateLimited { .. } | Error::InvalidCredentials => {}
            error => panic!("{error:?}"),
        }
    }
    assert!(busy > 0);
    let ran = world.engine.password_verifications();
    for number in 100..(110 - u32::try_from(ran).unwrap()) {
        let result = world.try_login("ada", WRONG, &address(number)).await;
        assert_eq!(code(result), "invalid_credentials", "what was refused as busy was given back");
    }
}
