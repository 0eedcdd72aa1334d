//! The guard's tests.

mod guard;
#[cfg(feature = "axum")]
mod layer;
mod revocation;
mod world;
