//! The commands, one a file.

mod clients;
mod config;
mod dev;
mod doctor;
mod init;
mod keys;
mod migrate;
mod openapi;
mod password;
mod serve;
mod sessions;
mod token;
mod users;

use clap::Subcommand;

use crate::{failure::Failure, logging};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the authentication server
    Serve(serve::Serve),
    /// Make the database, its master key file and the signing keys
    Init(init::Init),
    /// Add, list and change users
    Users(users::Users),
    /// Register services and applications
    Clients(clients::Clients),
    /// List and end sessions
    Sessions(sessions::Sessions),
    /// List, rotate and revoke signing keys; make and convert keys as files
    Keys(keys::Keys),
    /// Read, check and make tokens (JWT)
    Token(token::Token),
    /// Bring the database's schema to this version
    Migrate(migrate::Migrate),
    /// Print the OpenAPI document
    Openapi(openapi::OpenApi),
    /// Check the configuration, or explain it
    Config(config::Config),
    /// Find what is wrong with a deployment, Python code, or a token
    Doctor(doctor::Doctor),
}

impl Command {
    /// Runs it to its end.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if !matches!(self, Self::Serve(_)) {
            logging::start_quiet();
        }
        match self {
            Self::Serve(command) => command.run().await,
            Self::Init(command) => command.run().await,
            Self::Users(command) => command.run().await,
            Self::Clients(command) => command.run().await,
            Self::Sessions(command) => command.run().await,
            Self::Keys(command) => command.run().await,
            Self::Token(command) => command.run().await,
            Self::Migrate(command) => command.run().await,
            Self::Openapi(command) => command.run(),
            Self::Config(command) => command.run(),
            Self::Doctor(command) => command.run().await,
        }
    }
}
