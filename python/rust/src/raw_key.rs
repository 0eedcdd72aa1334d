//! Signatures without policy, for the layer that keeps another library's rules: it takes short
//! secrets and small RSA keys as far as the cryptographic library does. [`crate::key::Key`] is
//! what programs should use.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RsaEncoding, RsaKeyPair, RsaParameters, RsaSubjectPublicKey,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A key of which only the form has been checked.
#[pyclass(frozen, module = "countersign._native")]
pub(crate) struct RawKey {
    half: Half,
}

enum Half {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding, ParsedPublicKey),
    Ec(EcdsaKeyPair, ParsedPublicKey),
    Ed25519(Ed25519KeyPair, ParsedPublicKey),
    Public(ParsedPublicKey),
}

#[pymethods]
impl RawKey {
    /// A shared secret of any length, for `sha256`, `sha384` or `sha512`.
    #[staticmethod]
    fn hmac(secret: &[u8], hash: &str) -> PyResult<Self> {
        let hash = match hash {
            "sha256" => hmac::HMAC_SHA256,
            "sha384" => hmac::HMAC_SHA384,
            "sha512" => hmac::HMAC_SHA512,
            _ => return Err(refused("the hash is not sha256, sha384 or sha512")),
        };
        Ok(Self { half: Half::Hmac(Box::new(hmac::Key::new(hash, secret))) })
    }

    /// A private key from DER: PKCS#8, and PKCS#1 (RSA) or SEC1 (EC).
    #[staticmethod]
    fn from_der_private(der: &[u8], algorithm: &str) -> PyResult<Self> {
        let half = match Family::of(algorithm)? {
            Family::Rsa { signing, .. } => {
                let key = RsaKeyPair::from_pkcs8(der)
                    .or_else(|_| RsaKeyPair::from_der(der))
                    .map_err(|error| refused(&format!("not an rsa key to sign with: {error}")))?;
                let public = rsa_public(key.public_key().as_ref(), algorithm)?;
                Half::Rsa(key, signing, public)
            }
            Family::Ec { signing, verification } => {
                let key = EcdsaKeyPair::from_private_key_der(signing, der)
                    .map_err(|_| refused("not an ec key on the curve of the algorithm"))?;
                let public = public(verification, key.public_key().as_ref())?;
                Half::Ec(key, public)
            }
            Family::Ed25519 => {
                let key =
                    Ed25519KeyPair::from_pkcs8(der).map_err(|_| refused("not an ed25519 key"))?;
                let public = public(&signature::ED25519, key.public_key().as_ref())?;
                Half::Ed25519(key, public)
            }
        };
        Ok(Self { half })
    }

    /// A public key from DER: `SubjectPublicKeyInfo`, and PKCS#1 (RSA).
    #[staticmethod]
    fn from_der_public(der: &[u8], algorithm: &str) -> PyResult<Self> {
        let key = match Family::of(algorithm)? {
            Family::Rsa { .. } => rsa_public(der, algorithm)?,
            Family::Ec { verification, .. } => public(verification, der)?,
            Family::Ed25519 => public(&signature::ED25519, der)?,
        };
        Ok(Self { half: Half::Public(key) })
    }

    /// The signature over the message; of ECDSA in the form `r || s`.
    fn sign<'py>(&self, py: Python<'py>, message: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        if let Half::Hmac(key) = &self.half {
            return Ok(PyBytes::new(py, hmac::sign(key, message).as_ref()));
        }
        let signature = py.detach(|| self.sign_detached(message))?;
        Ok(PyBytes::new(py, &signature))
    }

    /// Whether the signature is this key's over the message.
    fn verify(&self, py: Python<'_>, message: &[u8], signature: &[u8]) -> bool {
        match &self.half {
            Half::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Half::Rsa(.., key) | Half::Ec(_, key) | Half::Ed25519(_, key) | Half::Public(key) => {
                py.detach(|| key.verify_sig(message, signature).is_ok())
            }
        }
    }
}

impl RawKey {
    fn sign_detached(&self, message: &[u8]) -> PyResult<Vec<u8>> {
        let random = SystemRandom::new();
        let failed = |_| refused("the cryptographic operation failed");
        match &self.half {
            Half::Rsa(key, encoding, _) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Half::Ec(key, _) => Ok(key.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Half::Ed25519(key, _) => Ok(key.try_sign(message).map_err(failed)?.as_ref().to_vec()),
            Half::Hmac(_) | Half::Public(_) => Err(refused("a public key does not sign")),
        }
    }
}

/// What an algorithm needs.
enum Family {
    Rsa {
        signing: &'static dyn RsaEncoding,
        verification: &'static RsaParameters,
    },
    Ec {
        signing: &'static EcdsaSigningAlgorithm,
        verification: &'static EcdsaVerificationAlgorithm,
    },
    Ed25519,
}

impl Family {
    fn of(algorithm: &str) -> PyResult<Self> {
        let rsa = |signing, verification| Ok(Self::Rsa { signing, verification });
        let ec = |signing, verification| Ok(Self::Ec { signing, verification });
        match algorithm {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => rsa(&signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => rsa(&signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => {
                ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P256_SHA256_FIXED)
            }
            "ES256K" => ec(
                &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
                &signature::ECDSA_P256K1_SHA256_FIXED,
            ),
            "ES384" => {
                ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED)
            }
            "ES512" => {
                ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, &signature::ECDSA_P521_SHA512_FIXED)
            }
            "EdDSA" | "Ed25519" => Ok(Self::Ed25519),
            _ => Err(refused("an algorithm that is not known here")),
        }
    }
}

fn public<A: signature::VerificationAlgorithm>(
    algorithm: &'static A,
    der: &[u8],
) -> PyResult<ParsedPublicKey> {
    ParsedPublicKey::new(algorithm, der)
        .map_err(|_| refused("not a public key of the kind that the algorithm needs"))
}

/// Below 2048 bits the library checks RS256 and RS512 only, and nothing below 1024.
fn rsa_public(der: &[u8], algorithm: &str) -> PyResult<ParsedPublicKey> {
    let Family::Rsa { verification, .. } = Family::of(algorithm)? else {
        return Err(refused("an rsa key does not fit the algorithm"));
    };
    let key = RsaSubjectPublicKey::from_der(der).map_err(|_| refused("not an rsa public key"))?;
    let modulus = key.modulus();
    let modulus = modulus.big_endian_without_leading_zero();
    let first = modulus.first().copied().unwrap_or(0);
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    let verification = match (bits, algorithm) {
        (2048..=8192, _) => verification,
        (1024..=2047, "RS256") => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (1024..=2047, "RS512") => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => {
            return Err(refused(&format!("an rsa key of {bits} bits is not supported here")));
        }
    };
    public(verification, der)
}

fn refused(reason: &str) -> PyErr {
    PyValueError::new_err(reason.to_owned())
}
