//! `countersign token sign`

use std::path::PathBuf;

use clap::Args;
use countersign_jose::{Signer, dangerous};

use crate::{
    failure::Failure,
    keys::{algorithms, refused, signing::SigningKeyArgs},
    output,
    tokens::{
        claims::{self, ClaimArgs},
        clock::Clock,
        input::STDIN,
    },
};

/// Make a token and print it, and nothing else.
#[derive(Args, Debug)]
#[command(override_usage = "\
countersign token sign <KEY> <EXPIRY> [OPTIONS]")]
#[command(after_help = "\
Examples:
  countersign token sign --key private.jwk --issuer https://auth.example.com --audience api \\
      --subject ada --expires-in 15m
  countersign token sign --key private.pem --typ at+jwt --expires-in 1h --claims-file claims.json \\
      --claim 'roles=[\"editor\"]' --claim department=sales
  JWT_SECRET=... countersign token sign --secret-env JWT_SECRET --algorithm HS256 --expires-in 60

`iat` (now) and `jti` (random) are added. The value of --claim is JSON, or else text.
A token that never expires is only signed with --no-expiry.")]
pub(crate) struct Sign {
    #[command(flatten)]
    key: SigningKeyArgs,
    /// The algorithm, where the key does not say it itself
    #[arg(long, value_name = "ALGORITHM", help_heading = "Header")]
    algorithm: Option<String>,
    /// The key's id in the header (kid) [default: the key's own, else its thumbprint]
    #[arg(long, value_name = "KID", help_heading = "Header")]
    kid: Option<String>,
    /// What kind of token it is, such as at+jwt
    #[arg(long, value_name = "TYPE", default_value = "JWT", help_heading = "Header")]
    typ: String,
    #[command(flatten)]
    claims: ClaimArgs,
    /// Sign as if it were this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = Clock::parse, help_heading = "Options")]
    at: Option<Clock>,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.key.is_stdin() && self.claims.claims_file == Some(PathBuf::from(STDIN)) {
            return Err(Failure::input("key and claims cannot both stand on standard input"));
        }
        let algorithm = self.algorithm.as_deref().map(algorithms::named).transpose();
        let algorithm = algorithm.map_err(|error| refused("--algorithm", &error))?;
        let key = self.key.read(algorithm)?;
        let claims = self.claims.claims(self.at.unwrap_or_default().now()?)?;
        let key = match self.kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        };
        let failed = |error| refused("the token cannot be signed", &error);
        let token = Signer::new(key).typ(self.typ).sign(&claims).map_err(failed)?;
        // What no verifier would take is not handed out: a wrong type, nesting, a size.
        claims::check(&dangerous::decode_claims_unverified(&token))?;
        output::line(&token)
    }
}
