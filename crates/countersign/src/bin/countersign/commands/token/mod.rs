//! `countersign token`

mod batch;
mod decode;
mod sign;
mod verify;

use clap::{Args, Subcommand};

use self::{decode::Decode, sign::Sign, verify::Verify};
use crate::failure::Failure;

/// Read, check and make tokens (JWT). No service and no database is needed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pbpaste | countersign token decode -
  countersign token verify \"$TOKEN\" --jwks https://auth.example.com/.well-known/jwks.json \\
      --issuer https://auth.example.com --audience api
  countersign token sign --key private.jwk --issuer https://auth.example.com --audience api \\
      --subject ada --expires-in 15m

A token is as good as a password until it expires: on the command line other users of the machine
may see it, so prefer standard input (-).")]
pub(crate) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what a token says and what each part means; nothing is verified
    Decode(Decode),
    /// Check tokens: signature, algorithm, issuer, audience, dates
    Verify(Verify),
    /// Make a token and print it
    Sign(Sign),
}

impl Token {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Decode(command) => command.run(),
            Action::Verify(command) => command.run().await,
            Action::Sign(command) => command.run(),
        }
    }
}
