//! Any bytes as a token: refused, since the key is made anew and nobody knows it, and refused the
//! same way again when headers are remembered.
#![no_main]

use std::sync::LazyLock;

use countersign_fuzz::{NOW, claims, signer, verifier};
use countersign_jose::{Algorithm, SigningKey, Verifier, dangerous};
use libfuzzer_sys::fuzz_target;

static VERIFIERS: LazyLock<Vec<Verifier>> = LazyLock::new(|| {
    let algorithms = [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa];
    let ready = |algorithm| {
        let key = SigningKey::generate(algorithm).expect("a key");
        let verifier = verifier(&key);
        let own = signer(&key).without_kid().sign(&claims()).expect("a token");
        verifier.verify(own, NOW).expect("the first header to remember");
        verifier
    };
    algorithms.into_iter().map(ready).collect()
});

fuzz_target!(|token: &[u8]| {
    for verifier in &*VERIFIERS {
        let error = verifier.verify(token, NOW).expect_err("a token of nobody");
        assert_eq!(verifier.verify(token, NOW).expect_err("the same"), error);
        assert!(dangerous::verify_signature_only(verifier, token).is_err());
    }
    let header = dangerous::decode_header_unverified(token);
    let claims = dangerous::decode_claims_unverified(token);
    for text in [header.map(|h| h.raw_json().to_owned()), claims.map(|c| c.raw_json().to_owned())] {
        if let Ok(text) = text {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text)
                .expect("one object, as others read it");
        }
    }
});
