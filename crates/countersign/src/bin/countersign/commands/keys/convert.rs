//! `countersign keys convert`

use std::path::PathBuf;

use clap::Args;
use countersign_jose::{Algorithm, SigningKey, VerifyingKey};

use crate::{
    failure::Failure,
    keys::{
        algorithms,
        format::Format,
        material::{Material, Use},
        new_file::{NewFile, Readers},
        refused,
        source::Text,
    },
    tokens::input::STDIN,
};

/// Write a key in another form. What is private leaves only with --private.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign keys convert private.jwk --to pem                 the public key, to standard output
  countersign keys convert private.pem --to jwks --out jwks.json --algorithm RS256
  countersign keys convert private.jwk --to pem --private --out private.pem
  vault read -field=key jwt | countersign keys convert - --to jwk

Read are PEM (PKCS#8, PKCS#1, SEC1, SubjectPublicKeyInfo), DER and JWK, none of them encrypted.")]
pub(crate) struct Convert {
    /// The key; `-` reads it from standard input
    file: PathBuf,
    /// The form to write
    #[arg(long, value_name = "FORMAT")]
    to: Format,
    /// Write the public key (this is the default)
    #[arg(long, conflicts_with = "private")]
    public: bool,
    /// Write the private key, or the shared secret
    #[arg(long, requires = "out")]
    private: bool,
    /// A new file; `-` is standard output [default for a public key: -]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What the key is for, where it does not say so itself
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Option<String>,
    /// Another id (kid) than the key has
    #[arg(long, value_name = "KID")]
    kid: Option<String>,
}

impl Convert {
    pub(super) fn run(self) -> Result<(), Failure> {
        let algorithm = self.algorithm.as_deref().map(algorithms::named).transpose();
        let algorithm = algorithm.map_err(|error| refused("--algorithm", &error))?;
        let text = Text::of_file(&self.file)?;
        let material = Material::read(&text.bytes, self.wanted(algorithm.as_slice()));
        let material = material.map_err(|error| refused(&text.name, &error))?;
        let failed = |error| refused(&text.name, &error);
        let (bytes, readers) = if self.private {
            let key = self.private_key(material, &text.name)?;
            (self.to.private(&key).map_err(failed)?, Readers::Owner)
        } else {
            let key = self.public_key(material, &text.name)?;
            (self.to.public(&key).map_err(failed)?.into(), Readers::Everybody)
        };
        let out = self.out.unwrap_or_else(|| STDIN.into());
        let mut file = NewFile::make(&out, readers)?;
        file.write(&bytes)?;
        file.keep();
        Ok(())
    }

    fn wanted<'a>(&self, algorithms: &'a [Algorithm]) -> Use<'a> {
        if algorithms.is_empty() && !self.to.names_algorithm() {
            Use::Rewriting
        } else {
            Use::Algorithms(algorithms)
        }
    }

    fn private_key(&self, material: Material, name: &str) -> Result<SigningKey, Failure> {
        match (material, &self.kid) {
            (Material::Private(key), Some(kid)) => Ok(key.with_kid(kid)),
            (Material::Private(key), None) => Ok(key),
            _ => {
                Err(Failure::input(format!("{name}: there is no private key in it (key_invalid)")))
            }
        }
    }

    fn public_key(&self, material: Material, name: &str) -> Result<VerifyingKey, Failure> {
        let key = match material {
            Material::Private(key) if key.algorithm().is_symmetric() => {
                return Err(Failure::input(format!(
                    "{name}: a shared secret has no public half; --private writes the secret \
                     (key_invalid)"
                )));
            }
            Material::Private(key) => key.verifying_key(),
            Material::Public(key) => key,
            Material::Set(_) => {
                return Err(Failure::input(format!("{name}: it is a set; give one key")));
            }
        };
        Ok(match &self.kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        })
    }
}
