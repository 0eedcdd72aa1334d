//! A verifier that remembers answers as one that does not.

use std::sync::{Arc, LazyLock};

use countersign_jose::{Algorithm, CachedVerifier, Signer, SigningKey, Verified};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{NOW, claims, claims_with, hs256, verifier};

type Cached = CachedVerifier<Map<String, Value>>;

fn remembering(key: &SigningKey, capacity: usize) -> Cached {
    CachedVerifier::new(verifier(key), capacity)
}

fn fixed_key() -> SigningKey {
    static KEY: LazyLock<SigningKey> =
        LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa).unwrap());
    KEY.clone()
}

fn code<T>(outcome: Result<T, countersign_jose::Error>) -> &'static str {
    outcome.err().map_or("accepted", |error| error.code().as_str())
}

#[test]
fn a_remembered_token_answers_the_same() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Hs256] {
        let key = SigningKey::generate(algorithm).unwrap();
        let cached = remembering(&key, 8);
        let token = Signer::new(key).sign(&claims()).unwrap();
        let first: Arc<Verified<_>> = cached.verify(&token, NOW).unwrap();
        let second = cached.verify(&token, NOW).unwrap();
        assert!(Arc::ptr_eq(&first, &second), "it was verified twice");
        assert_eq!(Value::Object(second.claims().clone()), claims());
        assert_eq!(cached.remembered(), 1);
    }
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

/// `iat` by itself, since `nbf` is looked at before it.
#[test]
fn a_token_from_the_future_is_refused_though_it_is_remembered() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 8);
    let token = Signer::new(key).sign(&claims_with("nbf", Value::Null)).unwrap();
    cached.verify(&token, NOW).unwrap();
    assert_eq!(code(cached.verify(&token, NOW - 61)), "token_issued_in_future");
    assert_eq!(code(cached.verify(&token, NOW)), "accepted");
}

/// Not a refusal for its dates either: when its time comes, it is let in.
#[test]
fn no_refusal_is_remembered() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let cached = remembering(&key, 8);
    let token = Signer::new(key).sign(&claims()).unwrap();
    assert_eq!(code(cached.verify(&token, NOW - 61)), "token_not_yet_valid");
    assert_eq!(code(cached.verify(&token, NOW + 600)), "token_expired");
    assert_eq!(cached.remembered(), 0);
    assert_eq!(code(cached.verify(&token, NOW)), "accepted");
    assert_eq!(cached.remembered(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is made of two remembered tokens, at whatever instant.
    #[test]
    fn it_answers_as_a_verifier_that_remembers_nothing(
        edits in vec((any::<prop::sample::Index>(), 0_usize..4, any::<u8>()), 0..3),
        swap in proptest::option::of(0_usize..3),
        instant in NOW - 70..NOW + 610,
        mac in any::<bool>(),
    ) {
        let key = if mac { hs256() } else { fixed_key() };
        let (cached, plain) = (remembering(&key, 8), verifier(&key));
        let signer = Signer::new(key);
        let token = signer.sign(&claims()).unwrap();
        let other = signer.sign(&claims_with("sub", json!("user-2"))).unwrap();
        for token in [&token, &other] {
            cached.verify(token, NOW).unwrap();
        }
        let mut parts: Vec<&str> = token.split('.').collect();
        if let Some(part) = swap {
            parts[part] = other.split('.').nth(part).unwrap();
        }
        let mut changed = parts.join(".").into_bytes();
        for (index, kind, byte) in edits {
            let at = index.index(changed.len());
            match kind {
                0 => changed[at] = byte,
                1 => changed.insert(at, byte),
                2 => { changed.remove(at); }
                _ => changed.swap(at, 0),
            }
        }
        let expected = plain.verify_as::<Map<String, Value>>(&changed, instant);
        let found = cached.verify(&changed, instant);
        prop_assert_eq!(
            found.map(|verified| verified.claims().clone()),
            expected.map(|verified| verified.claims().clone())
        );
    }
}

/// Also one with the same end, under which it is looked up.
#[test]
fn another_token_is_never_answered_for_it() {
    only_it_is_answered_for(SigningKey::generate(Algorithm::EdDsa).unwrap());
    only_it_is_answered_for(hs256());
}

fn only_it_is_answered_for(key: SigningKey) {
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
    let signer = Signer::new(key.clone());
    let sign = |index: usize| signer.sign(&claims_with("jti", json!(index.to_string()))).unwrap();
    let flood: Vec<String> = (0..1_500).map(sign).collect();
    for capacity in [1, 2, 31, 33, 100, 515, 1_037] {
        let cached = remembering(&key, capacity);
        for (index, token) in flood.iter().enumerate() {
            assert_eq!(cached.verify(token, NOW).unwrap().claims()["jti"], index.to_string());
            assert!(cached.remembered() <= capacity, "{} > {capacity}", cached.remembered());
        }
        assert!(cached.remembered() > capacity / 2, "{} of {capacity}", cached.remembered());
    }
}

#[test]
fn what_is_longer_than_4_kib_is_not_remembered() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let signer = Signer::new(key.clone());
    let sign = |length| signer.sign(&claims_with("note", json!("x".repeat(length)))).unwrap();
    let mut seen = [0, 0];
    for token in (2_700..2_800).map(sign) {
        let cached = remembering(&key, 8);
        cached.verify(&token, NOW).unwrap();
        let short = token.len() <= 4_096;
        assert_eq!(cached.remembered(), usize::from(short), "{} bytes", token.len());
        seen[usize::from(short)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "none at the limit");
}

#[test]
fn without_room_nothing_is_remembered() {
    let key = hs256();
    let cached = remembering(&key, 0);
    let token = Signer::new(key).sign(&claims()).unwrap();
    for _ in 0..2 {
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
