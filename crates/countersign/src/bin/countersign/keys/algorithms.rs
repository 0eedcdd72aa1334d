//! `--algorithm`: which algorithms are meant.

use clap::Args;
use countersign_jose::{Algorithm, Error};

/// The algorithms that are allowed.
#[derive(Args, Debug)]
pub(crate) struct AlgorithmArgs {
    /// The algorithm, such as ES256; may be repeated [default: what the key is for]
    #[arg(long, value_name = "ALGORITHM", value_delimiter = ',')]
    algorithm: Vec<String>,
}

impl AlgorithmArgs {
    /// The named ones, each once; `None` when the key is to say it.
    ///
    /// # Errors
    /// [`Error::ConfigInvalid`] for a name that is none, and for a list without any.
    pub(crate) fn named(&self) -> Result<Option<Vec<Algorithm>>, Error> {
        if self.algorithm.is_empty() {
            return Ok(None);
        }
        let names = self.algorithm.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let mut algorithms = Vec::new();
        for name in names {
            let algorithm = named(name)?;
            if !algorithms.contains(&algorithm) {
                algorithms.push(algorithm);
            }
        }
        if algorithms.is_empty() {
            return Err(Error::ConfigInvalid {
                reason: "no algorithm is allowed: name at least one",
            });
        }
        Ok(Some(algorithms))
    }
}

/// The algorithm of this name.
pub(crate) fn named(name: &str) -> Result<Algorithm, Error> {
    Algorithm::from_name(name).ok_or(Error::ConfigInvalid {
        reason: "an unknown algorithm: there are HS256, HS384, HS512, RS256, RS384, RS512, PS256, \
                 PS384, PS512, ES256, ES384, ES512, EdDSA and Ed25519, written so",
    })
}

/// The two names of Ed25519 are one algorithm, for one key (RFC 9864).
pub(crate) fn are_one(left: Algorithm, right: Algorithm) -> bool {
    let ed25519 = |one| matches!(one, Algorithm::EdDsa | Algorithm::Ed25519);
    left == right || ed25519(left) && ed25519(right)
}
