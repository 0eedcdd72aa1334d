//! The guard's tests.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

mod guard;
#[cfg(feature = "axum")]
mod layer;
mod revocation;
mod world;
