//! The half of a key that checks signatures.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Family};
use crate::base64;
use crate::error::Error;
use crate::jwk::{Jwk, Purpose, RawJwk};
use crate::key::der;
use crate::key::ec::EcPublic;
use crate::key::ed25519::EdPublic;
use crate::key::hmac::HmacKey;
use crate::key::pem;
use crate::key::rsa::RsaPublic;

/// A public key or a shared secret, parsed and bound to one algorithm. Clones share the key.
///
/// What is weak is refused, for signing keys too: RSA below 2048 or above 8192 bits, with an even
/// modulus, with an exponent that is even or not from 3 to 2^32, or from the generator of
/// CVE-2017-15361; a point that is not on the curve; an Ed25519 key of small order or in another than its canonical
/// spelling; a secret shorter than the hash, or one that is no secret. Not read are elliptic curves
/// that are spelt out instead of named, compressed points, and RSA keys whose DER restricts them to
/// PSS (`id-RSASSA-PSS`, RFC 4055).
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Arc<str>,
    material: Arc<Material>,
}

pub(super) enum Public {
    Hmac(Arc<HmacKey>),
    Rsa(RsaPublic),
    Ec(EcPublic),
    Ed25519(EdPublic),
}

struct Material {
    public: Public,
    /// RFC 7638 with SHA-256. Of a secret it is never shown.
    thumbprint: [u8; 32],
}

impl VerifyingKey {
    /// Reads a public key from PEM (RFC 7468; `PUBLIC KEY` or `RSA PUBLIC KEY`).
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when there is no such key, more than one, a private one, or one that
    /// is weak or does not fit the algorithm.
    pub fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, Error> {
        Self::from_der(&pem::public_key(pem)?, algorithm)
    }

    /// Reads a public key from DER: a `SubjectPublicKeyInfo`, or a PKCS#1 `RSAPublicKey`.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is malformed, weak or does not fit the algorithm.
    pub fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        der::alone(der)?;
        let public = match algorithm.family() {
            Family::Hmac => {
                return Err(Error::KeyInvalid { reason: "a public key is no hmac secret" });
            }
            Family::Rsa => Public::Rsa(RsaPublic::from_der(der, algorithm)?),
            Family::Ec => Public::Ec(EcPublic::from_der(der, algorithm)?),
            Family::Ed25519 => Public::Ed25519(EdPublic::from_der(der)?),
        };
        Ok(Self::new(public, algorithm))
    }

    /// Reads a public JWK (RFC 7517), or an `oct` JWK with a shared secret. Without `algorithm` the key's
    /// `alg` or its curve decides. A `kid` in the JWK becomes the key's.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is malformed, weak, private, not for verification (`use`,
    /// `key_ops`), for another algorithm, or when nothing says for which.
    pub fn from_jwk(json: &[u8], algorithm: Option<Algorithm>) -> Result<Self, Error> {
        let jwk = RawJwk::parse(json)?;
        let algorithm = jwk.algorithm(algorithm)?;
        Self::from_raw_jwk(&jwk, algorithm)
    }

    pub(crate) fn from_raw_jwk(jwk: &RawJwk<'_>, algorithm: Algorithm) -> Result<Self, Error> {
        jwk.check_purpose(Purpose::Verify)?;
        jwk.check_type(algorithm)?;
        let public = match algorithm.family() {
            Family::Hmac => Public::Hmac(Arc::new(HmacKey::from_jwk(jwk, algorithm)?)),
            Family::Rsa => Public::Rsa(RsaPublic::from_jwk(jwk, algorithm)?),
            Family::Ec => Public::Ec(EcPublic::from_jwk(jwk, algorithm)?),
            Family::Ed25519 => Public::Ed25519(EdPublic::from_jwk(jwk)?),
        };
        let key = Self::new(public, algorithm);
        Ok(match &jwk.kid {
            Some(kid) => key.with_kid(&**kid),
            None => key,
        })
    }

    /// Takes a shared secret of at least the hash's length (RFC 7518 section 3.2).
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is shorter than the hash, looks like a key file, or is a
    /// pattern or a placeholder; or when the algorithm is not HMAC.
    pub fn from_secret(secret: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        let key = HmacKey::new(secret, algorithm)?;
        Ok(Self::new(Public::Hmac(Arc::new(key)), algorithm))
    }

    pub(super) fn new(public: Public, algorithm: Algorithm) -> Self {
        let thumbprint = sha256(&canonical_jwk(&public));
        let kid = match &public {
            // A thumbprint of a secret helps to guess it (RFC 7638 section 7); a tag over text
            // that no token can be helps no more than any token does.
            Public::Hmac(key) => base64::encode(key.sign(b"countersign/kid").as_ref()),
            _ => base64::encode(&thumbprint),
        };
        let material = Arc::new(Material { public, thumbprint });
        Self { algorithm, kid: kid.into(), material }
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into().into();
        self
    }

    /// The one algorithm that this key checks.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's id. Unless it was given: the RFC 7638 thumbprint, or for a secret a tag made with
    /// it.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The RFC 7638 thumbprint with SHA-256, in base64url.
    ///
    /// # Security
    /// Do not publish the thumbprint of a secret: it can be used to test guesses.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64::encode(&self.material.thumbprint)
    }

    /// The thumbprint as a URI (RFC 9278 section 3), for claims and identifiers that must be one.
    ///
    /// # Security
    /// As [`VerifyingKey::thumbprint`].
    #[must_use]
    pub fn thumbprint_uri(&self) -> String {
        format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", self.thumbprint())
    }

    /// The public JWK, with `kid`, `alg` and `use`.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for a shared secret, which has no public form.
    pub fn to_jwk(&self) -> Result<Jwk, Error> {
        let text = |bytes: &[u8]| Some(base64::encode(bytes));
        let mut jwk = Jwk {
            kid: Some(self.kid.to_string()),
            alg: Some(self.algorithm.as_str().to_owned()),
            key_use: Some("sig".to_owned()),
            ..Jwk::default()
        };
        match &self.material.public {
            Public::Hmac(_) => {
                return Err(Error::KeyInvalid { reason: "a shared secret is never published" });
            }
            Public::Rsa(key) => {
                jwk.kty = "RSA".to_owned();
                (jwk.n, jwk.e) = (text(key.n()), text(key.e()));
            }
            Public::Ec(key) => {
                jwk.kty = "EC".to_owned();
                jwk.crv = Some(key.curve.name.to_owned());
                (jwk.x, jwk.y) = (text(key.x()), text(key.y()));
            }
            Public::Ed25519(key) => {
                jwk.kty = "OKP".to_owned();
                jwk.crv = Some("Ed25519".to_owned());
                jwk.x = text(key.bytes());
            }
        }
        Ok(jwk)
    }

    /// The public key as a DER `SubjectPublicKeyInfo`: [`VerifyingKey::from_der`] reads it back.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for a shared secret, which has no public form,
    /// [`Error::Crypto`] when the library fails.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let key = match &self.material.public {
            Public::Hmac(_) => {
                return Err(Error::KeyInvalid { reason: "a shared secret is never published" });
            }
            Public::Rsa(key) => key.parsed(),
            Public::Ec(key) => key.parsed(),
            Public::Ed25519(key) => key.parsed(),
        };
        let der = key.as_der().map_err(|_| Error::Crypto)?;
        Ok(der.as_ref().to_vec())
    }

    /// The public key as PEM (`PUBLIC KEY`): [`VerifyingKey::from_pem`] reads it back.
    ///
    /// # Errors
    /// As [`VerifyingKey::to_der`].
    pub fn to_pem(&self) -> Result<String, Error> {
        let mut text = pem::write("PUBLIC KEY", &self.to_der()?);
        Ok(std::mem::take(&mut *text))
    }

    /// Whether both keys are the same numbers, whatever their ids and algorithms.
    pub(crate) fn same_material(&self, other: &Self) -> bool {
        self.material.thumbprint == other.material.thumbprint
    }

    /// Whether the signature is this key's over the message.
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material.public {
            Public::Hmac(key) => key.verify(message, signature),
            Public::Rsa(key) => key.verify(message, signature),
            Public::Ec(key) => key.verify(message, signature),
            Public::Ed25519(key) => key.verify(message, signature),
        }
    }

    pub(super) fn public(&self) -> &Public {
        &self.material.public
    }
}

/// Prints what identifies the key, never what it is.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The required members in lexicographic order (RFC 7638 section 3.2).
fn canonical_jwk(public: &Public) -> Zeroizing<String> {
    let text = base64::encode;
    Zeroizing::new(match public {
        Public::Hmac(key) => {
            let secret = Zeroizing::new(text(key.secret()));
            [r#"{"k":""#, secret.as_str(), r#"","kty":"oct"}"#].concat()
        }
        Public::Rsa(key) => {
            format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(key.e()), text(key.n()))
        }
        Public::Ec(key) => {
            let (crv, x, y) = (key.curve.name, text(key.x()), text(key.y()));
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        Public::Ed25519(key) => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(key.bytes()))
        }
    })
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
