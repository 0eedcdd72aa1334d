//! A verifier that remembers answers as one that does not.

use std::sync::Arc;

use countersign_jose::{Algorithm, CachedVerifier, Signer, SigningKey, Verified};
use serde_json::{Map, Value, json};

use crate::support::{NOW, claims, claims_with, hs256, verifier};

type Cached = CachedVerifier<Map<String, Value>>;

fn remembering(key: &SigningKey, capacity: usize) -> Cached {
    CachedVerifier::new(verifier(key), capacity)
}

fn code<T>(outcome: Result<T, countersign_jose::Error>) -> &'static str {
    outcome.err().map_or("accepted", |error| error.code().as_str())
}

#[test]
fn a_remembered_token_answers_the_same() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 8);
    let token = Signer::new(key).sign(&claims()).unwrap();
    let first: Arc<Verified<_>> = cached.verify(&token, NOW).unwrap();
    let second = cached.verify(&token, NOW).unwrap();
    assert!(Arc::ptr_eq(&first, &second), "it was verified twice");
    assert_eq!(Value::Object(second.claims().clone()), claims());
    assert_eq!(cached.remembered(), 1);
}

#[test]
fn its_dates_are_checked_each_time() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let (cached, plain) = (remembering(&key, 8), verifier(&key));
    let token = Signer::new(key).sign(&claims()).unwrap();
    cached.verify(&token, NOW).unwrap();
    for instant in [NOW - 61, NOW - 60, NOW + 599, NOW + 600, NOW + 601, NOW] {
        let expected = code(plain.verify(&token, instant));
        assert_eq!(code(cached.verify(&token, instant)), expected, "{}", instant - NOW);
    }
    assert_eq!(code(cached.verify(&token, NOW + 600)), "token_expired");
    assert_eq!(code(cached.verify(&token, NOW - 61)), "token_not_yet_valid");
}

/// Also one with the same end, under which it is looked up.
#[test]
fn another_token_is_never_answered_for_it() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 64);
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    cached.verify(&token, NOW).unwrap();
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(cached.verify(&changed, NOW).is_err(), "at {at}");
    }
    let tail = token.len() - 16..;
    for longer in [format!("x{token}"), format!("{token}.{token}"), token[tail].to_owned()] {
        assert!(cached.verify(&longer, NOW).is_err());
    }
    assert_eq!(cached.remembered(), 1, "a refusal was remembered");
    let other = Signer::new(key).sign(&claims_with("sub", json!("user-2"))).unwrap();
    assert_eq!(cached.verify(&other, NOW).unwrap().claims()["sub"], "user-2");
    assert_eq!(cached.verify(&token, NOW).unwrap().claims()["sub"], "user-1");
}

#[test]
fn it_holds_no_more_than_it_was_told() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 100);
    let signer = Signer::new(key);
    for index in 0..1_000 {
        let token = signer.sign(&claims_with("jti", json!(index.to_string()))).unwrap();
        for _ in 0..2 {
            assert_eq!(cached.verify(&token, NOW).unwrap().claims()["jti"], index.to_string());
        }
    }
    assert!((1..=100).contains(&cached.remembered()), "{}", cached.remembered());
    let long = signer.sign(&claims_with("note", json!("x".repeat(4_096)))).unwrap();
    let before = cached.remembered();
    cached.verify(&long, NOW).unwrap();
    assert_eq!(cached.remembered(), before, "a long token was remembered");
}

#[test]
fn where_it_is_no_use_nothing_is_remembered() {
    let edwards = SigningKey::generate(Algorithm::EdDsa).unwrap();
    for (key, capacity) in [(hs256(), 8), (edwards, 0)] {
        let cached = remembering(&key, capacity);
        let token = Signer::new(key).sign(&claims()).unwrap();
        cached.verify(&token, NOW).unwrap();
        cached.verify(&token, NOW).unwrap();
        assert_eq!(cached.remembered(), 0);
    }
}

#[test]
fn threads_may_share_it() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 16);
    let signer = Signer::new(key);
    let sign = |index: usize| signer.sign(&claims_with("sub", json!(index.to_string()))).unwrap();
    let tokens: Vec<String> = (0..64).map(sign).collect();
    std::thread::scope(|scope| {
        for start in 0..8 {
            let (cached, tokens) = (&cached, &tokens);
            scope.spawn(move || {
                for step in 0..512 {
                    let index = (start * 7 + step) % tokens.len();
                    let verified = cached.verify(&tokens[index], NOW).unwrap();
                    assert_eq!(verified.claims()["sub"], index.to_string());
                }
            });
        }
    });
}

/// It is a verifier for any type of claims, and says as little of itself.
#[test]
fn it_prints_no_token() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached: CachedVerifier<Value> = CachedVerifier::new(verifier(&key), 8);
    let token = Signer::new(key).sign(&claims()).unwrap();
    cached.verify(&token, NOW).unwrap();
    assert!(!format!("{cached:?}").contains("user-1"));
}
