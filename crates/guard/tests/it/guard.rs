//! What the guard lets in, and what it does not.

use std::{sync::Arc, time::Duration};

use countersign_guard::{Error, FailMode, Guard, Presented, revocation::Target};
use serde_json::{Value, json};

use crate::world::{AUDIENCE, ISSUER, World};

fn code(world: &World, token: &str) -> &'static str {
    match world.guard.check(&Presented::bearer(token)) {
        Ok(_) => "let in",
        Err(error) => error.category(),
    }
}

#[test]
fn a_good_token_says_who_is_asking() {
    let world = World::new();
    let principal = world.guard.check(&Presented::bearer(&world.token(&json!({})))).unwrap();
    assert_eq!(principal.user_id(), "user-1");
    assert_eq!(principal.username(), Some("ada"));
    assert_eq!(principal.scopes().collect::<Vec<_>>(), ["read", "write"]);
    assert!(principal.has_role("clerk") && !principal.has_role("admin"));
    assert!(principal.require_scopes(&["read"]).is_ok());
    let Err(Error::Insufficient { missing }) = principal.require_scopes(&["read", "x", "y"]) else {
        panic!("scopes that it lacks");
    };
    assert_eq!(missing, "x y");
    assert!(matches!(principal.require_roles(&["admin"]), Err(Error::LacksRole { .. })));
    assert_eq!(principal.claim::<String>("team").unwrap().as_deref(), Some("blue"));
    assert_eq!(principal.claim::<String>("nothing").unwrap(), None);
    assert!(principal.claim::<u32>("team").is_err());
}

#[test]
fn names_that_are_written_with_escapes_are_read_as_they_are_meant() {
    let world = World::new();
    let token = world.token(&json!({
        "preferred_username": "a\"d\\a\n", "sid": "s\t1", "client_id": "c\"", "scope": "a\\ b",
        "sub": "\u{e9}\\", "roles": ["x\"", "y"],
    }));
    let principal = world.guard.check(&Presented::bearer(&token)).unwrap();
    assert_eq!(principal.username(), Some("a\"d\\a\n"));
    assert_eq!(principal.session_id(), "s\t1");
    assert_eq!(principal.client_id(), "c\"");
    assert_eq!(principal.user_id(), "\u{e9}\\");
    assert_eq!(principal.scopes().collect::<Vec<_>>(), ["a\\", "b"]);
    assert_eq!(principal.roles().collect::<Vec<_>>(), ["x\"", "y"]);
    world.guard.view().apply(&Target::Session { id: "s\t1".into() }, None);
    assert_eq!(code(&world, &token), "token_revoked");
}

#[test]
fn a_claim_of_another_type_is_refused() {
    let world = World::new();
    let cases = [
        (json!({ "sid": 1 }), "claim_type"),
        (json!({ "client_id": ["c"] }), "claim_type"),
        (json!({ "scope": {} }), "claim_type"),
        (json!({ "gen": "1" }), "claim_type"),
        (json!({ "gen": 1.0 }), "claim_type"),
        (json!({ "gen": -1 }), "claim_type"),
        (json!({ "gen": 4_294_967_296_u64 }), "claim_type"),
        (json!({ "gen": 4_294_967_295_u64 }), "let in"),
        (json!({ "auth_time": "now" }), "claim_type"),
        (json!({ "roles": "clerk" }), "claim_type"),
        (json!({ "roles": ["clerk", 1] }), "claim_type"),
        (json!({ "roles": [] }), "let in"),
        (json!({ "preferred_username": 1 }), "claim_type"),
        (json!({ "aud": [AUDIENCE, "other"] }), "claim_type"),
    ];
    for (claims, expected) in cases {
        assert_eq!(code(&world, &world.token(&claims)), expected, "{claims}");
    }
}

#[test]
fn a_token_of_another_issuer_audience_or_time_is_refused() {
    let world = World::new();
    let now = world.now();
    let cases = [
        (json!({ "iss": "https://other.example" }), "iss_mismatch"),
        (json!({ "aud": "other" }), "aud_mismatch"),
        (json!({ "exp": now }), "token_expired"),
        (json!({ "iat": now + 61 }), "token_issued_in_future"),
        (json!({ "nbf": now + 61 }), "token_not_yet_valid"),
        (json!({ "iat": now + 59 }), "let in"),
    ];
    for (claims, expected) in cases {
        assert_eq!(code(&world, &world.token(&claims)), expected, "{claims}");
    }
}

#[test]
fn what_every_engine_token_has_must_be_there() {
    let world = World::new();
    for claim in ["sid", "gen", "jti", "sub", "client_id", "iat", "exp", "iss", "aud"] {
        let token = world.token(&json!({ claim: Value::Null }));
        assert_ne!(code(&world, &token), "let in", "{claim}");
    }
}

#[test]
fn w13_a_token_bound_to_a_key_is_not_taken_as_plain_bearer() {
    let world = World::new();
    let token = world.token(&json!({ "cnf": { "jkt": "thumbprint" } }));
    assert_eq!(code(&world, &token), "token_foreign");
}

#[test]
fn h14_only_the_access_token_type_is_taken() {
    let world = World::new();
    for typ in ["JWT", "id+jwt", "logout+jwt", "rt+jwt"] {
        assert_eq!(code(&world, &world.token_of_type(typ, &json!({}))), "typ_mismatch", "{typ}");
    }
    assert_eq!(code(&world, &world.token_of_type("application/at+jwt", &json!({}))), "let in");
}

#[test]
fn a_revoked_token_is_refused_whatever_was_revoked_of_it() {
    let targets = [
        Target::Token { id: "token-1".into() },
        Target::Session { id: "session-1".into() },
        Target::User { id: "user-1".into(), below: 4 },
        Target::Client { id: "first-party".into(), disabled: true },
    ];
    for target in targets {
        let world = World::new();
        let token = world.token(&json!({}));
        assert_eq!(code(&world, &token), "let in");
        world.guard.view().apply(&target, None);
        assert_eq!(code(&world, &token), "token_revoked", "{target:?}");
    }
    let world = World::new();
    world.guard.view().apply(&Target::Key { id: world.kid().to_owned() }, None);
    assert_eq!(code(&world, &world.token(&json!({}))), "token_revoked");
}

#[test]
fn a_stale_view_answers_503_unless_the_route_fails_open_and_still_refuses_what_it_knows() {
    let world = World::new();
    let token = world.token(&json!({}));
    world.advance(Duration::from_secs(301));
    assert_eq!(code(&world, &token), "temporarily_unavailable");
    let presented = Presented::bearer(&token);
    assert!(world.guard.check_with(&presented, FailMode::Open).is_ok());
    world.guard.view().apply(&Target::Session { id: "session-1".into() }, None);
    assert!(matches!(world.guard.check_with(&presented, FailMode::Open), Err(Error::Revoked)));
}

#[test]
fn a_replaced_key_set_takes_effect_at_once() {
    let world = World::new();
    let token = world.token(&json!({}));
    let other = World::new();
    world.guard.replace_keys(other.keys(), &other.algorithms()).unwrap();
    assert_eq!(code(&world, &token), "key_not_found");
    assert_eq!(code(&world, &other.token(&json!({}))), "let in");
}

#[test]
fn a_guard_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let world = World::new();
    shared(&world.guard);
    let guard: Arc<Guard> = Arc::clone(&world.guard);
    assert_eq!((guard.policy().issuer.as_str(), guard.realm()), (ISSUER, ISSUER));
    assert_eq!(guard.policy().audiences, [AUDIENCE]);
}

/// Tokens are remembered once they have been verified; everything that can change is asked again.
#[test]
fn a_remembered_token_is_checked_again() {
    let kinds = [
        |_: &World| Target::Token { id: "token-1".into() },
        |_: &World| Target::Session { id: "session-1".into() },
        |_: &World| Target::User { id: "user-1".into(), below: 4 },
        |_: &World| Target::Client { id: "first-party".into(), disabled: true },
        |world: &World| Target::Key { id: world.kid().into() },
    ];
    for kind in kinds {
        let world = World::new();
        let token = world.token(&json!({}));
        assert_eq!([code(&world, &token), code(&world, &token)], ["let in"; 2]);
        let target = kind(&world);
        let expires_at = world.guard.clock().now().plus(Duration::from_secs(900));
        world.guard.view().apply(&target, Some(expires_at));
        assert_eq!(code(&world, &token), "token_revoked", "{target:?}");
    }
    let world = World::new();
    let token = world.token(&json!({}));
    assert_eq!(code(&world, &token), "let in");
    world.advance(Duration::from_secs(301));
    assert_eq!(code(&world, &token), "temporarily_unavailable", "the view is stale");
    world.advance(Duration::from_secs(600));
    assert_eq!(code(&world, &token), "token_expired");
}

/// A guard that remembers nothing answers the same.
#[test]
fn remembering_can_be_switched_off() {
    for cache in [0, 1] {
        let world = World::with_cache(cache);
        assert_eq!(world.guard.policy().cache, cache);
        let token = world.token(&json!({}));
        let principal = || world.guard.check(&Presented::bearer(&token)).unwrap();
        let (first, second) = (principal(), principal());
        assert_eq!(first.raw_claims(), second.raw_claims());
        // Remembered, both are the same claims and not only equal ones.
        assert_eq!(std::ptr::eq(first.raw_claims(), second.raw_claims()), cache > 0);
    }
}

/// Nor does one for whoever revokes tokens, and asks for everything but revocation.
#[test]
fn what_is_not_taken_is_not_taken_when_it_is_remembered() {
    let world = World::new();
    let bound = world.token(&json!({ "cnf": { "jkt": "thumbprint" } }));
    assert_eq!([code(&world, &bound), code(&world, &bound)], ["token_foreign"; 2]);
    let token = world.token(&json!({}));
    assert_eq!(code(&world, &token), "let in");
    world.guard.view().apply(&Target::Session { id: "session-1".into() }, None);
    let verified = world.guard.verify(&Presented::bearer(&token)).unwrap();
    assert!(world.guard.is_revoked(&verified));
    world.advance(Duration::from_secs(901));
    assert!(world.guard.verify(&Presented::bearer(&token)).is_err());
    let early = world.token(&json!({ "iat": world.now() + 61 }));
    assert_eq!([code(&world, &early), code(&world, &early)], ["token_issued_in_future"; 2]);
}

/// Whoever is in the middle of a check with the old keys leaves nothing behind.
#[test]
fn replaced_keys_are_gone_for_every_thread() {
    let (world, other) = (World::new(), World::new());
    let token = world.token(&json!({}));
    for _ in 0..20 {
        world.guard.replace_keys(world.keys(), &world.algorithms()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..20).for_each(|_| assert_ne!(code(&world, &token), "token_expired"))
                });
            }
            world.guard.replace_keys(other.keys(), &other.algorithms()).unwrap();
            assert_eq!(code(&world, &token), "key_not_found");
        });
        assert_eq!(code(&world, &token), "key_not_found");
    }
}

#[test]
fn with_other_keys_nothing_is_remembered() {
    let (world, other) = (World::new(), World::new());
    let token = world.token(&json!({}));
    assert_eq!(code(&world, &token), "let in");
    world.guard.replace_keys(other.keys(), &other.algorithms()).unwrap();
    assert_eq!(code(&world, &token), "key_not_found");
    world.guard.replace_keys(world.keys(), &world.algorithms()).unwrap();
    assert_eq!(code(&world, &token), "let in");
}
