//! What a token is made of, on the first example of the RFC.
//!
//! This is the token of RFC 7515 appendix A.1, which RFC 7519 section 3.1 explains too:
//!
//! ```text
//! eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9
//! .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ
//! .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
//! ```
//!
//! Each part is base64url, which is a spelling and not a cipher: anybody reads the first two.
//!
//! ```
//! use countersign_jose::{Algorithm, Audience, Issuer, Verifier, VerifyingKey, dangerous};
//!
//! # fn main() -> Result<(), countersign_jose::Error> {
//! # let token = concat!(
//! #     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
//! #     ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
//! #     ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
//! # );
//! let header = dangerous::decode_header_unverified(token)?;
//! assert_eq!(header.raw_json(), "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
//!
//! let claims = dangerous::decode_claims_unverified(token)?;
//! assert_eq!(claims.iss(), Some("joe"));
//! assert_eq!(claims.exp().map(|date| date.seconds()), Some(1_300_819_380));
//!
//! // So far anybody can have written it. The third part is a MAC over the first two, as they stand
//! // there, with the dot between them: nothing is decoded, sorted or written again before.
//! let jwk = br#"{"kty":"oct",
//!     "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
//! let key = VerifyingKey::from_jwk(jwk, Some(Algorithm::Hs256))?;
//! let verifier =
//!     Verifier::builder(key, &[Algorithm::Hs256], Issuer::one("joe"), Audience::none()).build()?;
//!
//! // It ends on 2011-03-22 at 18:43, and up to then it was good.
//! let verified = verifier.verify(token, 1_300_819_379)?;
//! assert_eq!(verified.claims().get("http://example.com/is_root")?, Some(true));
//! assert!(verifier.verify(token, 1_300_819_380).is_err());
//!
//! // `jod` instead of `joe`, and it is the signature of something else.
//! let changed = token.replace("Jqb2Ui", "Jqb2Qi");
//! let refused = verifier.verify(changed, 1_300_819_379).unwrap_err();
//! assert_eq!(refused.code().as_str(), "signature_invalid");
//! # Ok(())
//! # }
//! ```
//!
//! # Header
//!
//! How the signature was made (RFC 7515 section 4). `alg` names the algorithm, `kid` the key, `typ` the
//! kind of token. It is signed too, but it is what a verifier reads *before* it can check that, so it
//! may only choose among what the verifier has decided to accept.
//!
//! # Claims
//!
//! What is said, as one JSON object (RFC 7519 section 4). Seven names have a meaning everywhere: `iss`
//! who says it, `sub` of whom, `aud` to whom, `exp` until when, `nbf` from when, `iat` since when, and
//! `jti`, an id of this token. Dates are seconds since 1970, as numbers. All other names are between
//! issuer and audience.
//!
//! # Signature
//!
//! With a secret (HMAC) whoever checks can also sign. With a key pair only the private half signs, and
//! the public half can be given to everybody; issuers publish it as a JWK set (RFC 7517 section 5,
//! [`KeySet::from_jwks`](crate::KeySet::from_jwks)).
//!
//! # Two names for one thing
//!
//! The container is a JWS (RFC 7515), whatever is in it; a JWS whose payload is claims is a JWT
//! (RFC 7519). The family with algorithms (RFC 7518) and keys (RFC 7517) is called JOSE.
