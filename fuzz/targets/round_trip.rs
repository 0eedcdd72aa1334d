//! Claims are signed and read back as they were; the same token with any edit is refused, also by a
//! verifier that remembers the right one.
#![no_main]

use std::sync::LazyLock;

use countersign_fuzz::{NOW, claims, signer, verifier};
use countersign_jose::{Algorithm, CachedVerifier, Signer, SigningKey, Verifier};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static PAIRS: LazyLock<Vec<(Signer, Verifier)>> = LazyLock::new(|| {
    let algorithms = [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];
    let pair = |algorithm| {
        let key = SigningKey::generate(algorithm).expect("a key");
        (signer(&key), verifier(&key))
    };
    algorithms.into_iter().map(pair).collect()
});

#[derive(Arbitrary, Debug)]
struct Input {
    algorithm: u8,
    claims: Vec<(String, Claim)>,
    edits: Vec<Edit>,
}

#[derive(Arbitrary, Debug)]
enum Claim {
    Null,
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Claim>),
}

#[derive(Arbitrary, Debug)]
enum Edit {
    Replace(u16, u8),
    Insert(u16, u8),
    Remove(u16),
    Swap(u16, u16),
    Cut(u16),
}

impl Claim {
    fn value(&self, depth: usize) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Flag(flag) => (*flag).into(),
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(_) if depth == 0 => Value::Null,
            Self::List(list) => list.iter().map(|claim| claim.value(depth - 1)).collect(),
        }
    }
}

impl Edit {
    fn apply(&self, token: &mut Vec<u8>) {
        let length = token.len();
        let place = |at: u16| usize::from(at) % length.max(1);
        match *self {
            _ if length == 0 => {}
            Self::Replace(at, byte) => token[place(at)] = byte,
            Self::Insert(at, byte) => token.insert(place(at), byte),
            Self::Remove(at) => drop(token.remove(place(at))),
            Self::Swap(one, other) => token.swap(place(one), place(other)),
            Self::Cut(at) => token.truncate(place(at)),
        }
    }
}

fuzz_target!(|input: Input| {
    let (signer, verifier) = &PAIRS[usize::from(input.algorithm) % PAIRS.len()];
    let mut claims = claims();
    for (name, claim) in &input.claims {
        if !["iss", "sub", "aud", "exp", "nbf", "iat", "jti"].contains(&name.as_str()) {
            claims[name] = claim.value(8);
        }
    }
    let token = signer.sign(&claims).expect("a token");
    match verifier.verify(&token, NOW) {
        Ok(verified) => {
            let read: Value = serde_json::from_str(verified.claims().raw_json()).expect("json");
            assert_eq!(read, claims);
        }
        Err(error) => assert_eq!(error.code().as_str(), "token_too_large"),
    }
    let cached: CachedVerifier<Value> = CachedVerifier::new(verifier.clone(), 8);
    let remembered = cached.verify(&token, NOW).is_ok();
    let mut edited = token.clone().into_bytes();
    input.edits.iter().for_each(|edit| edit.apply(&mut edited));
    if edited != token.as_bytes() {
        assert!(verifier.verify(&edited, NOW).is_err(), "another token is accepted");
        assert!(cached.verify(&edited, NOW).is_err(), "another token is remembered");
    }
    assert_eq!(cached.verify(&token, NOW).is_ok(), remembered);
});
