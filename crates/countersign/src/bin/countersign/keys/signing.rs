//! The key that signs.

use std::path::PathBuf;

use clap::Args;
use countersign_jose::{Algorithm, SigningKey};

use super::{
    material::{Material, Use},
    refused,
    source::{self, Text},
};
use crate::failure::Failure;

/// Where the key stands.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
#[command(next_help_heading = "Key (one of these)")]
pub(crate) struct SigningKeyArgs {
    /// The private key: PEM, DER or JWK; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The private key, PEM or JWK, in this variable
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// A shared secret (HMAC) in this file, less one line end
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A shared secret (HMAC) in this variable
    #[arg(long, value_name = "NAME")]
    secret_env: Option<String>,
}

impl SigningKeyArgs {
    /// Reads it.
    pub(crate) fn read(&self, algorithm: Option<Algorithm>) -> Result<SigningKey, Failure> {
        let algorithms = algorithm.as_slice();
        let (text, is_secret) = text(
            (self.key.as_ref(), self.key_env.as_ref()),
            (self.secret_file.as_ref(), self.secret_env.as_ref()),
        )?;
        let material = if is_secret {
            Material::secret(&text.bytes, algorithms)
        } else {
            Material::read(&text.bytes, Use::Algorithms(algorithms))
        };
        match material.map_err(|error| refused(&text.name, &error))? {
            Material::Private(key) => Ok(key),
            Material::Public(_) | Material::Set(_) => Err(Failure::input(format!(
                "{}: a public key signs nothing: give the private one (key_invalid)",
                text.name
            ))),
        }
    }

    /// Whether it stands on standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        source::is_stdin(self.key.as_ref()) || source::is_stdin(self.secret_file.as_ref())
    }
}

/// What the arguments name, and whether it is a bare secret.
pub(super) fn text(
    (key, key_env): (Option<&PathBuf>, Option<&String>),
    (secret_file, secret_env): (Option<&PathBuf>, Option<&String>),
) -> Result<(Text, bool), Failure> {
    match (key, key_env, secret_file, secret_env) {
        (Some(file), ..) => Ok((Text::of_file(file)?, false)),
        (_, Some(name), ..) => Ok((Text::of_variable(name)?, false)),
        (_, _, Some(file), _) => Ok((Text::of_file(file)?.without_line_end(), true)),
        (_, _, _, Some(name)) => Ok((Text::of_variable(name)?, true)),
        _ => Err(Failure::input("say where the key is, such as --key FILE")),
    }
}
