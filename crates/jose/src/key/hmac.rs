//! HMAC secrets (RFC 2104, RFC 7518 section 3.2), and the refusal of those that are none.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::algorithm::Algorithm;
use crate::base64;
use crate::error::Error;
use crate::jwk::RawJwk;
use crate::key::key_file;

/// A secret, ready for use.
pub(crate) struct HmacKey {
    key: hmac::Key,
    secret: Zeroizing<Vec<u8>>,
}

impl HmacKey {
    /// Takes a secret that a program may rely on.
    pub(crate) fn new(secret: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        let key = Self::new_unchecked(secret, algorithm)?;
        if secret.len() < key.tag_len() {
            return Err(Error::KeyInvalid {
                reason: "the secret is shorter than the hash: \
                         take 32 (HS256), 48 (HS384) or 64 (HS512) random bytes",
            });
        }
        if let Some(reason) = weakness(secret) {
            return Err(Error::KeyInvalid { reason });
        }
        Ok(key)
    }

    /// Takes any secret; only [`crate::dangerous`] leads here.
    pub(crate) fn new_unchecked(secret: &[u8], algorithm: Algorithm) -> Result<Self, Error> {
        let hash = match algorithm {
            Algorithm::Hs256 => hmac::HMAC_SHA256,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => return Err(Error::KeyInvalid { reason: "a secret is only for HS256 to HS512" }),
        };
        let secret = Zeroizing::new(secret.to_vec());
        Ok(Self { key: hmac::Key::new(hash, &secret), secret })
    }

    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        let length = match algorithm {
            Algorithm::Hs384 => 48,
            Algorithm::Hs512 => 64,
            _ => 32,
        };
        let mut secret = Zeroizing::new(vec![0; length]);
        // One random secret in some millions looks like DER and could not be imported again.
        loop {
            aws_lc_rs::rand::fill(&mut secret).map_err(|_| Error::Crypto)?;
            if weakness(&secret).is_none() {
                return Self::new(&secret, algorithm);
            }
        }
    }

    pub(crate) fn from_jwk(jwk: &RawJwk<'_>, algorithm: Algorithm) -> Result<Self, Error> {
        let malformed = Error::KeyInvalid { reason: "the `k` of the jwk is absent or malformed" };
        let k = jwk.k.as_deref().ok_or_else(|| malformed.clone())?;
        let secret = base64::decode_secret(k.as_bytes()).map_err(|_| malformed)?;
        Self::new(&secret, algorithm)
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub(crate) fn sign(&self, message: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, message)
    }

    /// Compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, message, signature).is_ok()
    }

    fn tag_len(&self) -> usize {
        self.key.algorithm().tag_len()
    }
}

/// Says why these bytes are not a secret, if they are none. A public key here is the classic
/// confusion of RS256 with HS256; a word from a tutorial is in every word list.
fn weakness(secret: &[u8]) -> Option<&'static str> {
    if key_file::is_key_file(secret) {
        return Some("the secret is a key file, not a secret: use an algorithm for that key");
    }
    if is_pattern(secret) {
        return Some("the secret is a pattern: take random bytes");
    }
    if is_placeholder(secret) {
        return Some("the secret is a placeholder from an example: take random bytes");
    }
    None
}

/// Longer pieces are not looked for, so that a large file in place of a secret costs no more than its
/// size.
const LONGEST_PIECE: usize = 256;

/// One byte over and over, a counting sequence, or a short piece repeated.
fn is_pattern(secret: &[u8]) -> bool {
    let steps = || secret.iter().zip(secret.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    let first_step = steps().next().unwrap_or(0);
    let counting = steps().all(|step| step == first_step);
    let repeated = (1..=LONGEST_PIECE.min(secret.len() / 4)).any(|period| {
        secret.iter().zip(secret.iter().skip(period)).all(|(left, right)| left == right)
    });
    counting || repeated
}

/// Words of which no random secret is made, and which every collection of examples is made of.
const PLACEHOLDERS: [&str; 20] = [
    "secretkey",
    "secretsecret",
    "yoursecret",
    "mysecret",
    "supersecret",
    "topsecret",
    "jwtsecret",
    "bitsecret",
    "sharedsecret",
    "stringsecret",
    "notasecret",
    "testsecret",
    "devsecret",
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "placeholder",
    "donotuse",
    "password",
];

/// Secrets that stand in full in widely copied documentation and tutorials, letters in lower case.
const PUBLISHED: [&str; 2] = [
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
];

fn is_placeholder(secret: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(secret) else { return false };
    let letters: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    PLACEHOLDERS.iter().any(|word| letters.contains(word)) || PUBLISHED.contains(&letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_refused() {
        let long_phrases = [
            "a-string-secret-at-least-256-bits-long",
            "your-256-bit-secret-your-256-bit-secret",
            "CHANGE_ME CHANGE_ME CHANGE_ME CHANGE_ME now",
            "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
            "0123456701234567012345670123456701234567",
        ];
        for phrase in long_phrases {
            assert!(HmacKey::new(phrase.as_bytes(), Algorithm::Hs256).is_err(), "{phrase}");
        }
        let counting: Vec<u8> = (0..32).collect();
        assert!(HmacKey::new(&counting, Algorithm::Hs256).is_err());
        assert!(HmacKey::new(&[0x61; 64], Algorithm::Hs256).is_err());
    }

    #[test]
    fn random_secrets_are_taken_in_any_spelling() {
        for _ in 0..200 {
            let mut secret = [0; 32];
            aws_lc_rs::rand::fill(&mut secret).unwrap();
            assert_eq!(weakness(&secret), None);
            assert_eq!(weakness(base64::encode(&secret).as_bytes()), None);
        }
    }
}
