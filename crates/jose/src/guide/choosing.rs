//! Which algorithm, which key, which claims, which lifetime.
//!
//! # Algorithm
//!
//! The first question is who verifies.
//!
//! **Others than the signer** (several services, a browser's backend, partners): a signature, so that
//! those who verify cannot sign.
//!
//! | | signature | key | for whom |
//! |---|---|---|---|
//! | [`Es256`](crate::Algorithm::Es256) | 64 bytes | 65 bytes | **the default**: short, quick, known everywhere |
//! | [`Ed25519`](crate::Algorithm::Ed25519), [`EdDsa`](crate::Algorithm::EdDsa) | 64 bytes | 32 bytes | quickest to sign, no randomness needed; not every verifier knows it |
//! | [`Ps256`](crate::Algorithm::Ps256), [`Rs256`](crate::Algorithm::Rs256) | 256 bytes | 256 bytes and up | quickest to verify; RS256 is what old software expects |
//! | [`Es384`](crate::Algorithm::Es384), [`Es512`](crate::Algorithm::Es512) | 96, 132 bytes | 97, 133 bytes | where a rule demands that strength |
//!
//! `Ed25519` is the name of RFC 9864, `EdDSA` the older one (RFC 8037), and the keys are the same. A
//! verifier that lists both accepts both; one that lists one accepts one.
//!
//! **Nobody but the signer**: a MAC. [`Hs256`](crate::Algorithm::Hs256) is the quickest of all, and
//! everyone who can check it can forge it. When a second service wants to verify, do not share the
//! secret; change to a signature.
//!
//! Longer hashes (`384`, `512`) buy nothing against forgery today. Do not list algorithms that no key
//! of yours has, and never choose by what a token says ([`attacks`](super::attacks)).
//!
//! # Key
//!
//! Let it be made: [`SigningKey::generate`](crate::SigningKey::generate). A key is for one algorithm, and
//! that stands in its JWK. Its id is its thumbprint (RFC 7638) unless you give it another. Where a
//! rule asks for longer RSA keys there is [`SigningKey::generate_rsa`](crate::SigningKey::generate_rsa).
//!
//! ```
//! use countersign_jose::{Algorithm, KeySet, SigningKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = SigningKey::generate(Algorithm::Es256)?;
//!
//! // To keep it: the JWK says what it is for; PKCS#8 is what other programs read.
//! let kept = key.to_private_jwk()?;
//! assert_eq!(SigningKey::from_jwk(kept.as_bytes(), None)?.kid(), key.kid());
//! let pem = key.to_pkcs8_pem()?;
//! assert_eq!(SigningKey::from_pem(&pem, Algorithm::Es256)?.kid(), key.kid());
//!
//! // To publish it: what does not say `private`, `pkcs8` or `secret` is public.
//! let published = KeySet::new(vec![key.verifying_key()])?.to_jwks();
//! assert!(!serde_json::to_string(&published)?.contains("\"d\""));
//! # Ok(())
//! # }
//! ```
//!
//! To change a key without locking anybody out: publish the next one beside it, wait until every
//! verifier has the new set, sign with the new one, and take the old one away when its last token has
//! ended. A verifier never changes: make another with the new [`KeySet`](crate::KeySet).
//!
//! # Claims
//!
//! - `iss` and `aud`, always: who made it, for whom. With them a token for one service is none for
//!   another. The verifier demands both unless it was told otherwise, by name
//!   ([`Issuer::any`](crate::Issuer::any), [`Audience::any`](crate::Audience::any)).
//! - `sub`: an id that never changes and is never given again; not the name, not the address.
//! - `exp`, always; `iat`; `jti` where single tokens are to be revoked.
//! - `typ` in the header, another for each purpose: `at+jwt` for access tokens (RFC 9068).
//! - Nothing secret: a token is signed, not encrypted, and everybody who holds it can read it.
//!
//! # Lifetime
//!
//! As long as you can bear a stolen token to live: five to fifteen minutes for access tokens, with a
//! way to get the next one. Clocks differ: [`Leeway`](crate::Leeway) allows a minute for `nbf` and
//! `iat`, nothing for `exp`, and never more than five minutes.
//!
//! # What to do with a refusal
//!
//! Answer 401 `invalid_token` (RFC 6750 section 3.1) whatever was wrong, and log the
//! [`ErrorCode`](crate::ErrorCode). A client needs no more, and an attacker must not learn more.
