//! ECDSA keys on P-256, P-384 and P-521 (RFC 7518 sections 3.4 and 6.2).
//!
//! Signatures are the fixed form `r || s`, never ASN.1. Nonces come from the library, which mixes
//! the private key and the message into its randomness (RFC 8725 section 3.2 asks for at least
//! that), so two signatures over one message differ.

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, ParsedPublicKey,
    Signature,
};
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::base64;
use crate::error::Error;
use crate::jwk::RawJwk;
use crate::key::private_member;

const NOT_EC: Error = Error::KeyInvalid { reason: "not an ec key on the curve of the algorithm" };

/// What belongs to one curve.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    /// Length of a coordinate in bytes; a signature has twice as many.
    size: usize,
    verification: &'static EcdsaVerificationAlgorithm,
    signing: &'static EcdsaSigningAlgorithm,
    /// All of `SubjectPublicKeyInfo` (RFC 5480) before the point.
    spki_prefix: &'static [u8],
}

static P256: Curve = Curve {
    name: "P-256",
    size: 32,
    verification: &ECDSA_P256_SHA256_FIXED,
    signing: &ECDSA_P256_SHA256_FIXED_SIGNING,
    spki_prefix: b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                   \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
};

static P384: Curve = Curve {
    name: "P-384",
    size: 48,
    verification: &ECDSA_P384_SHA384_FIXED,
    signing: &ECDSA_P384_SHA384_FIXED_SIGNING,
    spki_prefix: b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                   \x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00",
};

static P521: Curve = Curve {
    name: "P-521",
    size: 66,
    verification: &ECDSA_P521_SHA512_FIXED,
    signing: &ECDSA_P521_SHA512_FIXED_SIGNING,
    spki_prefix: b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                   \x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00",
};

impl Curve {
    fn of(algorithm: Algorithm) -> Result<&'static Self, Error> {
        match algorithm {
            Algorithm::Es256 => Ok(&P256),
            Algorithm::Es384 => Ok(&P384),
            Algorithm::Es512 => Ok(&P521),
            _ => Err(Error::KeyInvalid { reason: "an ec key does not fit the algorithm" }),
        }
    }
}

/// Whether the bytes are an uncompressed point on one of the curves.
pub(crate) fn is_point(bytes: &[u8]) -> bool {
    [&P256, &P384, &P521].into_iter().any(|curve| EcPublic::new(bytes.to_vec(), curve).is_ok())
}

/// A public key, parsed; its point is on the curve.
pub(crate) struct EcPublic {
    key: ParsedPublicKey,
    pub(crate) curve: &'static Curve,
    /// Uncompressed: `04 || x || y`.
    point: Vec<u8>,
}

impl EcPublic {
    fn new(point: Vec<u8>, curve: &'static Curve) -> Result<Self, Error> {
        if point.len() != 1 + 2 * curve.size || point.first() != Some(&4) {
            return Err(NOT_EC);
        }
        let key = ParsedPublicKey::new(curve.verification, &point).map_err(|_| NOT_EC)?;
        Ok(Self { key, curve, point })
    }

    /// Takes a `SubjectPublicKeyInfo` of a named curve and an uncompressed point.
    pub(crate) fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        let curve = Curve::of(algorithm)?;
        let point = der.strip_prefix(curve.spki_prefix).ok_or(NOT_EC)?;
        Self::new(point.to_vec(), curve)
    }

    pub(crate) fn from_jwk(jwk: &RawJwk<'_>, algorithm: Algorithm) -> Result<Self, Error> {
        let curve = Curve::of(algorithm)?;
        if jwk.crv.as_deref() != Some(curve.name) {
            return Err(NOT_EC);
        }
        let mut point = vec![4];
        for coordinate in [&jwk.x, &jwk.y] {
            let text = coordinate.as_deref().unwrap_or("");
            let bytes = base64::decode(text.as_bytes()).map_err(|_| NOT_EC)?;
            // A coordinate has all its octets, leading zeros too (RFC 7518 section 6.2.1.2).
            if bytes.len() != curve.size {
                return Err(NOT_EC);
            }
            point.extend_from_slice(&bytes);
        }
        Self::new(point, curve)
    }

    pub(crate) const fn parsed(&self) -> &ParsedPublicKey {
        &self.key
    }

    pub(crate) fn x(&self) -> &[u8] {
        self.point.get(1..=self.curve.size).unwrap_or(&[])
    }

    pub(crate) fn y(&self) -> &[u8] {
        self.point.get(1 + self.curve.size..).unwrap_or(&[])
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == 2 * self.curve.size && self.key.verify_sig(message, signature).is_ok()
    }
}

/// A private key.
pub(crate) struct EcPrivate {
    key: EcdsaKeyPair,
}

impl EcPrivate {
    fn new(key: EcdsaKeyPair, curve: &'static Curve) -> Result<(Self, EcPublic), Error> {
        let public = EcPublic::new(key.public_key().as_ref().to_vec(), curve)?;
        Ok((Self { key }, public))
    }

    pub(crate) fn generate(algorithm: Algorithm) -> Result<(Self, EcPublic), Error> {
        let curve = Curve::of(algorithm)?;
        let key = EcdsaKeyPair::generate(curve.signing).map_err(|_| Error::Crypto)?;
        Self::new(key, curve)
    }

    /// Takes PKCS#8 or SEC1.
    pub(crate) fn from_der(der: &[u8], algorithm: Algorithm) -> Result<(Self, EcPublic), Error> {
        let curve = Curve::of(algorithm)?;
        let key = EcdsaKeyPair::from_private_key_der(curve.signing, der).map_err(|_| NOT_EC)?;
        Self::new(key, curve)
    }

    pub(crate) fn from_jwk(
        jwk: &RawJwk<'_>,
        algorithm: Algorithm,
    ) -> Result<(Self, EcPublic), Error> {
        let public = EcPublic::from_jwk(jwk, algorithm)?;
        let d = private_member(jwk.d.as_deref())?;
        if d.len() != public.curve.size {
            return Err(NOT_EC);
        }
        let signing = public.curve.signing;
        let key = EcdsaKeyPair::from_private_key_and_public_key(signing, &d, &public.point)
            .map_err(|_| NOT_EC)?;
        Ok((Self { key }, public))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        self.key.sign(&SystemRandom::new(), message).map_err(|_| Error::Crypto)
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let der = self.key.to_pkcs8v1().map_err(|_| Error::Crypto)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    pub(crate) fn d(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let d = self.key.private_key().as_be_bytes().map_err(|_| Error::Crypto)?;
        Ok(Zeroizing::new(d.as_ref().to_vec()))
    }
}
