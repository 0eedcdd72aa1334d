//! The configuration: gathered from a file, the environment and arguments, parsed once, valid from
//! then on.
//!
//! [`Settings`] gathers, the later source winning, and remembers where each value came from;
//! [`Settings::build`] gives the [`Config`]. What settings there are stands in one table,
//! `settings.rs`: the file's keys, the variables and `--set` all come from it.

mod build;
mod draft;
mod environment;
mod explain;
mod file;
mod gather;
mod settings;
mod value;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use countersign_engine::{EngineConfig, config::InvalidConfig};
use countersign_http::{HttpConfig, InvalidHttpConfig};
use secrecy::SecretString;

pub use self::{
    explain::{Explained, Origin},
    gather::Settings,
    value::parse_duration,
};
use crate::DatabaseUrl;

/// Everything that Countersign is configured with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The database.
    pub database: DatabaseUrl,
    /// Where the master key is.
    pub master_key: MasterKeySource,
    /// The engine's part.
    pub engine: EngineConfig,
    /// The routes' part.
    pub http: HttpConfig,
    /// What only `countersign serve` needs.
    pub server: ServerConfig,
}

impl Config {
    /// The defaults for this database, issuer and audiences.
    ///
    /// # Errors
    /// [`ConfigError`] says which of them must not be used, and what to do.
    pub fn new(database: &str, issuer: &str, audiences: &[&str]) -> Result<Self, ConfigError> {
        let mut settings = Settings::new();
        settings.set("database_url", database, Origin::Code)?;
        settings.set("issuer", issuer, Origin::Code)?;
        settings.set_list("audience", audiences, Origin::Code)?;
        settings.build()
    }
}

/// Where the master key is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum MasterKeySource {
    /// In the file beside the database (`<database>.key`), made with a new database.
    #[default]
    BesideDatabase,
    /// In this file, made with a new database.
    File(PathBuf),
    /// Here, as `COUNTERSIGN_MASTER_KEY` has it.
    Text(SecretString),
}

/// What only `countersign serve` needs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The certificate chain and the private key, both PEM.
    pub tls: Option<TlsFiles>,
    /// Plain HTTP off loopback is wanted.
    pub insecure_http: bool,
    /// So many connections at once; more wait in the system's queue.
    pub max_connections: usize,
    /// For so long `/readyz` says no before connections are closed.
    pub drain_pause: Duration,
    /// How logs are written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_level: String,
}

/// Where the certificate is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate chain, PEM, the server's own first.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogFormat {
    /// One line each, for people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// A setting that must not be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    /// Where it was written, as far as that is known.
    pub place: Option<String>,
    /// What is wrong with which setting, and what to do.
    pub problem: String,
}

impl ConfigError {
    /// A problem that no single place has.
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { place: None, problem: problem.into() }
    }

    pub(crate) fn at(place: impl fmt::Display, problem: impl Into<String>) -> Self {
        Self { place: Some(place.to_string()), problem: problem.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(formatter, "{place}: {}", self.problem),
            None => formatter.write_str(&self.problem),
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<InvalidConfig> for ConfigError {
    fn from(error: InvalidConfig) -> Self {
        let mend = error.mend.trim_end_matches('.');
        Self::new(format!("{}: {}. {mend}.", error.setting, error.problem))
    }
}

impl From<InvalidHttpConfig> for ConfigError {
    fn from(error: InvalidHttpConfig) -> Self {
        Self::new(error.to_string())
    }
}
