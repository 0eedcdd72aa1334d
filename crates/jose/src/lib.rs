//! Tokens, done strictly: JWS, JWT and JWK (RFC 7515, 7517, 7518, 7519, 8037, 8725).
//!
//! Two verbs, [`Signer::sign`] and [`Verifier::verify`]. A key is bound to one algorithm when it is
//! imported; a verifier cannot be made without saying which algorithms, issuer and audience it
//! accepts; the claims of a token cannot be had without its signature and claims being checked.
//! What skips a check stands in [`dangerous`].
//!
//! This crate does no I/O, starts nothing and reads no clock: the time comes in as an argument.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod algorithm;
mod base64;
mod cache;
mod claims;
pub mod dangerous;
mod error;
mod header;
mod json;
mod jwk;
mod key;
mod key_set;
mod registered;
mod sign;
mod validate;
mod verify;

pub use crate::algorithm::Algorithm;
pub use crate::cache::CachedVerifier;
pub use crate::claims::Claims;
pub use crate::error::{Error, ErrorCode, JsonFault};
pub use crate::header::Header;
pub use crate::jwk::{Jwk, JwkSet};
pub use crate::key::{SigningKey, VerifyingKey};
pub use crate::key_set::KeySet;
pub use crate::registered::NumericDate;
pub use crate::sign::Signer;
pub use crate::validate::{Audience, Issuer, Leeway};
pub use crate::verify::{Keys, Verified, Verifier, VerifierBuilder};
