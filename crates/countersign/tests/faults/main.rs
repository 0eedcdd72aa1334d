//! Faults and attacks that take long, or whose measure is time: `make faults` runs them, optimised
//! and one after the other. Everywhere else they are compiled and shown as ignored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they expect by panicking"
)]

mod login_timing;
mod memory;
#[path = "../it/probe.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod probe;
#[path = "../it/server.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod server;
mod slow_clients;
