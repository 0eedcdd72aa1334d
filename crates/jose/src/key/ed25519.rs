//! Ed25519 keys (RFC 8032, RFC 8037).

use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey, Signature};
use zeroize::Zeroizing;

use crate::base64;
use crate::error::Error;
use crate::jwk::RawJwk;
use crate::key::{ed25519_point, private_member};

const NOT_ED25519: Error = Error::KeyInvalid { reason: "not an ed25519 key that can be read" };

/// All of `SubjectPublicKeyInfo` (RFC 8410) before the key.
const SPKI_PREFIX: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// A public key, parsed; it is a canonical point that is not of small order.
pub(crate) struct EdPublic {
    key: ParsedPublicKey,
    bytes: [u8; 32],
}

impl EdPublic {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| NOT_ED25519)?;
        // Under a key of small order one signature is valid for many messages (RFC 8725 3.4).
        if !ed25519_point::is_sound_public_key(&bytes) {
            return Err(Error::KeyInvalid {
                reason: "the ed25519 key is not a canonical point, or one of small order",
            });
        }
        let key = ParsedPublicKey::new(&ED25519, bytes).map_err(|_| NOT_ED25519)?;
        Ok(Self { key, bytes })
    }

    /// Takes a `SubjectPublicKeyInfo`.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::new(der.strip_prefix(SPKI_PREFIX).ok_or(NOT_ED25519)?)
    }

    pub(crate) fn from_jwk(jwk: &RawJwk<'_>) -> Result<Self, Error> {
        if jwk.crv.as_deref() != Some("Ed25519") {
            return Err(NOT_ED25519);
        }
        let x = jwk.x.as_deref().unwrap_or("");
        Self::new(&base64::decode(x.as_bytes()).map_err(|_| NOT_ED25519)?)
    }

    pub(crate) const fn parsed(&self) -> &ParsedPublicKey {
        &self.key
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == 64 && self.key.verify_sig(message, signature).is_ok()
    }
}

/// A private key.
pub(crate) struct EdPrivate {
    key: Ed25519KeyPair,
}

impl EdPrivate {
    fn new(key: Ed25519KeyPair) -> Result<(Self, EdPublic), Error> {
        let public = EdPublic::new(key.public_key().as_ref())?;
        Ok((Self { key }, public))
    }

    pub(crate) fn generate() -> Result<(Self, EdPublic), Error> {
        Self::new(Ed25519KeyPair::generate().map_err(|_| Error::Crypto)?)
    }

    /// Takes PKCS#8, version 1 or 2.
    pub(crate) fn from_der(der: &[u8]) -> Result<(Self, EdPublic), Error> {
        Self::new(Ed25519KeyPair::from_pkcs8(der).map_err(|_| NOT_ED25519)?)
    }

    pub(crate) fn from_jwk(jwk: &RawJwk<'_>) -> Result<(Self, EdPublic), Error> {
        let public = EdPublic::from_jwk(jwk)?;
        let seed = private_member(jwk.d.as_deref())?;
        if seed.len() != 32 {
            return Err(NOT_ED25519);
        }
        let key = Ed25519KeyPair::from_seed_and_public_key(&seed, public.bytes())
            .map_err(|_| NOT_ED25519)?;
        Ok((Self { key }, public))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        self.key.try_sign(message).map_err(|_| Error::Crypto)
    }

    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().map_err(|_| Error::Crypto)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    pub(crate) fn seed(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let seed: Curve25519SeedBin<'_> =
            self.key.seed().and_then(|seed| seed.as_be_bytes()).map_err(|_| Error::Crypto)?;
        Ok(Zeroizing::new(seed.as_ref().to_vec()))
    }
}
