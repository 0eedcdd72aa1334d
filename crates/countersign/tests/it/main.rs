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

mod admin;
mod answers;
mod bad_input;
mod cli;
mod configuration;
mod contention;
mod crash;
mod dev;
mod disk;
mod doctor;
mod error_table;
mod import;
mod key_file;
mod key_files;
mod login;
mod pitfalls;
mod probe;
mod processes;
mod revocation;
mod rotation;
mod secrets;
mod server;
mod serving;
mod standards;
mod start_errors;
mod story;
mod tls;
mod token;
