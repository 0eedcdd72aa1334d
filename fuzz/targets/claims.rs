//! Any bytes as the claims of a token with a right MAC: what is accepted is what an ordinary parser
//! finds, of the right types, for us, from the issuer, and now.
#![no_main]

use std::sync::LazyLock;

use countersign_fuzz::{AUDIENCE, ISSUER, KEY, NOW, signer, verifier};
use countersign_jose::{Audience, Issuer, Signer, Verifier, dangerous};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

static SIGNER: LazyLock<Signer> = LazyLock::new(|| signer(&KEY));
static STRICT: LazyLock<Verifier> = LazyLock::new(|| verifier(&KEY));
static LAX: LazyLock<Verifier> = LazyLock::new(|| {
    Verifier::builder(KEY.verifying_key(), &[KEY.algorithm()], Issuer::any(), Audience::any())
        .required(&[])
        .build()
        .expect("a good policy")
});

fuzz_target!(|payload: &[u8]| {
    let token = dangerous::sign_bytes(&SIGNER, payload).expect("a signature over anything");
    let unverified = dangerous::decode_claims_unverified(&token);
    let lax = LAX.verify(&token, NOW);
    if lax.is_ok() {
        assert!(unverified.is_ok(), "what is accepted can be read");
    }
    let Ok(verified) = STRICT.verify(&token, NOW) else { return };
    assert!(lax.is_ok(), "fewer rules accept more");
    let read: Map<String, Value> = serde_json::from_slice(payload).expect("one object");
    let claims = verified.claims();
    assert_eq!(read["iss"], ISSUER);
    assert_eq!(claims.iss(), Some(ISSUER));
    assert!(claims.aud().any(|audience| audience == AUDIENCE));
    assert!(read["exp"].as_f64().expect("a number") > NOW as f64);
    assert_eq!(claims.exp().map(|date| date.as_f64()), read["exp"].as_f64());
    assert_eq!(claims.nbf().map(|date| date.as_f64()), read.get("nbf").and_then(Value::as_f64));
    assert_eq!(claims.sub(), read.get("sub").and_then(Value::as_str));
    assert_eq!(claims.jti(), read.get("jti").and_then(Value::as_str));
    for (name, value) in &read {
        assert_eq!(claims.get::<Value>(name).expect("readable").as_ref(), Some(value));
    }
});
