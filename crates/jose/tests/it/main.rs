//! The integration tests of `countersign-jose`: one binary, one module a subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests say what they expect by panicking"
)]

mod advisories;
mod best_practices;
mod cache;
mod claims;
mod config;
mod corpus;
mod dangerous;
mod differential;
mod escaped_claims;
mod forged;
mod key_material;
mod keys;
mod mutation;
mod rfc;
mod round_trip;
mod support;
