//! The keys that verify.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_jose::{Algorithm, Error, Keys};

use super::{
    fetch::fetch,
    material::{Material, Use},
    refused, signing,
    source::{self, Text},
};
use crate::failure::Failure;

/// Where the keys stand.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
#[command(next_help_heading = "Key (one of these)")]
pub(crate) struct VerifyingKeyArgs {
    /// The key: PEM, DER, JWK or JWKS; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The issuer's key set: a file, or an https address, from which it is fetched once
    #[arg(long, value_name = "FILE|URL")]
    jwks: Option<String>,
    /// The key, PEM, JWK or JWKS, in this variable
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// A shared secret (HMAC) in this file, less one line end
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A shared secret (HMAC) in this variable
    #[arg(long, value_name = "NAME")]
    secret_env: Option<String>,
}

/// Keys that tokens are checked with.
#[derive(Debug)]
pub(crate) struct Trusted(Material);

impl VerifyingKeyArgs {
    /// Reads them, for these algorithms or, when there are none, for those that the keys are for.
    pub(crate) async fn read(&self, algorithms: &[Algorithm]) -> Result<Trusted, Failure> {
        let (text, material) = match self.jwks.as_deref() {
            Some(place) => {
                let text = set(place).await?;
                let material = Material::read_set(&text.bytes, algorithms);
                (text, material)
            }
            None => self.local(algorithms)?,
        };
        let material = material.map_err(|error| refused(&text.name, &error))?;
        if matches!(&material, Material::Set(set) if set.is_empty()) {
            let name = text.name;
            let problem = "there is no key for signatures in the set (key_not_found)";
            return Err(Failure::input(format!("{name}: {problem}")));
        }
        Ok(Trusted(material))
    }

    fn local(&self, algorithms: &[Algorithm]) -> Result<(Text, Result<Material, Error>), Failure> {
        let (text, is_secret) = signing::text(
            (self.key.as_ref(), self.key_env.as_ref()),
            (self.secret_file.as_ref(), self.secret_env.as_ref()),
        )?;
        let material = if is_secret {
            Material::secret(&text.bytes, algorithms)
        } else {
            Material::read(&text.bytes, Use::Algorithms(algorithms))
        };
        Ok((text, material))
    }

    /// Whether they stand on standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        let jwks = self.jwks.as_ref().map(PathBuf::from);
        let files = [&self.key, &jwks, &self.secret_file];
        files.into_iter().any(|file| source::is_stdin(file.as_ref()))
    }
}

async fn set(place: &str) -> Result<Text, Failure> {
    if place.starts_with("https://") || place.starts_with("http://") {
        fetch(place).await
    } else {
        Text::of_file(Path::new(place))
    }
}

impl Trusted {
    /// The algorithms that the keys are for, each once.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = Vec::new();
        let keys: Vec<_> = match &self.0 {
            Material::Private(key) => vec![key.algorithm()],
            Material::Public(key) => vec![key.algorithm()],
            Material::Set(set) => set.iter().map(|key| key.algorithm()).collect(),
        };
        for algorithm in keys {
            // Both names of Ed25519 are for the same key (RFC 9864).
            let names = match algorithm {
                Algorithm::EdDsa | Algorithm::Ed25519 => vec![Algorithm::EdDsa, Algorithm::Ed25519],
                other => vec![other],
            };
            for name in names {
                if !algorithms.contains(&name) {
                    algorithms.push(name);
                }
            }
        }
        algorithms
    }

    /// The ids of the keys.
    pub(crate) fn kids(&self) -> Vec<String> {
        match &self.0 {
            Material::Private(key) => vec![key.kid().to_owned()],
            Material::Public(key) => vec![key.kid().to_owned()],
            Material::Set(set) => set.iter().map(|key| key.kid().to_owned()).collect(),
        }
    }

    /// The keys themselves; of a private key the public half.
    pub(crate) fn into_keys(self) -> Keys {
        match self.0 {
            Material::Private(key) => key.verifying_key().into(),
            Material::Public(key) => key.into(),
            Material::Set(set) => set.into(),
        }
    }
}
