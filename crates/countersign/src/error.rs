//! Why Countersign does not open, and whose turn it is.

use countersign_engine::{self as engine, store::StoreError};

use crate::{ConfigError, MasterKeyError};

/// Why Countersign does not open. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting that must not be used, or that does not fit the database.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database cannot be opened, or is none.
    #[error("the database cannot be used: {problem}")]
    Database {
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// There is no database yet, where one must exist.
    #[error(
        "there is no database at {path}: make one with `countersign init`, or name it with --database"
    )]
    NoDatabase {
        /// Where it was looked for.
        path: String,
    },
    /// Something that must not happen.
    #[error("{0}")]
    Internal(String),
}

/// Whose turn it is after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The input must be changed.
    Input,
    /// The machine or the program failed.
    Ours,
}

impl OpenError {
    /// Whose turn it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Internal(_) => Fault::Ours,
            _ => Fault::Input,
        }
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        // What the driver says is enough; the variants' own words would only repeat it.
        let problem = match error {
            StoreError::Unavailable { reason, .. } | StoreError::Corrupt { reason } => {
                reason.clone()
            }
            other => other.to_string(),
        };
        let problem = problem.replace("the store is unavailable: ", "");
        // The file must not be probed by opening it: closing it would drop SQLite's locks on it.
        let refused = ["readonly", "cannot be written", "ermission denied", "unable to open"];
        let mend = refused
            .iter()
            .any(|word| problem.contains(word))
            .then_some(": this process must be able to read and write the file and its folder");
        Self::Database { problem: format!("{problem}{}", mend.unwrap_or_default()) }
    }
}

impl From<engine::OpenError> for OpenError {
    fn from(error: engine::OpenError) -> Self {
        match error {
            engine::OpenError::Config(invalid) => Self::Config(invalid.into()),
            engine::OpenError::Engine(engine::Error::Store(error)) => Self::store(&error),
            other => Self::Internal(other.to_string()),
        }
    }
}
