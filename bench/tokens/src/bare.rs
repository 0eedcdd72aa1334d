//! The signature alone, with a prepared key: what no token library can do without.

use anyhow::{Context, Result, bail};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        RsaKeyPair, VerificationAlgorithm,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_jose::{Algorithm, SigningKey};

#[expect(clippy::large_enum_variant, reason = "there is one at a time, and no detour to it")]
pub(crate) enum Bare {
    Hmac(hmac::Key),
    Rsa(RsaKeyPair, ParsedPublicKey),
    Ec(EcdsaKeyPair, ParsedPublicKey),
    Ed25519(Ed25519KeyPair, ParsedPublicKey),
}

fn parsed(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &impl KeyPair,
) -> Result<ParsedPublicKey> {
    Ok(ParsedPublicKey::new(algorithm, key.public_key().as_ref())?)
}

impl Bare {
    pub(crate) fn new(key: &SigningKey) -> Result<Self> {
        Ok(match key.algorithm() {
            Algorithm::Hs256 => Self::Hmac(hmac::Key::new(hmac::HMAC_SHA256, &key.to_secret()?)),
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8_der()?)?;
                let public = parsed(&RSA_PKCS1_2048_8192_SHA256, &pair)?;
                Self::Rsa(pair, public)
            }
            Algorithm::Es256 => {
                let der = key.to_pkcs8_der()?;
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)?;
                let public = parsed(&ECDSA_P256_SHA256_FIXED, &pair)?;
                Self::Ec(pair, public)
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(&key.to_pkcs8_der()?)?;
                let public = parsed(&ED25519, &pair)?;
                Self::Ed25519(pair, public)
            }
            other => bail!("{other} is not measured"),
        })
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Rsa(_, key) | Self::Ec(_, key) | Self::Ed25519(_, key) => {
                key.verify_sig(message, signature).is_ok()
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> bool {
        let random = SystemRandom::new();
        match self {
            Self::Hmac(key) => hmac::sign(key, message).as_ref().len() == 32,
            Self::Rsa(key, _) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).is_ok()
            }
            Self::Ec(key, _) => key.sign(&random, message).is_ok(),
            Self::Ed25519(key, _) => key.sign(message).as_ref().len() == 64,
        }
    }
}

/// What is signed of a token, and the signature's bytes.
pub(crate) fn split(token: &str) -> Result<(&[u8], Vec<u8>)> {
    let (message, signature) = token.rsplit_once('.').context("no token")?;
    Ok((message.as_bytes(), URL_SAFE_NO_PAD.decode(signature)?))
}
