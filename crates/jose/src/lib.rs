//! Tokens, done strictly: JWS, JWT and JWK (RFC 7515, 7517, 7518, 7519, 8037, 8725, 9864).
//!
//! A JSON Web Token is three texts with dots between them: a header, claims (who somebody is, for
//! how long, for whom) and a signature over both. Whoever has the key believes the claims without
//! asking anybody. That is all there is to it, and everything depends on checking it completely:
//! the algorithm, the key, the signature, then issuer, audience and dates. Libraries that leave a
//! step to their users have been the source of most forgeries. Here it is one call, which cannot be
//! asked to do less by accident.
//!
//! # Example
//!
//! ```
//! use countersign_jose::{Algorithm, Audience, Issuer, Signer, SigningKey, Verifier};
//! use serde::Deserialize;
//!
//! #[derive(Debug, Deserialize)]
//! struct Access {
//!     sub: String,
//!     scope: String,
//! }
//!
//! # fn main() -> Result<(), countersign_jose::Error> {
//! // Who issues: a key, bound to one algorithm, and a signer that is kept.
//! let key = SigningKey::generate(Algorithm::Es256)?;
//! let signer = Signer::new(key.clone()).typ("at+jwt");
//!
//! // Who is called: the public half, and four decisions that have no default.
//! let verifier = Verifier::builder(
//!     key.verifying_key(),
//!     &[Algorithm::Es256],
//!     Issuer::one("https://issuer.example"),
//!     Audience::one("https://api.example"),
//! )
//! .typ(Some("at+jwt"))
//! .build()?;
//!
//! let now = 1_800_000_000;
//! let token = signer.sign(&serde_json::json!({
//!     "iss": "https://issuer.example", "aud": "https://api.example",
//!     "sub": "user-1", "scope": "reports:read", "iat": now, "exp": now + 900,
//! }))?;
//!
//! let access = verifier.verify_as::<Access>(&token, now)?.into_claims();
//! assert_eq!((&*access.sub, &*access.scope), ("user-1", "reports:read"));
//!
//! // Refusals say why, for the log; a quarter of an hour later the token has ended.
//! let refused = verifier.verify_as::<Access>(&token, now + 900).unwrap_err();
//! assert_eq!(refused.code().as_str(), "token_expired");
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go on
//!
//! - [`Verifier`] and [`Signer`] are the two verbs; [`CachedVerifier`] remembers what it has verified.
//! - [`SigningKey`], [`VerifyingKey`] and [`KeySet`]: made, read and written as PEM, DER and JWK.
//! - [`Verified`] has the [`Claims`], or your type, and the [`Header`]; [`Error`] and [`ErrorCode`] say
//!   what was wrong.
//! - To learn: [`guide::anatomy`], what a token is made of; [`guide::choosing`], which algorithm, key,
//!   claims and lifetime; [`guide::attacks`], what is refused and why.
//! - [`dangerous`]: all that skips a check, by name.
//!
//! # What holds
//!
//! - A key is for one algorithm from its import on (RFC 8725 section 3.1), and private members leave it
//!   only by methods that say `private`, `pkcs8` or `secret`.
//! - A [`Verifier`] cannot be made without deciding keys, algorithms, issuer and audience.
//! - A [`Verified`] comes out of a verifier and from nowhere else, so a function that asks for one
//!   cannot be called with claims that nobody checked.
//! - No input makes it panic, and none makes it allocate or compute more than its size allows.
//! - No I/O, no thread, no global state, and no clock: the time is an argument.
//!
//! What cannot be written:
//!
//! ```compile_fail,E0451
//! # let accepted = todo!();
//! let forged = countersign_jose::Verified { accepted, claims: "admin" };
//! ```
//!
//! ```compile_fail,E0061
//! # let key: countersign_jose::VerifyingKey = todo!();
//! let careless = countersign_jose::Verifier::builder(key, &[countersign_jose::Algorithm::Es256]);
//! ```
//!
//! ```compile_fail,E0277
//! # let key: countersign_jose::SigningKey = todo!();
//! let leaked = serde_json::to_string(&key);
//! ```
//!
//! # What is deliberately absent
//!
//! - **Encryption** (JWE, RFC 7516). A token of five parts is refused; what must be secret does not
//!   belong into a token.
//! - **The JSON serialization** (RFC 7515 section 7.2): several signatures and unprotected headers are
//!   questions that a token should not raise.
//! - **Detached and unencoded content** (RFC 7515 appendix F, RFC 7797): `b64` and every `crit` are
//!   refused. RFC 7797 section 7 forbids it for JWT.
//! - **`none`** (RFC 7518 section 3.6), keys inside of tokens (`jwk`, `x5c`) and links to keys (`jku`,
//!   `x5u`), nested tokens, compression.
//! - **Certificates**: a chain is not checked here, so none is believed.
//! - **Ed448, secp256k1, RSA of more than two primes**: no use that would pay for the code.
//! - **Fetching key sets**, and choosing the verifier of an issuer: that needs I/O and a policy.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod algorithm;
mod base64;
mod cache;
mod claims;
pub mod dangerous;
mod error;
mod from_claims;
pub mod guide;
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
pub use crate::from_claims::{Claim, ClaimText, FromClaims};
pub use crate::header::Header;
pub use crate::jwk::{Jwk, JwkSet};
pub use crate::key::{RsaSize, SigningKey, VerifyingKey};
pub use crate::key_set::KeySet;
pub use crate::registered::NumericDate;
pub use crate::sign::Signer;
pub use crate::validate::{Audience, Issuer, Leeway};
pub use crate::verify::{Keys, Verified, Verifier, VerifierBuilder};
