//! The process tests of the `countersign` command: one binary, one module a subject. Everything runs
//! the real program, on port 0 and in a folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they expect by panicking"
)]

mod server;
