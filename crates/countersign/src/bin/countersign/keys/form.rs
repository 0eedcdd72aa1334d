//! Telling keys apart before they are read: which form, private or public, for which algorithm.

use countersign_jose::Algorithm;
use serde::{Deserialize, de::IgnoredAny};

/// How a key is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// RFC 7517 4.
    Jwk,
    /// RFC 7517 5.
    JwkSet,
    /// RFC 7468.
    Pem,
    /// PKCS#8, PKCS#1, SEC1 or `SubjectPublicKeyInfo`.
    Der,
}

/// The form of these bytes, if it is one of a key.
pub(super) fn of(bytes: &[u8]) -> Option<Form> {
    let begin = bytes.trim_ascii_start();
    if begin.starts_with(b"{") {
        return Some(if Members::of(bytes).keys { Form::JwkSet } else { Form::Jwk });
    }
    if bytes.windows(ARMOUR.len()).any(|window| window == ARMOUR) {
        return Some(Form::Pem);
    }
    bytes.starts_with(&[SEQUENCE]).then_some(Form::Der)
}

const ARMOUR: &[u8] = b"-----BEGIN ";
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

/// Which members a JWK or JWKS has.
#[derive(Debug, Default)]
pub(super) struct Members {
    keys: bool,
    /// Whether it is a private key or a shared secret.
    pub(super) is_private: bool,
}

#[derive(Deserialize)]
struct Named {
    keys: Option<IgnoredAny>,
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl Members {
    /// What is no JSON has none: its reader will say so.
    pub(super) fn of(json: &[u8]) -> Self {
        let named = serde_json::from_slice::<Named>(json);
        named.map_or(Self::default(), |Named { keys, d, k }| Self {
            keys: keys.is_some(),
            is_private: d.is_some() || k.is_some(),
        })
    }
}

/// Whether the DER is of a private key: those begin with a version, public ones do not.
pub(super) fn is_private(der: &[u8]) -> bool {
    matches!(contents(der), [INTEGER, 1, 0 | 1, ..])
}

/// Object identifiers with tag and length.
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const CURVES: [(&[u8], Algorithm); 3] = [
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", Algorithm::Es256),
    (b"\x06\x05\x2b\x81\x04\x00\x22", Algorithm::Es384),
    (b"\x06\x05\x2b\x81\x04\x00\x23", Algorithm::Es512),
];
/// Where the identifier of a key's type ends in all forms that have one.
const TYPE_ENDS: usize = 40;

/// What a key can be for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Serves {
    /// This algorithm alone.
    One(Algorithm),
    /// Any of the six RSA algorithms.
    Rsa,
    /// None that is known here.
    Nothing,
}

/// What the key of this DER is for.
pub(super) fn serves(der: &[u8]) -> Serves {
    let has = |bytes: &[u8], name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    let begin = der.get(..TYPE_ENDS).unwrap_or(der);
    if has(begin, RSA) || is_pkcs1(der) {
        return Serves::Rsa;
    }
    if has(begin, ED25519) {
        return Serves::One(Algorithm::EdDsa);
    }
    // SEC1 has the curve behind the private number.
    let curve = CURVES.iter().find(|(name, _)| has(der, name));
    curve.map_or(Serves::Nothing, |(_, algorithm)| Serves::One(*algorithm))
}

/// Bare RSA numbers (RFC 8017 A.1): the modulus comes first, or right behind the version.
fn is_pkcs1(der: &[u8]) -> bool {
    let contents = contents(der);
    let numbers = contents.strip_prefix(&[INTEGER, 1, 0]).unwrap_or(contents);
    matches!(numbers, [INTEGER, 0x81 | 0x82, ..])
}

/// What stands in the outermost sequence.
fn contents(der: &[u8]) -> &[u8] {
    let header = match der.get(1) {
        Some(0x81) => 3,
        Some(0x82) => 4,
        _ => 2,
    };
    der.get(header..).unwrap_or_default()
}
