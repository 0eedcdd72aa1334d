//! What the fuzz targets share: one policy, and right MACs over anything.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, Audience, Issuer, Signer, SigningKey, Verifier};

pub const NOW: i64 = 1_800_000_000;
pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "https://api.example";

/// Fixed, so that a finding can be repeated.
const SECRET: &[u8; 32] = b"\x8e\x1f\x22\xc7\x51\x90\x3a\xee\x07\x6c\xb8\x4d\xd3\x19\x65\xfa\
                            \x2b\xe4\x70\x93\x5c\x0d\xb1\x46\xf8\xa2\x37\x9e\x11\xcd\x68\x54";

pub static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_secret(SECRET, Algorithm::Hs256).expect("a good secret"));

pub fn verifier(key: &SigningKey) -> Verifier {
    Verifier::builder(
        key.verifying_key(),
        &[key.algorithm()],
        Issuer::one(ISSUER),
        Audience::one(AUDIENCE),
    )
    .build()
    .expect("a good policy")
}

pub fn signer(key: &SigningKey) -> Signer {
    Signer::new(key.clone())
}

/// A token with any header and payload under the fixed secret.
pub fn token(header: &[u8], payload: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let input = format!("{}.{}", encode(header), encode(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let tag = hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", encode(tag.as_ref()))
}

pub fn claims() -> serde_json::Value {
    serde_json::json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": NOW + 600})
}
