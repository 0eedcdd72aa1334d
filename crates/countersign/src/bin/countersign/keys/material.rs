//! Reading one key, or a set of them, in whatever form it is written.

use countersign_jose::{Algorithm, Error, KeySet, SigningKey, VerifyingKey};
use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use super::form::{self, Form, Members, Serves};

const NO_KEY: Error =
    Error::KeyInvalid { reason: "it is neither pem nor der, neither jwk nor jwks" };
const UNKNOWN_KIND: Error = Error::KeyInvalid {
    reason: "it is of a kind that no algorithm here is for: rsa, ec on p-256, p-384 or p-521, and \
             ed25519 are",
};
const NO_ALGORITHM: Error = Error::KeyInvalid {
    reason: "an rsa key serves six algorithms: say which one it is for, such as --algorithm RS256",
};

/// Labels of PEM that is no key, or none that can be looked into.
const NO_KEYS: [&str; 3] = ["ENCRYPTED", "CERTIFICATE", "OPENSSH"];

/// What was read.
#[derive(Debug)]
pub(crate) enum Material {
    /// A private key or a shared secret.
    Private(SigningKey),
    /// A public key, or a secret that only verifies.
    Public(VerifyingKey),
    /// A set of public keys.
    Set(KeySet),
}

/// For what a key is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use<'a> {
    /// For one of these algorithms; for the key's own when the list is empty.
    Algorithms(&'a [Algorithm]),
    /// To be written in a form that names no algorithm.
    Rewriting,
}

impl Material {
    /// Reads a key.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] says what is wrong with it.
    pub(crate) fn read(bytes: &[u8], wanted: Use<'_>) -> Result<Self, Error> {
        match form::of(bytes).ok_or(NO_KEY)? {
            Form::JwkSet => Self::read_set(
                bytes,
                match wanted {
                    Use::Algorithms(algorithms) => algorithms,
                    Use::Rewriting => &[],
                },
            ),
            Form::Jwk => only(wanted, |algorithm| {
                let read = jwk(bytes, algorithm);
                // An RSA key need not say its algorithm when it is only written down again.
                let again = matches!((&read, wanted), (Err(_), Use::Rewriting));
                if again { jwk(bytes, Some(Algorithm::Rs256)).or(read) } else { read }
            }),
            Form::Pem => {
                let text = std::str::from_utf8(bytes).map_err(|_| NO_KEY)?;
                let der = first_section(text);
                only(wanted, |algorithm| {
                    pem(text, der.as_ref().map(|der| der.as_slice()), algorithm, wanted)
                })
            }
            Form::Der => only(wanted, |algorithm| {
                let algorithm = decided(algorithm, Some(bytes), wanted)?;
                if form::is_private(bytes) {
                    SigningKey::from_der(bytes, algorithm).map(Self::Private)
                } else {
                    VerifyingKey::from_der(bytes, algorithm).map(Self::Public)
                }
            }),
        }
    }

    /// Reads a published set, and nothing else: a key that is private has been given away.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] says what is wrong with it.
    pub(crate) fn read_set(bytes: &[u8], algorithms: &[Algorithm]) -> Result<Self, Error> {
        // An RSA key that does not say its algorithm is taken for RS256, as most are.
        let rsa = if algorithms.is_empty() { &[Algorithm::Rs256] } else { algorithms };
        KeySet::from_jwks_for(bytes, rsa).map(Self::Set)
    }

    /// Takes a shared secret.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is none, or when it is not said for which algorithm it is.
    pub(crate) fn secret(bytes: &[u8], algorithms: &[Algorithm]) -> Result<Self, Error> {
        const NAME: Error = Error::KeyInvalid {
            reason: "a secret serves three algorithms: say which one it is for, such as \
                     --algorithm HS256",
        };
        only(Use::Algorithms(algorithms), |algorithm| {
            SigningKey::from_secret(bytes, algorithm.ok_or(NAME)?).map(Self::Private)
        })
    }
}

/// Reads the key for the one algorithm of the list that it fits; a key is for one (RFC 8725 3.1).
fn only(
    wanted: Use<'_>,
    read: impl Fn(Option<Algorithm>) -> Result<Material, Error>,
) -> Result<Material, Error> {
    let (first, others) = match wanted {
        Use::Algorithms([first, others @ ..]) => (first, others),
        Use::Algorithms([]) | Use::Rewriting => return read(None),
    };
    let mut found = read(Some(*first));
    let mut fitting = found.is_ok().then_some(*first);
    for other in others {
        let Ok(material) = read(Some(*other)) else { continue };
        match fitting {
            None => (found, fitting) = (Ok(material), Some(*other)),
            Some(fitting) if super::algorithms::are_one(fitting, *other) => {}
            Some(_) => {
                return Err(Error::ConfigInvalid {
                    reason: "one key is for one algorithm: name one, or give a jwks",
                });
            }
        }
    }
    found
}

fn jwk(bytes: &[u8], algorithm: Option<Algorithm>) -> Result<Material, Error> {
    let public = || VerifyingKey::from_jwk(bytes, algorithm).map(Material::Public);
    if !Members::of(bytes).is_private {
        return public();
    }
    // A secret may be for verifying only (`key_ops`); a private key is never taken for a public one.
    let private = SigningKey::from_jwk(bytes, algorithm).map(Material::Private);
    private.or_else(|refusal| public().map_err(|_| refusal))
}

fn pem(
    text: &str,
    der: Option<&[u8]>,
    algorithm: Option<Algorithm>,
    wanted: Use<'_>,
) -> Result<Material, Error> {
    let algorithm = match decided(algorithm, der, wanted) {
        // What is encrypted or no key shows no algorithm; the reader says what it is.
        Err(_) if NO_KEYS.iter().any(|label| text.contains(label)) => Algorithm::Rs256,
        decided => decided?,
    };
    if text.contains("PRIVATE KEY-----") {
        SigningKey::from_pem(text, algorithm).map(Material::Private)
    } else {
        VerifyingKey::from_pem(text, algorithm).map(Material::Public)
    }
}

/// The DER of the first key of the text; the reader of keys is stricter.
fn first_section(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes());
    sections.find_map(|section| section.ok().map(|(_, der)| Zeroizing::new(der)))
}

/// The algorithm that was named, the only one that the key fits, or none that matters.
fn decided(
    named: Option<Algorithm>,
    der: Option<&[u8]>,
    wanted: Use<'_>,
) -> Result<Algorithm, Error> {
    // What cannot be taken apart here is left to the reader of the named algorithm.
    let serves = der.map_or(Serves::Rsa, form::serves);
    match (named, serves, wanted) {
        (Some(algorithm), ..) | (None, Serves::One(algorithm), _) => Ok(algorithm),
        (None, Serves::Rsa, Use::Rewriting) => Ok(Algorithm::Rs256),
        (None, Serves::Rsa, Use::Algorithms(_)) => Err(NO_ALGORITHM),
        (None, Serves::Nothing, _) => Err(UNKNOWN_KIND),
    }
}
