//! The examples that the RFCs print: RFC 7515 appendix A, RFC 7517 appendix A, RFC 7520 sections 3
//! and 4, RFC 7638 with RFC 9278, RFC 7797 and RFC 8037. What this crate deliberately does not read
//! (JSON serialization, detached and unencoded content) is there too, with its refusal.

use countersign_jose::{
    Algorithm, Audience, Issuer, KeySet, Signer, SigningKey, Verifier, VerifyingKey, dangerous,
};
use serde::Deserialize;
use serde_json::Value;

use crate::support::{decode, encode};

#[derive(Deserialize)]
struct Examples {
    rfc: String,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    section: String,
    form: String,
    algorithm: Algorithm,
    key: Value,
    token: String,
    payload: Option<String>,
    /// The code of the refusal, where we refuse.
    refused: Option<String>,
    /// Whether the algorithm gives the same signature each time and the header is one that we write.
    #[serde(default)]
    reproducible: bool,
}

impl Example {
    /// The keys of the RFCs are private ones or secrets; of two we know the public half only.
    fn verifying_key(&self) -> VerifyingKey {
        let json = self.key.to_string();
        SigningKey::from_jwk(json.as_bytes(), Some(self.algorithm))
            .map(|key| key.verifying_key())
            .or_else(|_| VerifyingKey::from_jwk(json.as_bytes(), Some(self.algorithm)))
            .unwrap()
    }

    fn check(&self, name: &str) {
        let verifier = Verifier::builder(
            self.verifying_key(),
            &[self.algorithm],
            Issuer::any(),
            Audience::any(),
        )
        .build()
        .unwrap();
        let outcome = dangerous::verify_signature_only(&verifier, &self.token);
        if let Some(code) = &self.refused {
            assert_eq!(outcome.unwrap_err().code().as_str(), code, "{name}");
            return;
        }
        let (_, payload) = outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(encode(&payload), self.payload.as_deref().unwrap(), "{name}");
        if self.reproducible {
            assert_eq!(self.sign_again(&payload), self.token, "{name}");
        }
        let (input, signature) = self.token.rsplit_once('.').unwrap();
        for at in [0, decode(signature).len() / 2, decode(signature).len() - 1] {
            let mut changed = decode(signature);
            changed[at] ^= 1;
            let token = format!("{input}.{}", encode(changed));
            let error = dangerous::verify_signature_only(&verifier, token).unwrap_err();
            assert_eq!(error.code().as_str(), "signature_invalid", "{name}");
        }
    }

    fn sign_again(&self, payload: &[u8]) -> String {
        let key = SigningKey::from_jwk(self.key.to_string().as_bytes(), Some(self.algorithm));
        let header = dangerous::decode_header_unverified(&self.token).unwrap();
        let signer = Signer::new(key.unwrap()).without_typ();
        let signer = if header.kid.is_none() { signer.without_kid() } else { signer };
        dangerous::sign_bytes(&signer, payload).unwrap()
    }
}

fn check(fixture: &str, count: usize) {
    let Examples { rfc, examples } = serde_json::from_str(fixture).unwrap();
    for example in &examples {
        example.check(&format!("{rfc} {} {}", example.section, example.form));
    }
    assert_eq!(examples.len(), count);
}

#[test]
fn rfc_7515_json_web_signature() {
    check(include_str!("../fixtures/rfc/rfc7515.json"), 8);
}

#[test]
fn rfc_7520_cookbook() {
    check(include_str!("../fixtures/rfc/rfc7520.json"), 20);
}

#[test]
fn rfc_8037_ed25519() {
    check(include_str!("../fixtures/rfc/rfc8037.json"), 1);
}

/// Section 7 forbids `b64: false` in a JWT; section 6 demands that it stands in `crit`, and that is
/// what is reported. Without `crit` the parameter itself is.
#[test]
fn rfc_7797_unencoded_payloads_are_refused() {
    check(include_str!("../fixtures/rfc/rfc7797.json"), 3);
    let key = crate::support::hs256();
    let verifier = crate::support::verifier(&key);
    for (header, code) in [
        (r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, "crit_unsupported"),
        (r#"{"alg":"HS256","b64":true,"crit":["b64"]}"#, "crit_unsupported"),
        (r#"{"alg":"HS256","b64":false}"#, "header_invalid"),
        (r#"{"alg":"HS256","b64":true}"#, "header_invalid"),
        (r#"{"alg":"HS256","b64":"false"}"#, "header_invalid"),
    ] {
        let token = crate::support::hs256_token(header, crate::support::claims().to_string());
        assert_eq!(crate::support::code(verifier.verify(token, crate::support::NOW)), code);
    }
}

/// The claims of appendix A.1 to A.3, which end on 2011-03-22.
#[test]
fn rfc_7519_claims_are_read_and_expire() {
    let Examples { examples, .. } =
        serde_json::from_str(include_str!("../fixtures/rfc/rfc7515.json")).unwrap();
    for example in &examples[..3] {
        let verifier = Verifier::builder(
            example.verifying_key(),
            &[example.algorithm],
            Issuer::one("joe"),
            Audience::none(),
        )
        .build()
        .unwrap();
        let verified = verifier.verify(&example.token, 1_300_819_379).unwrap();
        assert_eq!(verified.claims().iss(), Some("joe"));
        assert_eq!(verified.claims().get("http://example.com/is_root").unwrap(), Some(true));
        let end = verifier.verify(&example.token, 1_300_819_380).unwrap_err();
        assert_eq!(end.code().as_str(), "token_expired");
    }
}

#[derive(Deserialize)]
struct Sets {
    sets: Vec<Value>,
    keys_of_rfc7520: Vec<Value>,
}

/// Of the public set one key is for signatures. The private set and the secrets have no business in
/// a set for verifiers.
#[test]
fn rfc_7517_key_sets() {
    let Sets { sets, .. } =
        serde_json::from_str(include_str!("../fixtures/rfc/rfc7517.json")).unwrap();
    let read = |at: usize| KeySet::from_jwks(sets[at]["set"].to_string().as_bytes());
    let public = read(0).unwrap();
    let kids: Vec<_> = public.iter().map(VerifyingKey::kid).collect();
    assert_eq!(kids, ["2011-04-29"]);
    assert!(read(1).is_err());
    assert!(read(2).is_err());
    let private = sets[1]["set"]["keys"][1].to_string();
    let key = SigningKey::from_jwk(private.as_bytes(), None).unwrap();
    assert_eq!(
        key.verifying_key().to_jwk().unwrap(),
        public.iter().next().unwrap().to_jwk().unwrap()
    );
    let secret = sets[2]["set"]["keys"][1].to_string();
    assert!(SigningKey::from_jwk(secret.as_bytes(), Some(Algorithm::Hs256)).is_ok());
    assert!(SigningKey::from_jwk(secret.as_bytes(), None).is_err(), "no algorithm is named");
}

#[test]
fn rfc_7520_keys() {
    let Sets { keys_of_rfc7520: keys, .. } =
        serde_json::from_str(include_str!("../fixtures/rfc/rfc7517.json")).unwrap();
    let json = |at: usize| keys[at]["key"].to_string();
    let public = |at, algorithm| VerifyingKey::from_jwk(json(at).as_bytes(), algorithm);
    let private = |at, algorithm| SigningKey::from_jwk(json(at).as_bytes(), algorithm);
    for (at, algorithm) in [(0, Algorithm::Es512), (2, Algorithm::Ps384)] {
        let (half, whole) =
            (public(at, Some(algorithm)).unwrap(), private(at + 1, Some(algorithm)).unwrap());
        assert_eq!(half.thumbprint(), whole.verifying_key().thumbprint());
        assert_eq!(half.kid(), "bilbo.baggins@hobbiton.example");
        assert!(public(at + 1, Some(algorithm)).is_err(), "a private key for a verifier");
        assert!(private(at, Some(algorithm)).is_err(), "half a key for a signer");
    }
    assert_eq!(private(4, None).unwrap().algorithm(), Algorithm::Hs256);
    // Section 3.6 is a key for encryption.
    assert!(private(5, None).is_err());
    assert!(private(5, Some(Algorithm::Hs256)).is_err());
}

#[derive(Deserialize)]
struct Thumbprints {
    keys: Vec<Thumbprint>,
}

#[derive(Deserialize)]
struct Thumbprint {
    source: String,
    key: Value,
    thumbprint: String,
    uri: String,
}

#[test]
fn rfc_7638_thumbprints_and_rfc_9278_uris() {
    let Thumbprints { keys } =
        serde_json::from_str(include_str!("../fixtures/rfc/rfc7638.json")).unwrap();
    for Thumbprint { source, key, thumbprint, uri } in &keys {
        let read = VerifyingKey::from_jwk(key.to_string().as_bytes(), None).unwrap();
        assert_eq!(read.thumbprint(), *thumbprint, "{source}");
        assert_eq!(read.thumbprint_uri(), *uri, "{source}");
        // It is the id of a key that has no other.
        assert_eq!(read.kid(), key["kid"].as_str().unwrap_or(thumbprint), "{source}");
    }
    assert_eq!(keys.len(), 3);
}

/// RFC 9864 gives Ed25519 a name of its own and deprecates `EdDSA`, for which both curves stood. The
/// names that it registers for COSE only are none here.
#[test]
fn rfc_9864_fully_specified_names() {
    let Examples { examples, .. } =
        serde_json::from_str(include_str!("../fixtures/rfc/rfc8037.json")).unwrap();
    let jwk = examples[0].key.to_string();
    let key = SigningKey::from_jwk(jwk.as_bytes(), Some(Algorithm::Ed25519)).unwrap();
    let signer = Signer::new(key.clone()).without_typ().without_kid();
    let token = dangerous::sign_bytes(&signer, b"Example of Ed25519 signing").unwrap();
    assert!(token.starts_with(&format!("{}.", encode(r#"{"alg":"Ed25519"}"#))));
    let both = [Algorithm::Ed25519, Algorithm::EdDsa];
    let verifier = |algorithms: &[Algorithm]| {
        Verifier::builder(key.verifying_key(), algorithms, Issuer::any(), Audience::any())
            .build()
            .unwrap()
    };
    for token in [&token, &examples[0].token] {
        assert!(dangerous::verify_signature_only(&verifier(&both), token).is_ok());
    }
    let old_name = dangerous::verify_signature_only(&verifier(&both[..1]), &examples[0].token);
    assert_eq!(old_name.unwrap_err().code().as_str(), "alg_not_allowed");
    for name in ["Ed448", "ESP256", "ESP384", "ESP512", "ESB256", "ed25519", "ED25519"] {
        assert!(Algorithm::from_name(name).is_none(), "{name}");
    }
}
