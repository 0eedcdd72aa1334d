//! The half of a key that makes signatures.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Family};
use crate::base64;
use crate::error::Error;
use crate::json;
use crate::jwk::{Purpose, RawJwk};
use crate::key::der;
use crate::key::ec::EcPrivate;
use crate::key::ed25519::EdPrivate;
use crate::key::hmac::HmacKey;
use crate::key::pem;
use crate::key::rsa::{RsaPrivate, RsaSize};
use crate::key::verifying::{Public, VerifyingKey};

/// A private key or a shared secret, parsed and bound to one algorithm. Clones share the key.
#[derive(Clone)]
pub struct SigningKey {
    private: Arc<Private>,
    verifying: VerifyingKey,
}

enum Private {
    Hmac(Arc<HmacKey>),
    Rsa(RsaPrivate),
    Ec(EcPrivate),
    Ed25519(EdPrivate),
}

impl SigningKey {
    /// Makes a new key: a random secret as long as the hash, RSA of 2048 bits (3072 with SHA-384
    /// and SHA-512; see [`SigningKey::generate_rsa`]), the curve of the algorithm, or Ed25519.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the cryptographic library or the operating system's randomness fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        match algorithm.family() {
            Family::Hmac => Ok(Self::hmac(HmacKey::generate(algorithm)?, algorithm)),
            Family::Rsa => Self::generate_rsa(algorithm, RsaSize::usual(algorithm)),
            Family::Ec => {
                let (private, public) = EcPrivate::generate(algorithm)?;
                Ok(Self::new(Private::Ec(private), Public::Ec(public), algorithm))
            }
            Family::Ed25519 => {
                let (private, public) = EdPrivate::generate()?;
                Ok(Self::new(Private::Ed25519(private), Public::Ed25519(public), algorithm))
            }
        }
    }

    /// Makes a new RSA key of a chosen size.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when the algorithm is not an RSA one, since the keys of all others have
    /// one size; [`Error::Crypto`] as [`SigningKey::generate`].
    pub fn generate_rsa(algorithm: Algorithm, size: RsaSize) -> Result<Self, Error> {
        if algorithm.family() != Family::Rsa {
            return Err(Error::KeyInvalid {
                reason: "only an rsa key has a size to choose (RS256 to RS512, PS256 to PS512)",
            });
        }
        let (private, public) = RsaPrivate::generate(algorithm, size)?;
        Ok(Self::new(Private::Rsa(private), Public::Rsa(public), algorithm))
    }

    /// Reads an unencrypted private key from PEM (RFC 7468; `PRIVATE KEY`, `RSA PRIVATE KEY` or
    /// `EC PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when there is no such key, more than one, or one that is weak or does
    /// not fit the algorithm.
    pub fn from_pem(pem: &str, algorithm: Algorithm) -> Result<Self, Error> {
        Self::from_der(&pem::private_key(pem)?, algorithm)
    }

    /// Reads a private key from DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017) or SEC1 (RFC 5915).
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is malformed, weak or does not fit the algorithm.
    pub fn from_der(der: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        der::alone(der)?;
        match algorithm.family() {
            Family::Hmac => Err(Error::KeyInvalid { reason: "a private key is no hmac secret" }),
            Family::Rsa => {
                let (private, public) = RsaPrivate::from_der(der, algorithm)?;
                Ok(Self::new(Private::Rsa(private), Public::Rsa(public), algorithm))
            }
            Family::Ec => {
                let (private, public) = EcPrivate::from_der(der, algorithm)?;
                Ok(Self::new(Private::Ec(private), Public::Ec(public), algorithm))
            }
            Family::Ed25519 => {
                let (private, public) = EdPrivate::from_der(der)?;
                Ok(Self::new(Private::Ed25519(private), Public::Ed25519(public), algorithm))
            }
        }
    }

    /// Reads a private JWK (RFC 7517), or an `oct` JWK with a shared secret. Without `algorithm` the key's
    /// `alg` or its curve decides. A `kid` in the JWK becomes the key's.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is malformed, weak, not for signing (`use`, `key_ops`), for
    /// another algorithm, when nothing says for which, or when its halves do not belong together.
    pub fn from_jwk(json: &[u8], algorithm: Option<Algorithm>) -> Result<Self, Error> {
        let jwk = RawJwk::parse(json)?;
        let algorithm = jwk.algorithm(algorithm)?;
        jwk.check_purpose(Purpose::Sign)?;
        jwk.check_type(algorithm)?;
        let key = match algorithm.family() {
            Family::Hmac => Self::hmac(HmacKey::from_jwk(&jwk, algorithm)?, algorithm),
            Family::Rsa => {
                let (private, public) = RsaPrivate::from_jwk(&jwk, algorithm)?;
                Self::new(Private::Rsa(private), Public::Rsa(public), algorithm)
            }
            Family::Ec => {
                let (private, public) = EcPrivate::from_jwk(&jwk, algorithm)?;
                Self::new(Private::Ec(private), Public::Ec(public), algorithm)
            }
            Family::Ed25519 => {
                let (private, public) = EdPrivate::from_jwk(&jwk)?;
                Self::new(Private::Ed25519(private), Public::Ed25519(public), algorithm)
            }
        };
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
        Ok(Self::hmac(HmacKey::new(secret, algorithm)?, algorithm))
    }

    pub(crate) fn from_secret_unchecked(
        secret: &[u8],
        algorithm: Algorithm,
    ) -> Result<Self, Error> {
        Ok(Self::hmac(HmacKey::new_unchecked(secret, algorithm)?, algorithm))
    }

    fn hmac(key: HmacKey, algorithm: Algorithm) -> Self {
        let key = Arc::new(key);
        Self::new(Private::Hmac(Arc::clone(&key)), Public::Hmac(key), algorithm)
    }

    fn new(private: Private, public: Public, algorithm: Algorithm) -> Self {
        Self { private: Arc::new(private), verifying: VerifyingKey::new(public, algorithm) }
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.verifying = self.verifying.with_kid(kid);
        self
    }

    /// The one algorithm that this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The key's id; see [`VerifyingKey::kid`].
    #[must_use]
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// The half that checks this key's signatures. Of a shared secret that is the secret itself.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    /// The private key as PKCS#8 DER.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for a shared secret (see [`SigningKey::to_secret`]),
    /// [`Error::Crypto`] when the library fails.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &*self.private {
            Private::Hmac(_) => Err(Error::KeyInvalid { reason: "a shared secret has no pkcs#8" }),
            Private::Rsa(key) => key.to_pkcs8(),
            Private::Ec(key) => key.to_pkcs8(),
            Private::Ed25519(key) => key.to_pkcs8(),
        }
    }

    /// The private key as PKCS#8 PEM (`PRIVATE KEY`), unencrypted: [`SigningKey::from_pem`] reads it
    /// back.
    ///
    /// # Errors
    /// As [`SigningKey::to_pkcs8_der`].
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, Error> {
        Ok(pem::write("PRIVATE KEY", &self.to_pkcs8_der()?))
    }

    /// The bytes of a shared secret.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for other keys (see [`SigningKey::to_pkcs8_der`]).
    pub fn to_secret(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &*self.private {
            Private::Hmac(key) => Ok(Zeroizing::new(key.secret().to_vec())),
            _ => Err(Error::KeyInvalid { reason: "only hmac keys are a secret" }),
        }
    }

    /// The private JWK with `kid` and `alg`: [`SigningKey::from_jwk`] reads it back to the same
    /// key, whatever its kind.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the library fails.
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, Error> {
        let mut json = JsonObject::new();
        match (&*self.private, self.verifying.public()) {
            (Private::Rsa(private), Public::Rsa(public)) => {
                json.plain("kty", "RSA");
                json.bytes("n", public.n());
                json.bytes("e", public.e());
                let names = ["d", "p", "q", "dp", "dq", "qi"];
                for (name, number) in names.into_iter().zip(private.private_numbers()?) {
                    json.bytes(name, &number);
                }
            }
            (Private::Ec(private), Public::Ec(public)) => {
                json.plain("kty", "EC");
                json.plain("crv", public.curve.name);
                json.bytes("x", public.x());
                json.bytes("y", public.y());
                json.bytes("d", &private.d()?);
            }
            (Private::Ed25519(private), Public::Ed25519(public)) => {
                json.plain("kty", "OKP");
                json.plain("crv", "Ed25519");
                json.bytes("x", public.bytes());
                json.bytes("d", &private.seed()?);
            }
            (Private::Hmac(key), _) => {
                json.plain("kty", "oct");
                json.bytes("k", key.secret());
            }
            _ => return Err(Error::Crypto),
        }
        json.plain("alg", self.algorithm().as_str());
        json.escaped("kid", self.kid());
        Ok(json.finish())
    }

    /// Signs the text so far and appends a dot and the signature in base64url.
    pub(crate) fn append_signature(&self, text: &mut String) -> Result<(), Error> {
        let message = text.as_bytes();
        match &*self.private {
            Private::Hmac(key) => append(key.sign(message).as_ref(), text),
            Private::Rsa(key) => append(&key.sign(message)?, text),
            Private::Ec(key) => append(key.sign(message)?.as_ref(), text),
            Private::Ed25519(key) => append(key.sign(message)?.as_ref(), text),
        }
        Ok(())
    }
}

fn append(signature: &[u8], text: &mut String) {
    text.push('.');
    base64::encode_into(signature, text);
}

/// Prints what identifies the key, never what it is.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// Writes secrets as JSON without leaving copies behind.
struct JsonObject {
    text: Zeroizing<String>,
}

impl JsonObject {
    fn new() -> Self {
        // More than the largest key needs (8192 bits), so the text is never moved.
        let mut text = Zeroizing::new(String::with_capacity(8 * 1024));
        text.push('{');
        Self { text }
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }

    fn plain(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
    }

    fn bytes(&mut self, name: &str, value: &[u8]) {
        let value = Zeroizing::new(base64::encode(value));
        self.plain(name, &value);
    }

    fn escaped(&mut self, name: &str, value: &str) {
        self.name(name);
        json::quote(value, &mut self.text);
    }

    fn finish(mut self) -> Zeroizing<String> {
        self.text.push('}');
        self.text
    }
}
