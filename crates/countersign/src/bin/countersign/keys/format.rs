//! Writing a key.

use std::path::Path;

use clap::ValueEnum;
use countersign_jose::{Error, KeySet, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

/// How a key is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    // RFC 7517 4: the one form that has algorithm and id with it.
    Jwk,
    // RFC 7517 5: a set of one public key, as it is published.
    Jwks,
    // RFC 7468: PKCS#8, or SubjectPublicKeyInfo for a public key.
    Pem,
    // The same as bytes.
    Der,
}

impl Format {
    /// The one that a file's name says.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "jwk" | "json" => Some(Self::Jwk),
            "jwks" => Some(Self::Jwks),
            "pem" => Some(Self::Pem),
            "der" => Some(Self::Der),
            _ => None,
        }
    }

    /// Whether algorithm and key id stand in it.
    pub(crate) const fn names_algorithm(self) -> bool {
        matches!(self, Self::Jwk | Self::Jwks)
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for a shared secret, which has no public form.
    pub(crate) fn public(self, key: &VerifyingKey) -> Result<Vec<u8>, Error> {
        let json = |text: serde_json::Result<String>| {
            text.map(|text| line(text).into_bytes()).map_err(|_| Error::NotSerializable)
        };
        match self {
            Self::Jwk => json(serde_json::to_string(&key.to_jwk()?)),
            Self::Jwks => {
                key.to_jwk()?;
                json(serde_json::to_string(&KeySet::new(vec![key.clone()])?.to_jwks()))
            }
            Self::Pem => key.to_pem().map(String::into_bytes),
            Self::Der => key.to_der(),
        }
    }

    /// The private key, or the shared secret.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] for a form in which such a key is not written.
    pub(crate) fn private(self, key: &SigningKey) -> Result<Zeroizing<Vec<u8>>, Error> {
        match self {
            Self::Jwk => {
                let jwk = key.to_private_jwk()?;
                let mut bytes = Zeroizing::new(Vec::with_capacity(jwk.len() + 1));
                bytes.extend_from_slice(jwk.as_bytes());
                bytes.push(b'\n');
                Ok(bytes)
            }
            Self::Jwks => Err(Error::KeyInvalid {
                reason: "a set is published: no private key is written into one",
            }),
            Self::Pem | Self::Der if key.algorithm().is_symmetric() => {
                Err(Error::KeyInvalid { reason: "a shared secret is written as jwk only" })
            }
            Self::Pem => Ok(Zeroizing::new(key.to_pkcs8_pem()?.as_bytes().to_vec())),
            Self::Der => key.to_pkcs8_der(),
        }
    }
}

fn line(mut text: String) -> String {
    text.push('\n');
    text
}
