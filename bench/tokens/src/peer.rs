//! jsonwebtoken, with its two backends side by side.

use std::sync::{
    LazyLock,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, bail};
use countersign_jose::{Algorithm, SigningKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, aws_lc, rust_crypto};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;

use crate::{AUDIENCE, Claims, ISSUER};

#[derive(Clone, Copy)]
pub(crate) enum Backend {
    AwsLc,
    RustCrypto,
}

impl Backend {
    pub(crate) const ALL: [Self; 2] = [Self::AwsLc, Self::RustCrypto];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AwsLc => "jsonwebtoken, aws_lc_rs",
            Self::RustCrypto => "jsonwebtoken, rust_crypto",
        }
    }

    /// The one that verifies this algorithm quicker.
    pub(crate) fn better(algorithm: Algorithm) -> Self {
        if algorithm.is_symmetric() { Self::RustCrypto } else { Self::AwsLc }
    }

    fn choose(self) {
        RUST_CRYPTO.store(matches!(self, Self::RustCrypto), Ordering::Relaxed);
    }
}

static RUST_CRYPTO: AtomicBool = AtomicBool::new(false);

fn chosen() -> &'static CryptoProvider {
    if RUST_CRYPTO.load(Ordering::Relaxed) {
        &rust_crypto::DEFAULT_PROVIDER
    } else {
        &aws_lc::DEFAULT_PROVIDER
    }
}

fn signer(
    algorithm: &jsonwebtoken::Algorithm,
    key: &EncodingKey,
) -> jsonwebtoken::errors::Result<Box<dyn JwtSigner>> {
    (chosen().signer_factory)(algorithm, key)
}

fn verifier(
    algorithm: &jsonwebtoken::Algorithm,
    key: &DecodingKey,
) -> jsonwebtoken::errors::Result<Box<dyn JwtVerifier>> {
    (chosen().verifier_factory)(algorithm, key)
}

/// Makes jsonwebtoken use the backend that is chosen last.
pub(crate) fn install() {
    static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        key_utils: aws_lc::DEFAULT_PROVIDER.key_utils.clone(),
    });
    let _ = PROVIDER.install_default();
}

pub(crate) struct Peer {
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Peer {
    pub(crate) fn new(key: &SigningKey) -> Result<Self> {
        let algorithm: jsonwebtoken::Algorithm = key.algorithm().as_str().parse()?;
        let private = || -> Result<Vec<u8>> {
            Ok(pem::encode(&pem::Pem::new("PRIVATE KEY", key.to_pkcs8_der()?.to_vec())).into())
        };
        let public = || -> Result<Vec<u8>> {
            Ok(pem::encode(&pem::Pem::new("PUBLIC KEY", key.verifying_key().to_der()?)).into())
        };
        let (encoding, decoding) = match algorithm {
            jsonwebtoken::Algorithm::HS256 => {
                let secret = key.to_secret()?;
                (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret))
            }
            jsonwebtoken::Algorithm::RS256 => {
                (EncodingKey::from_rsa_pem(&private()?)?, DecodingKey::from_rsa_pem(&public()?)?)
            }
            jsonwebtoken::Algorithm::ES256 => {
                (EncodingKey::from_ec_pem(&private()?)?, DecodingKey::from_ec_pem(&public()?)?)
            }
            jsonwebtoken::Algorithm::EdDSA => {
                (EncodingKey::from_ed_pem(&private()?)?, DecodingKey::from_ed_pem(&public()?)?)
            }
            other => bail!("{other:?} is not measured"),
        };
        let mut header = Header::new(algorithm);
        header.kid = Some(key.kid().to_owned());
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        Ok(Self { header, encoding, decoding, validation })
    }

    pub(crate) fn verify(&self, backend: Backend, token: &str) -> bool {
        self.claims::<Claims>(backend, token).is_some()
    }

    /// The claims of a good token.
    pub(crate) fn claims<T: DeserializeOwned>(&self, backend: Backend, token: &str) -> Option<T> {
        backend.choose();
        decode(token, &self.decoding, &self.validation).ok().map(|token| token.claims)
    }

    pub(crate) fn sign(&self, backend: Backend, claims: &Claims) -> bool {
        backend.choose();
        encode(&self.header, claims, &self.encoding).is_ok()
    }
}
