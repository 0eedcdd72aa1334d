//! `countersign keys generate`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_jose::{Algorithm, Error, RsaSize, SigningKey};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    keys::{
        algorithms,
        format::Format,
        new_file::{NewFile, Readers},
        refused,
    },
    output::{Output, printable},
};

/// Make a key. Nothing is ever overwritten.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign keys generate --out private.jwk --public-out public.jwks
  countersign keys generate --algorithm EdDSA --out private.pem --public-out public.pem
  countersign keys generate --algorithm PS256 --bits 3072 --out private.pem
  countersign keys generate --algorithm HS256 --out secret.jwk
  countersign keys generate --out - | systemd-creds encrypt - jwt.key

Algorithms: ES256 ES384 ES512 EdDSA Ed25519 RS256 RS384 RS512 PS256 PS384 PS512 HS256 HS384 HS512.
The id (kid) is the key's RFC 7638 thumbprint, unless you name one; only a JWK carries it.")]
pub(crate) struct Generate {
    /// What the key is for
    #[arg(long, value_name = "ALGORITHM", default_value = "ES256")]
    algorithm: String,
    /// The size of an RSA key [default: 2048, or 3072 with SHA-384 and SHA-512]
    #[arg(long, value_parser = rsa_size, value_name = "2048|3072|4096")]
    bits: Option<RsaSize>,
    /// The new file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How it is written [default: as the file's ending says, else jwk]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// A new file for the public key, in the form that its ending says, else the same
    #[arg(long, value_name = "FILE")]
    public_out: Option<PathBuf>,
    /// The key's id (kid)
    #[arg(long, value_name = "KID")]
    kid: Option<String>,
}

fn rsa_size(bits: &str) -> Result<RsaSize, &'static str> {
    bits.parse().ok().and_then(RsaSize::of).ok_or("an RSA key has 2048, 3072 or 4096 bits")
}

/// What was made.
#[derive(Serialize)]
struct Made<'a> {
    algorithm: &'a str,
    kid: &'a str,
    file: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_file: Option<&'a Path>,
}

/// The key as it goes into the files.
struct Written {
    private: Zeroizing<Vec<u8>>,
    public: Option<Vec<u8>>,
}

impl Generate {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let algorithm =
            algorithms::named(&self.algorithm).map_err(|error| refused("--algorithm", &error))?;
        let key = self.new_key(algorithm)?;
        let key = match &self.kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        };
        // Nothing is made before all of it is known to be possible.
        let written = self.written(&key).map_err(|error| refused("the key", &error))?;
        if self.write(&written)? { self.say(&key, output) } else { Ok(()) }
    }

    fn new_key(&self, algorithm: Algorithm) -> Result<SigningKey, Failure> {
        let key = match self.bits {
            None => SigningKey::generate(algorithm),
            Some(bits) => SigningKey::generate_rsa(algorithm, bits),
        };
        key.map_err(|error| match error {
            Error::KeyInvalid { .. } => refused("--bits", &error),
            other => Failure::ours(other),
        })
    }

    fn written(&self, key: &SigningKey) -> Result<Written, Error> {
        let format = self.format.or_else(|| Format::of_name(&self.out)).unwrap_or(Format::Jwk);
        let public =
            |path: &PathBuf| Format::of_name(path).unwrap_or(format).public(&key.verifying_key());
        let public = self.public_out.as_ref().map(public).transpose()?;
        Ok(Written { private: format.private(key)?, public })
    }

    /// Makes the files, all of them or none; says whether standard output is still free.
    fn write(&self, written: &Written) -> Result<bool, Failure> {
        let mut private = NewFile::make(&self.out, Readers::Owner)?;
        let make = |path: &PathBuf| NewFile::make(path, Readers::Everybody);
        let mut public = self.public_out.as_ref().map(make).transpose()?;
        let public_is_stdout = public.as_ref().is_some_and(NewFile::is_stdout);
        if private.is_stdout() && public_is_stdout {
            return Err(Failure::input("--out and --public-out are both standard output"));
        }
        private.write(&written.private)?;
        if let (Some(public), Some(bytes)) = (&mut public, &written.public) {
            public.write(bytes)?;
        }
        let is_free = !private.is_stdout() && !public_is_stdout;
        private.keep();
        if let Some(public) = public {
            public.keep();
        }
        Ok(is_free)
    }

    fn say(&self, key: &SigningKey, output: Output) -> Result<(), Failure> {
        let made = Made {
            algorithm: key.algorithm().as_str(),
            kid: key.kid(),
            file: &self.out,
            public_file: self.public_out.as_deref(),
        };
        let shown = |path: &Path| printable(&path.display().to_string());
        let public = match &self.public_out {
            Some(path) => format!(", its public half in {}", shown(path)),
            None => String::new(),
        };
        let (algorithm, file, kid) = (made.algorithm, shown(&self.out), printable(made.kid));
        let sentence = format!("made {algorithm} key {kid} in {file} (mode 0600){public}");
        output.done(&sentence, &made)
    }
}
