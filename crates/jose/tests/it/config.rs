//! Configurations that cannot be safe are refused when they are made.

use countersign_jose::{
    Algorithm, Audience, Error, Issuer, KeySet, Leeway, SigningKey, Verifier, VerifierBuilder,
};

use crate::support::{AUDIENCE, ISSUER, hs256};

fn builder(algorithms: &[Algorithm], issuer: Issuer, audience: Audience) -> VerifierBuilder {
    Verifier::builder(hs256().verifying_key(), algorithms, issuer, audience)
}

fn good() -> VerifierBuilder {
    builder(&[Algorithm::Hs256], Issuer::one(ISSUER), Audience::one(AUDIENCE))
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let any = || (Issuer::any(), Audience::any());
    let with = |algorithms: &[Algorithm]| builder(algorithms, any().0, any().1);
    let none: [&str; 0] = [];
    let hs256 = &[Algorithm::Hs256];
    let refused = [
        ("no algorithm", with(&[])),
        ("mixed", with(&[Algorithm::Hs256, Algorithm::Rs256])),
        ("key of another algorithm", with(&[Algorithm::Hs512])),
        ("no issuer", builder(hs256, Issuer::any_of(none), Audience::any())),
        ("empty issuer", builder(hs256, Issuer::one(""), Audience::any())),
        ("no audience", builder(hs256, Issuer::any(), Audience::any_of(none))),
        ("empty audience", builder(hs256, Issuer::any(), Audience::any_of(["a", ""]))),
        ("leeway", good().leeway(Leeway::uniform(301))),
        ("leeway of one", good().leeway(Leeway::new(0, 0, 301))),
        ("no bytes", good().max_token_bytes(0)),
        ("too many bytes", good().max_token_bytes(usize::MAX)),
        ("no depth", good().max_json_depth(0)),
        ("too much depth", good().max_json_depth(1000)),
        ("empty typ", good().typ(Some(""))),
    ];
    for (name, builder) in refused {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, Error::ConfigInvalid { .. }), "{name}: {error}");
    }
    assert!(good().leeway(Leeway::uniform(300)).build().is_ok());
}

#[test]
fn a_set_without_a_usable_key_is_refused() {
    let ed = SigningKey::generate(Algorithm::EdDsa).unwrap();
    for keys in [vec![], vec![ed.verifying_key()]] {
        let set = KeySet::new(keys).unwrap();
        let built =
            Verifier::builder(set, &[Algorithm::Es256], Issuer::any(), Audience::any()).build();
        assert!(built.is_err());
    }
    // Keys for something else may stand beside the usable one: they are never used.
    let ec = SigningKey::generate(Algorithm::Es256).unwrap();
    let set = KeySet::new(vec![ec.verifying_key(), ed.verifying_key()]).unwrap();
    assert!(
        Verifier::builder(set, &[Algorithm::Es256], Issuer::any(), Audience::any()).build().is_ok()
    );
}

#[test]
fn messages_are_lower_case_and_name_the_mend() {
    let short = SigningKey::from_secret(b"short", Algorithm::Hs256).unwrap_err().to_string();
    assert!(short.contains("32"), "{short}");
    let mixed = builder(&[Algorithm::Hs256, Algorithm::Es256], Issuer::any(), Audience::any());
    let mixed = mixed.build().unwrap_err().to_string();
    assert!(mixed.contains("two verifiers"), "{mixed}");
    for message in [short, mixed] {
        assert!(message.starts_with(char::is_lowercase), "{message}");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let key = hs256();
    let private = SigningKey::generate(Algorithm::Es256).unwrap();
    let printed = format!("{key:?} {private:?} {:?} {:?}", key.verifying_key(), good().build());
    let secrets = [key.to_private_jwk().unwrap(), private.to_private_jwk().unwrap()];
    for secret in secrets {
        let jwk: serde_json::Value = serde_json::from_str(&secret).unwrap();
        for member in ["k", "d"] {
            if let Some(text) = jwk[member].as_str() {
                assert!(!printed.contains(text));
            }
        }
    }
    assert!(!printed.contains("142, 31"), "{printed}");
}
