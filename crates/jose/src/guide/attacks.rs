//! Attacks on tokens, and what refuses them here.
//!
//! A verifier meets text that anybody may have written, and must believe none of it before the
//! signature is right. Almost every advisory about a JWT library comes from believing something
//! earlier. This page goes through the families. Each has tests named after the advisories
//! (`tests/it/advisories`), and RFC 8725 with its successor is tested line by line
//! (`tests/it/best_practices`).
//!
//! # The token chooses the algorithm
//!
//! The header's `alg` is written by whoever made the token. Libraries that asked it what to do were
//! told `none`, or were told `HS256` and computed a MAC with the RSA *public* key, which everybody has
//! (CVE-2015-9235, CVE-2016-10555, CVE-2024-33663, CVE-2026-22817, RFC 8725 section 2.1).
//!
//! Here a key has one algorithm from the moment it is imported, a verifier has a list of algorithms
//! that does not mix secrets with public keys, and the token's `alg` must agree with both. There is no
//! value for `none`:
//!
//! ```
//! use countersign_jose::{Algorithm, Audience, Issuer, SigningKey, Verifier};
//!
//! # fn main() -> Result<(), countersign_jose::Error> {
//! assert!(Algorithm::from_name("none").is_none());
//! assert!(Algorithm::from_name("hs256").is_none());
//!
//! let key = SigningKey::generate(Algorithm::Es256)?.verifying_key();
//! let both = [Algorithm::Es256, Algorithm::Hs256];
//! let mixed = Verifier::builder(key, &both, Issuer::one("https://a.example"), Audience::one("api"));
//! assert_eq!(mixed.build().unwrap_err().code().as_str(), "config_invalid");
//! # Ok(())
//! # }
//! ```
//!
//! # A public key is configured as the secret
//!
//! The same attack from the other side: somebody configures HMAC and gives it the file of a public key
//! (CVE-2017-11424, CVE-2022-29217, CVE-2026-48526). Checks of how the text begins were got around by
//! a space, a byte order mark, hexadecimal or bare DER. A secret that *is* a key or a certificate, in
//! PEM, DER, SSH's or PuTTY's form, as a JWK or as a point of a curve, raw, in hexadecimal or in
//! base64, is refused:
//!
//! ```
//! use countersign_jose::{Algorithm, SigningKey, VerifyingKey};
//!
//! # fn main() -> Result<(), countersign_jose::Error> {
//! let public = SigningKey::generate(Algorithm::Es256)?.verifying_key().to_pem()?;
//! assert!(VerifyingKey::from_secret(public.as_bytes(), Algorithm::Hs256).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # The token brings its own key
//!
//! `jwk`, `x5c`, `jku` and `x5u` let a header carry a key or say where one is (CVE-2018-0114,
//! CVE-2026-27962). They are not even kept. Nothing is fetched: this crate opens no connection. `kid`
//! is compared with the ids of the keys that the verifier was given and used for nothing else, so it
//! may contain any path, query or command (RFC 8725 section 3.10).
//!
//! # Secrets that can be guessed
//!
//! One token is enough to try words on, a billion in a second. A secret is at least as long as the
//! hash (RFC 7518 section 3.2), not empty (CVE-2026-49852), not a pattern, and not made of the words
//! that guides print. [`SigningKey::generate`](crate::SigningKey::generate) makes one. To move *off* a
//! weak secret there is [`dangerous::signing_key_from_weak_secret`](crate::dangerous::signing_key_from_weak_secret).
//!
//! # Signatures that are nearly right
//!
//! `r` and `s` of zero were right for every message once (CVE-2022-21449, "psychic signatures").
//! Others took DER for the fixed form, zeros in front, numbers above the order, a wrong padding under a
//! small exponent (CVE-2006-4339), a salt of any length. A signature has one form and one length per
//! key here, and more than four hundred forged ones are tried in the tests. One thing is left as
//! the RFCs have it: who sees an ECDSA signature `(r, s)` can write the equally valid `(r, n - s)`. So
//! do not take a token's text for its identity; that is what `jti` is for.
//!
//! # Weak and strange keys
//!
//! RSA below 2048 bits or with an exponent of 1, RSA from the chips whose private keys can be computed
//! from the public ones (CVE-2017-15361, "ROCA"), points that are not on their curve, curves that the
//! key brings along (CVE-2020-0601), Ed25519 keys of small order, under which one signature is right
//! for many messages: refused at import, where somebody can still do something about it. (That bytes
//! are no point of Ed25519 at all shows later: no signature is right.) So are two keys under one `kid`,
//! anything that stands behind a key in its file, and a key set with a private key in it, since that
//! key has been published.
//!
//! # Two readers, two meanings
//!
//! When a gateway and the service behind it read one token differently, the second can be told what
//! the first did not see. So there is one reading: canonical base64url without padding or white space
//! (RFC 7515 section 2), UTF-8 without mark, one JSON object, no name twice at any depth, no number
//! beyond a double. What must be understood and is not (`crit`, CVE-2025-59420, CVE-2026-32597) is
//! refused, as is what changes what the signature covers (`b64`, `zip`, a nested `cty`).
//!
//! # Claims that are not what they seem
//!
//! A date that is text counted as absent, so that it was not checked (CVE-2026-25537). An issuer was
//! looked for *inside* the expected one (CVE-2024-53861). A missing audience passed for any. Here a
//! registered claim of a wrong type is an error whether it is required or not, names are compared as a
//! whole, and an expected issuer or audience is demanded. A token for another purpose, such as a
//! refresh or an e-mail token, is told apart by [`typ`](crate::VerifierBuilder::typ) (RFC 8725
//! section 3.11).
//!
//! # Small tokens that cost much
//!
//! A token has at most 16 KiB before anything of it is looked at and nests at most 32 deep; both can
//! be set. Nothing is unpacked, so there is no bomb (CVE-2024-33664, CVE-2025-62706); a header cannot
//! say how often to hash (CVE-2022-36083); dots are not collected into a list (CVE-2025-30204); names
//! are compared in linear time; no length that an input claims is believed.
//!
//! ```
//! # use countersign_jose::{Algorithm, Audience, Issuer, SigningKey, Verifier};
//! # fn main() -> Result<(), countersign_jose::Error> {
//! # let key = SigningKey::generate(Algorithm::EdDsa)?.verifying_key();
//! # let (issuer, audience) = (Issuer::one("https://a.example"), Audience::one("api"));
//! # let verifier = Verifier::builder(key, &[Algorithm::EdDsa], issuer, audience).build()?;
//! let megabyte = "A".repeat(1 << 20);
//! let refused = verifier.verify(megabyte, 1_800_000_000).unwrap_err();
//! assert_eq!(refused.code().as_str(), "token_too_large");
//! # Ok(())
//! # }
//! ```
//!
//! # What is left to you
//!
//! A token that was stolen is as good as the real one until it ends or is revoked: keep lifetimes short
//! ([`choosing`](super::choosing)). Which keys belong to which issuer, and fetching them, is the
//! caller's: make one verifier for each issuer (RFC 8725 section 3.8). And answer every refusal alike;
//! the [code](crate::ErrorCode) is for the log.
