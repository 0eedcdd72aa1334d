//! The HTTP surface over an engine in memory. A test named after a line of a standard (`t1`: RFC
//! 6749, `w1`: RFC 6750, `v1`: RFC 7009, `i1`: RFC 7662, `m1`: RFC 8414) is that line.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

mod account;
mod admin;
mod bearer;
mod bodies;
mod contract;
mod fixture;
mod headers;
mod introspect;
mod login;
mod logout;
mod logs;
mod metadata;
mod openapi;
mod operations;
mod origin;
mod register;
mod revocations;
mod revoke;
mod token;
