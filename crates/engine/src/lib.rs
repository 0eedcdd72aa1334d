//! What authentication means: accounts, sessions, key ring, limits, events.
//!
//! [`Engine`] is the whole of it; its operations stand in [`ops`], one a file. It knows no SQL (the
//! [`store`] traits are atomic intents) and no HTTP (its [`error`] table says which status a failure
//! has, and no more). Time and randomness are passed in.

pub mod accounts;
pub mod clients;
pub mod config;
mod engine;
pub mod error;
pub mod events;
mod follower;
pub mod ids;
pub mod imports;
mod issue;
pub mod keys;
pub mod limits;
pub mod master;
pub mod names;
pub mod ops;
pub mod passwords;
pub mod random;
pub mod refresh_token;
pub mod scopes;
pub mod sessions;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod users;

pub use self::{
    config::EngineConfig,
    engine::{Engine, OpenError, Parts},
    error::{Error, Result, code::ErrorCode},
    issue::{TokenResponse, check_custom_claims},
};
pub use countersign_guard as guard;
