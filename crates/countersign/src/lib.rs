//! JWT authentication done properly once: the engine, its routes and its followers, wired together.
//!
//! [`Countersign::open`] is the whole of it. Every host uses it: the `countersign` command, an axum
//! application, and the Python package.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use countersign::{Config, Countersign};
//!
//! let config = Config::new("sqlite:///auth.db", "https://api.example.com", &["api"])?;
//! let auth = Countersign::open(config).await?;
//! let app: axum::Router = axum::Router::new().merge(auth.router()?);
//! # drop(app);
//! auth.close().await;
//! # Ok(())
//! # }
//! ```

pub mod config;
mod database_url;
mod error;
mod master_key_file;
mod open;

pub use countersign_engine as engine;
pub use countersign_guard as guard;
pub use countersign_http as http;

pub use self::{
    config::{Config, ConfigError, Settings},
    database_url::{DatabaseUrl, InvalidDatabaseUrl},
    error::{Fault, OpenError},
    master_key_file::{MasterKeyError, read_master_keys},
    open::{Countersign, migrate, stored_issuer},
};
