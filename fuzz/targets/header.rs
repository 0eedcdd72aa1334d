//! Any bytes as the header of a token with a right MAC: what is accepted says what an ordinary
//! parser finds in it, and nothing that must be understood or changes the meaning of the signature.
#![no_main]

use std::sync::LazyLock;

use countersign_fuzz::{KEY, NOW, claims, token, verifier};
use countersign_jose::Verifier;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static PAYLOAD: LazyLock<String> = LazyLock::new(|| claims().to_string());
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier(&KEY));

fuzz_target!(|header: &[u8]| {
    let token = token(header, PAYLOAD.as_bytes());
    let outcome = VERIFIER.verify(&token, NOW);
    // A verifier of its own remembers no header yet, and the second time its own.
    let fresh = verifier(&KEY);
    for _ in 0..2 {
        let again = fresh.verify(&token, NOW);
        assert_eq!(again.as_ref().err(), outcome.as_ref().err());
    }
    let Ok(verified) = outcome else { return };
    let read: Map<String, Value> = serde_json::from_slice(header).expect("one object");
    assert_eq!(read["alg"], "HS256");
    for name in ["crit", "b64", "zip"] {
        assert!(!read.contains_key(name), "{name}");
    }
    let text = |name: &str| read.get(name).map(|value| value.as_str().expect("a string"));
    assert_eq!(verified.header().kid(), text("kid"));
    assert_eq!(verified.header().typ(), text("typ"));
    assert_eq!(verified.header().raw_json().as_bytes(), header);
    for (name, value) in &read {
        assert_eq!(verified.header().get::<Value>(name).expect("readable").as_ref(), Some(value));
    }
});
