//! What skips a check. Each function says which; use none of them to decide who somebody is.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::algorithm::Algorithm;
use crate::base64;
use crate::claims::Claims;
use crate::error::Error;
use crate::header::{self, Header, ParsedHeader};
use crate::json::Value;
use crate::key::SigningKey;
use crate::sign::Signer;
use crate::verify::Verifier;

const MAX_TOKEN_BYTES: usize = 16 * 1024;
const MAX_JSON_DEPTH: usize = 32;

/// What a token's header claims, unchecked.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnverifiedHeader {
    /// The `alg` parameter, which may be anything, even `none`.
    pub alg: Option<String>,
    /// The `kid` parameter.
    pub kid: Option<String>,
    /// The `typ` parameter.
    pub typ: Option<String>,
    raw: String,
}

impl UnverifiedHeader {
    /// The whole header as JSON text.
    #[must_use]
    pub fn raw_json(&self) -> &str {
        &self.raw
    }

    /// A header parameter of any type; `None` when it is absent.
    ///
    /// # Errors
    /// [`Error::HeaderInvalid`] when it is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        header::parameter(&self.raw, name)
    }
}

/// Reads a header **without checking the signature**: anybody can have written it. Good for
/// showing a token, or for choosing an issuer whose keys then decide.
///
/// # Errors
/// When the token is longer than 16 KiB, not of three parts, or its header not a strict JSON object.
pub fn decode_header_unverified(token: impl AsRef<[u8]>) -> Result<UnverifiedHeader, Error> {
    let [header, ..] = decode(token.as_ref())?;
    let header = ParsedHeader::parse(&header, MAX_JSON_DEPTH)?;
    let text = |value: Option<Value<'_>>| value.and_then(Value::as_str).map(Cow::into_owned);
    Ok(UnverifiedHeader {
        alg: text(header.alg),
        kid: text(header.kid),
        typ: text(header.typ),
        raw: header.raw.to_owned(),
    })
}

/// Reads claims **without checking the signature or any claim**: anybody can have written them.
///
/// # Errors
/// When the token is longer than 16 KiB, not of three parts, its claims not a strict JSON object, or
/// a registered claim of the wrong type.
pub fn decode_claims_unverified(token: impl AsRef<[u8]>) -> Result<Claims, Error> {
    let [_, payload] = decode(token.as_ref())?;
    Claims::parse::<Claims>(payload, MAX_JSON_DEPTH, &[]).map(|(claims, ())| claims)
}

/// Checks header, key and signature **but no claim**, and gives the payload, which need not even be
/// JSON. For signatures over something else than claims, or for rules that the caller checks.
///
/// # Errors
/// As [`Verifier::verify`], up to the signature.
pub fn verify_signature_only(
    verifier: &Verifier,
    token: impl AsRef<[u8]>,
) -> Result<(Header, Vec<u8>), Error> {
    verifier.verify_signature(token.as_ref())
}

/// Signs any bytes, **which need not be claims**.
///
/// # Errors
/// [`Error::Crypto`] when the library fails.
pub fn sign_bytes(signer: &Signer, payload: &[u8]) -> Result<String, Error> {
    signer.sign_payload(payload)
}

/// Takes a shared secret **however short or well known**. Whoever guesses it forges every token; it
/// exists so that a system can be moved off such a secret.
///
/// # Errors
/// [`Error::KeyInvalid`] when the algorithm is not HMAC.
pub fn signing_key_from_weak_secret(
    secret: &[u8],
    algorithm: Algorithm,
) -> Result<SigningKey, Error> {
    SigningKey::from_secret_unchecked(secret, algorithm)
}

/// Decodes header and payload; the signature must be well-formed too.
fn decode(token: &[u8]) -> Result<[Vec<u8>; 2], Error> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Error::TokenTooLarge { limit: MAX_TOKEN_BYTES });
    }
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::MalformedToken);
    };
    let decode = |part| base64::decode(part).map_err(|_| Error::MalformedBase64);
    decode(signature)?;
    Ok([decode(header)?, decode(payload)?])
}
