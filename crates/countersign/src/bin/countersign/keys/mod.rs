//! Keys as files, variables and addresses hold them: reading PEM, DER, JWK and JWKS, telling them
//! apart, and writing them. What is secret is wiped from memory, and never stands in a message.

pub(crate) mod algorithms;
mod fetch;
mod form;
pub(crate) mod format;
pub(crate) mod material;
pub(crate) mod new_file;
pub(crate) mod signing;
pub(crate) mod source;
pub(crate) mod verifying;

use countersign_jose::Error;

use crate::failure::Failure;

/// A key or a setting was refused, and this is its code.
pub(crate) fn refused(what: &str, error: &Error) -> Failure {
    Failure::input(format!("{what}: {error} ({})", error.code()))
}
