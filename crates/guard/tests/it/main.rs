//! The guard's tests.

mod revocation;
