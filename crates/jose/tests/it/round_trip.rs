//! What is signed verifies, with every algorithm, and says what was signed.

use countersign_jose::{Algorithm, Audience, Issuer, KeySet, Leeway, Signer, SigningKey, Verifier};
use serde::Deserialize;
use serde_json::json;

use crate::support::{AUDIENCE, ISSUER, NOW, claims, code, hs256, verifier};

#[test]
fn every_algorithm_signs_and_verifies() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let signer = Signer::new(key.clone()).typ("at+jwt");
        let token = signer.sign(&claims()).unwrap();
        let verifier = verifier(&key);
        // The second time the header is known.
        for _ in 0..3 {
            let verified = verifier.verify(&token, NOW).unwrap();
            assert_eq!(verified.header().alg(), algorithm);
            assert_eq!(verified.header().kid(), Some(key.kid()));
            assert_eq!(verified.header().typ(), Some("at+jwt"));
            assert_eq!(verified.key().kid(), key.kid());
            assert_eq!(verified.claims().sub(), Some("user-1"));
            let raw: serde_json::Value =
                serde_json::from_str(verified.claims().raw_json()).unwrap();
            assert_eq!(raw, claims());
        }
        let other = SigningKey::generate(algorithm).unwrap();
        let forged = Signer::new(other).typ("at+jwt").sign(&claims()).unwrap();
        assert_eq!(code(verifier.verify(&forged, NOW)), "signature_invalid");
    }
}

#[test]
fn both_names_of_ed25519_share_keys_and_the_list_decides() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jwk = key.to_private_jwk().unwrap();
    let renamed = SigningKey::from_jwk(jwk.as_bytes(), Some(Algorithm::Ed25519)).unwrap();
    let token = Signer::new(renamed).sign(&claims()).unwrap();
    let build = |algorithms: &[Algorithm]| {
        let issuer = Issuer::one(ISSUER);
        Verifier::builder(key.verifying_key(), algorithms, issuer, Audience::one(AUDIENCE))
            .build()
            .unwrap()
    };
    assert_eq!(code(build(&[Algorithm::EdDsa]).verify(&token, NOW)), "alg_not_allowed");
    assert!(build(&[Algorithm::Ed25519]).verify(&token, NOW).is_ok());
    assert!(build(&[Algorithm::EdDsa, Algorithm::Ed25519]).verify(&token, NOW).is_ok());
}

#[test]
fn claims_can_be_read_as_a_type() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Access {
        sub: String,
        scope: String,
    }
    let key = hs256();
    let mut all = claims();
    all["scope"] = json!("read write");
    let token = Signer::new(key.clone()).sign(&all).unwrap();
    let verified = verifier(&key).verify_as::<Access>(&token, NOW).unwrap();
    let expected = Access { sub: "user-1".to_owned(), scope: "read write".to_owned() };
    assert_eq!(verified.into_claims(), expected);

    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    let error = verifier(&key).verify_as::<Access>(&token, NOW).unwrap_err();
    assert_eq!(error.code().as_str(), "claim_type");
}

#[test]
fn a_set_chooses_by_key_id() {
    let keys: Vec<_> = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Es256]
        .into_iter()
        .map(|algorithm| SigningKey::generate(algorithm).unwrap())
        .collect();
    let set = KeySet::new(keys.iter().map(SigningKey::verifying_key).collect()).unwrap();
    let allowed = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];
    let verifier = Verifier::builder(set, &allowed, Issuer::one(ISSUER), Audience::one(AUDIENCE))
        .leeway(Leeway::uniform(0))
        .build()
        .unwrap();
    for _ in 0..2 {
        for key in &keys {
            let token = Signer::new(key.clone()).sign(&claims()).unwrap();
            assert_eq!(verifier.verify(&token, NOW).unwrap().key().kid(), key.kid());
            let nameless = Signer::new(key.clone()).without_kid().sign(&claims()).unwrap();
            assert_eq!(code(verifier.verify(&nameless, NOW)), "key_not_found");
            let stranger = Signer::new(key.clone().with_kid("x")).sign(&claims()).unwrap();
            assert_eq!(code(verifier.verify(&stranger, NOW)), "key_not_found");
            let kid = keys[0].kid();
            let swapped = Signer::new(key.clone().with_kid(kid)).sign(&claims()).unwrap();
            assert_eq!(verifier.verify(&swapped, NOW).is_ok(), key.kid() == kid);
        }
    }
}

#[test]
fn more_headers_than_are_remembered_still_verify() {
    let key = hs256();
    let verifier = verifier(&key);
    for _ in 0..2 {
        for number in 0..12 {
            let signer = Signer::new(key.clone()).parameter("n", &number).unwrap();
            let token = signer.sign(&claims()).unwrap();
            let verified = verifier.verify(&token, NOW).unwrap();
            assert_eq!(verified.header().get("n").unwrap(), Some(number));
            // A remembered header does not make another signature right.
            let (input, _) = token.rsplit_once('.').unwrap();
            let wrong = format!("{input}.{}", "A".repeat(43));
            assert_eq!(code(verifier.verify(&wrong, NOW)), "signature_invalid");
        }
    }
}

#[test]
fn a_signer_refuses_what_is_no_claims_set_and_reserved_parameters() {
    let signer = Signer::new(hs256());
    for value in [json!(1), json!("text"), json!([1]), json!(null), json!(true)] {
        assert_eq!(signer.sign(&value).unwrap_err().code().as_str(), "not_serializable");
    }
    for name in ["alg", "kid", "typ", "crit", "b64", "zip", "cty"] {
        let refused = signer.clone().parameter(name, &1).unwrap_err();
        assert_eq!(refused.code().as_str(), "header_invalid", "{name}");
    }
    let twice = signer.parameter("x\"y", &1).unwrap().parameter("x\"y", &2);
    assert_eq!(twice.unwrap_err().code().as_str(), "header_invalid");
}

#[test]
fn names_that_need_escaping_survive() {
    let kid = "k\"\\\u{1}\u{7f}é\u{1F600}/";
    let key = hs256().with_kid(kid);
    let token = Signer::new(key.clone()).typ("a\"b").sign(&claims()).unwrap();
    let verified = verifier(&key).verify(&token, NOW).unwrap();
    assert_eq!(verified.header().kid(), Some(kid));
    assert_eq!(verified.header().typ(), Some("a\"b"));
    let again = SigningKey::from_jwk(key.to_private_jwk().unwrap().as_bytes(), None).unwrap();
    assert_eq!(again.kid(), kid);
}

#[test]
fn verifiers_are_shared_between_threads() {
    fn shareable<T: Clone + Send + Sync + 'static>(_: &T) {}
    let key = hs256();
    let verifier = verifier(&key);
    shareable(&verifier);
    shareable(&key);
    shareable(&Signer::new(key.clone()));
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (key, verifier) = (key.clone(), verifier.clone());
            scope.spawn(move || {
                let signer = Signer::new(key).parameter("n", &number).unwrap();
                for _ in 0..200 {
                    let token = signer.sign(&claims()).unwrap();
                    assert!(verifier.verify(&token, NOW).is_ok());
                }
            });
        }
    });
}
