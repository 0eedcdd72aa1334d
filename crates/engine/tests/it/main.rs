//! The engine: its store contracts, its decisions, its operations.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

mod architecture;
mod conformance;
mod error_table;
mod ops;
mod planted_faults;
mod sessions;
