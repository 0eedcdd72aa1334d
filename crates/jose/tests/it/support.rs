//! What the tests share: one instant, one policy, and tokens written by hand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{
    Algorithm, Audience, Claims, Error, Issuer, Leeway, Signer, SigningKey, Verified, Verifier,
    dangerous,
};
use serde_json::{Value, json};

/// 2027-01-15T08:00:00Z.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://api.example";

/// A fixed secret, so that failures repeat.
pub(crate) const SECRET: &[u8] = b"\x8e\x1f\x22\xc7\x51\x90\x3a\xee\x07\x6c\xb8\x4d\xd3\x19\x65\xfa\
                                   \x2b\xe4\x70\x93\x5c\x0d\xb1\x46\xf8\xa2\x37\x9e\x11\xcd\x68\x54";

pub(crate) fn hs256() -> SigningKey {
    SigningKey::from_secret(SECRET, Algorithm::Hs256).unwrap()
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "jti": "j-1",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
    })
}

/// The claims with one of them replaced, or removed when the value is null.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

pub(crate) fn verifier(key: &SigningKey) -> Verifier {
    let issuer = Issuer::one(ISSUER);
    Verifier::builder(key.verifying_key(), &[key.algorithm()], issuer, Audience::one(AUDIENCE))
        .leeway(Leeway::uniform(0))
        .build()
        .unwrap()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A token with any header and payload and a right HMAC.
pub(crate) fn hs256_token(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = hmac_sha256(&input);
    format!("{input}.{}", encode(signature))
}

/// The only way to the primitive from outside: sign, and move the signature.
fn hmac_sha256(input: &str) -> Vec<u8> {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
}

pub(crate) fn signed(key: &SigningKey, payload: &str) -> String {
    dangerous::sign_bytes(&Signer::new(key.clone()), payload.as_bytes()).unwrap()
}

/// The category of the refusal.
pub(crate) fn code(outcome: Result<Verified<Claims>, Error>) -> &'static str {
    outcome.expect_err("the token was accepted").code().as_str()
}
