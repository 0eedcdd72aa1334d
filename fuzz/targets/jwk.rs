//! Any bytes as a JWK or a set of them: what is taken can be written, is read back as the same key,
//! and a private key signs what its public half accepts.
#![no_main]

use countersign_fuzz::{NOW, claims, signer, verifier};
use countersign_jose::{Algorithm, KeySet, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let wanted = Algorithm::ALL.into_iter().map(Some).chain([None]);
    for algorithm in wanted {
        if let Ok(key) = VerifyingKey::from_jwk(json, algorithm) {
            assert!(algorithm.is_none_or(|wanted| wanted == key.algorithm()));
            if let Ok(jwk) = key.to_jwk() {
                let text = serde_json::to_vec(&jwk).expect("json");
                let again = VerifyingKey::from_jwk(&text, None).expect("its own jwk");
                assert_eq!((again.kid(), again.thumbprint()), (key.kid(), key.thumbprint()));
                assert_eq!(again.algorithm(), key.algorithm());
            }
        }
        if let Ok(key) = SigningKey::from_jwk(json, algorithm) {
            let text = key.to_private_jwk().expect("json");
            let again = SigningKey::from_jwk(text.as_bytes(), None).expect("its own jwk");
            assert_eq!(again.kid(), key.kid());
            let token = signer(&key).sign(&claims()).expect("a token");
            verifier(&again).verify(token, NOW).expect("its own token");
        }
    }
    for set in [KeySet::from_jwks(json), KeySet::from_jwks_for(json, &Algorithm::ALL)] {
        let Ok(set) = set else { continue };
        let published = serde_json::to_vec(&set.to_jwks()).expect("json");
        let again = KeySet::from_jwks(&published).expect("its own document");
        assert_eq!(again.to_jwks(), set.to_jwks());
    }
});
