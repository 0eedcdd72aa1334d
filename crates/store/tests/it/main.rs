//! The SQLite store: the suite that every store passes, and what is special about files.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

mod conformance;
mod files;
mod processes;
mod rotation;
