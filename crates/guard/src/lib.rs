//! The door: verifies an access token and its revocation, in memory.
//!
//! A [`Guard`] is a verifier and a [`RevocationView`](revocation::RevocationView). Checking takes no
//! lock and does no I/O. What feeds it (keys, revocations) is somebody else's: the engine in the same
//! process, or a follower of a remote server.
//!
//! Features, all off by default: `tower` (a layer that guards a service), `axum` (an extractor).
//! This crate knows no accounts, no SQL, and outside those features no HTTP types.

mod access;
#[cfg(feature = "axum")]
pub mod axum;
pub mod claims;
mod entries;
pub mod error;
mod guard;
mod presented;
mod principal;
pub mod revocation;
pub mod time;
#[cfg(feature = "tower")]
pub mod tower;

pub use self::{
    error::{Error, code::ErrorCode},
    guard::{FailMode, Guard, Policy},
    presented::{Presented, Scheme},
    principal::Principal,
};
