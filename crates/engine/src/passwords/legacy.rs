//! Hashes that other systems wrote: bcrypt, scrypt and PBKDF2 as Werkzeug, Django and passlib spell
//! them. They are verified, never written.
//!
//! Their costs are numbers in the text; they are held to bounds before anything is computed, so that
//! an imported row cannot stop the service.

use std::num::NonZeroU32;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac, pbkdf2};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use zeroize::Zeroizing;

const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;
/// bcrypt sees no more of a password.
const BCRYPT_BYTES: usize = 72;
const BCRYPT_TEXT: usize = 60;
/// Rounds times blocks of output; about two seconds.
const MOST_PBKDF2_ROUNDS: u32 = 4_000_000;
const MOST_SCRYPT_BYTES: u64 = 256 << 20;
const MOST_SCRYPT_WORK: u64 = 1 << 30;
const TAGS: std::ops::RangeInclusive<usize> = 16..=64;

/// A hash of another system.
pub(super) enum Legacy {
    /// bcrypt over the password, or over a digest of it.
    Bcrypt { text: String, digest: Digest },
    /// scrypt (RFC 7914).
    Scrypt { params: scrypt::Params, salt: Vec<u8>, tag: Vec<u8> },
    /// PBKDF2 (RFC 8018 5.2).
    Pbkdf2 { algorithm: pbkdf2::Algorithm, rounds: NonZeroU32, salt: Vec<u8>, tag: Vec<u8> },
}

/// What bcrypt is given.
pub(super) enum Digest {
    /// The password.
    None,
    /// SHA-256 in hexadecimal (Django).
    Hex,
    /// SHA-256 in base64 (passlib, version 1).
    Base64,
    /// HMAC-SHA-256 under the salt's text, in base64 (passlib, version 2).
    Keyed(String),
}

impl Legacy {
    /// Takes a hash apart. `text` is ASCII.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.split_once('$')?;
        match head {
            "" => parse_modular(text, rest),
            "bcrypt" => parse_bcrypt(rest, Digest::None),
            "bcrypt_sha256" => parse_bcrypt(rest, Digest::Hex),
            "scrypt" => parse_django_scrypt(rest),
            "pbkdf2_sha256" => parse_django_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, rest),
            "pbkdf2_sha1" => parse_django_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA1, rest),
            _ => parse_werkzeug(head, rest),
        }
    }

    /// Whether it is a hash of `password`.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt { text, digest } => {
                bcrypt::verify(digest.of(password).as_slice(), text).unwrap_or(false)
            }
            Self::Scrypt { params, salt, tag } => {
                let mut derived = Zeroizing::new(vec![0; tag.len()]);
                scrypt::scrypt(password, salt, params, &mut derived).is_ok()
                    && verify_slices_are_equal(&derived, tag).is_ok()
            }
            Self::Pbkdf2 { algorithm, rounds, salt, tag } => {
                pbkdf2::verify(*algorithm, *rounds, salt, password, tag).is_ok()
            }
        }
    }

    /// Whether a match proves the whole of `password`. bcrypt ignores what follows 72 bytes: to
    /// store a new hash of that would lock out whoever mistyped it once.
    pub(super) fn proves_all_of(&self, password: &[u8]) -> bool {
        let cut = matches!(self, Self::Bcrypt { digest: Digest::None, .. });
        !cut || password.len() <= BCRYPT_BYTES
    }

    fn pbkdf2(
        algorithm: pbkdf2::Algorithm,
        rounds: &str,
        salt: Vec<u8>,
        tag: Vec<u8>,
    ) -> Option<Self> {
        let rounds: NonZeroU32 = number(rounds)?.try_into().ok()?;
        let shortest = if algorithm == pbkdf2::PBKDF2_HMAC_SHA1 { 20 } else { 32 };
        let blocks = u32::try_from(tag.len().div_ceil(shortest)).ok()?;
        let bounded = rounds.get().checked_mul(blocks)? <= MOST_PBKDF2_ROUNDS;
        (bounded && TAGS.contains(&tag.len())).then_some(Self::Pbkdf2 {
            algorithm,
            rounds,
            salt,
            tag,
        })
    }

    fn scrypt(log_n: u32, r: u32, p: u32, salt: Vec<u8>, tag: Vec<u8>) -> Option<Self> {
        let memory = 128_u64.checked_shl(log_n.min(32))?.checked_mul(u64::from(r))?;
        let work = memory.checked_mul(u64::from(p))?;
        let bounded = log_n > 0 && memory <= MOST_SCRYPT_BYTES && work <= MOST_SCRYPT_WORK;
        if !bounded || !TAGS.contains(&tag.len()) {
            return None;
        }
        let params = scrypt::Params::new(u8::try_from(log_n).ok()?, r, p).ok()?;
        Some(Self::Scrypt { params, salt, tag })
    }
}

impl Digest {
    fn of(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha256 = || digest::digest(&digest::SHA256, password);
        Zeroizing::new(match self {
            Self::None => password.to_vec(),
            Self::Hex => hex(sha256().as_ref()).into_bytes(),
            Self::Base64 => STANDARD.encode(sha256()).into_bytes(),
            Self::Keyed(salt) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
                STANDARD.encode(hmac::sign(&key, password)).into_bytes()
            }
        })
    }
}

/// `$scheme$…`: crypt(3)'s and passlib's forms.
fn parse_modular(text: &str, rest: &str) -> Option<Legacy> {
    let (scheme, rest) = rest.split_once('$')?;
    match scheme {
        "2a" | "2b" | "2y" => parse_bcrypt(text, Digest::None),
        "bcrypt-sha256" => parse_passlib_bcrypt(rest),
        "scrypt" => parse_passlib_scrypt(rest),
        "pbkdf2" => parse_passlib_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA1, rest),
        "pbkdf2-sha256" => parse_passlib_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, rest),
        "pbkdf2-sha512" => parse_passlib_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA512, rest),
        _ => None,
    }
}

/// `$2b$COST$` and 53 characters. `2x` marks hashes of a bug and is refused.
fn parse_bcrypt(text: &str, digest: Digest) -> Option<Legacy> {
    let [version, cost, secret] = fields(text.strip_prefix('$')?)?;
    let sound = matches!(version, "2a" | "2b" | "2y")
        && cost.len() == 2
        && BCRYPT_COSTS.contains(&number(cost)?)
        && text.len() == BCRYPT_TEXT
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    sound.then(|| Legacy::Bcrypt { text: text.to_owned(), digest })
}

/// `v=2,t=2b,r=12$SALT$DIGEST`, and version 1: `2b,12$SALT$DIGEST`.
fn parse_passlib_bcrypt(rest: &str) -> Option<Legacy> {
    let [settings, salt, secret] = fields(rest)?;
    let (settings, digest) = match settings.strip_prefix("v=2,t=") {
        Some(settings) => (settings.replacen(",r=", ",", 1), Digest::Keyed(salt.to_owned())),
        None => (settings.to_owned(), Digest::Base64),
    };
    let (version, cost) = settings.split_once(',')?;
    parse_bcrypt(&format!("${version}${:02}${salt}{secret}", number(cost)?), digest)
}

/// `ln=16,r=8,p=1$SALT$TAG`
fn parse_passlib_scrypt(rest: &str) -> Option<Legacy> {
    let [settings, salt, tag] = fields(rest)?;
    let mut settings = settings.split(',');
    let mut setting = |name: &str| number(settings.next()?.strip_prefix(name)?);
    let (log_n, r, p) = (setting("ln=")?, setting("r=")?, setting("p=")?);
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    let tag = STANDARD_NO_PAD.decode(tag).ok()?;
    if settings.next().is_some() { None } else { Legacy::scrypt(log_n, r, p, salt, tag) }
}

/// `ROUNDS$SALT$TAG`, in passlib's base64, which has `.` for `+`.
fn parse_passlib_pbkdf2(algorithm: pbkdf2::Algorithm, rest: &str) -> Option<Legacy> {
    let [rounds, salt, tag] = fields(rest)?;
    let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).ok();
    Legacy::pbkdf2(algorithm, rounds, decode(salt)?, decode(tag)?)
}

/// `ROUNDS$SALT$TAG`; the salt is text.
fn parse_django_pbkdf2(algorithm: pbkdf2::Algorithm, rest: &str) -> Option<Legacy> {
    let [rounds, salt, tag] = fields(rest)?;
    Legacy::pbkdf2(algorithm, rounds, salt.into(), STANDARD.decode(tag).ok()?)
}

/// `N$SALT$R$P$TAG`; the salt is text.
fn parse_django_scrypt(rest: &str) -> Option<Legacy> {
    let [n, salt, r, p, tag] = fields(rest)?;
    let tag = STANDARD.decode(tag).ok()?;
    Legacy::scrypt(logarithm(n)?, number(r)?, number(p)?, salt.into(), tag)
}

/// `scrypt:N:R:P` or `pbkdf2:HASH:ROUNDS`, then `$SALT$TAG` in text and hexadecimal.
fn parse_werkzeug(head: &str, rest: &str) -> Option<Legacy> {
    let [salt, tag] = fields(rest)?;
    let (salt, tag) = (salt.into(), unhex(tag)?);
    match *head.split(':').collect::<Vec<_>>() {
        ["scrypt", n, r, p] => Legacy::scrypt(logarithm(n)?, number(r)?, number(p)?, salt, tag),
        ["pbkdf2", "sha1", rounds] => Legacy::pbkdf2(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt, tag),
        ["pbkdf2", "sha256", rounds] => {
            Legacy::pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, tag)
        }
        ["pbkdf2", "sha512", rounds] => {
            Legacy::pbkdf2(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, tag)
        }
        _ => None,
    }
}

fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn logarithm(n: &str) -> Option<u32> {
    number(n).filter(|n| n.is_power_of_two()).map(u32::trailing_zeros)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? * 16 + digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWORD: &str = "pa$$wörd ☃ 9";

    const WRITTEN: [&str; 19] = [
        // Werkzeug 3.1
        "scrypt:32768:8:1$5N2nPypRdZ5xk5fY$a511f1245712725a1106ccb0111725e73b660c83f2411685ca111fcf451827818b48fa6e40f21a639fdf45bd1e707c33a0395c532c6bdbb369d977bbacaf6962",
        "scrypt:1024:8:2$SkY1RM8d4ZWi6tSG$1b9c4ccdb95180d1d0e6b251b7ba370c8d17041fba298db7e671c2840a0fb606c69f5216780268db3777e67877ee15f99824fa8bf872630ea0ca30192af7ff26",
        "pbkdf2:sha256:1000$ToTWoBQCe71nHJfb$ce8ff00d0ce1d728d0739967de44054535ad74cbfd48314cbf8db03783f760b0",
        "pbkdf2:sha512:1000$iWvMFtE3IUUusd9W$ab39b4101dfaaa678d44c0c482637e591abe7a1f39939a1340c64b657208f2cde254026a481444da7360bbdbd4852bd6368a447aaa9fc3631dbf0189cee5d8b3",
        "pbkdf2:sha1:1000$QHNkzMoNwRda9c6Y$97bc8fe9f098742b7c7daa25c6761b96b2bcd6a3",
        // Django 5.2
        "pbkdf2_sha256$1000$E4bDJLHcwwYEHN3QmKDsHk$t+q9QnBmVHcl4A9J31NnVkFTLQZbxQkP6uXjtFE9Mxc=",
        "scrypt$1024$zt8RXERPRT0cgiLSQqvl9E$8$5$NDR8jLtiqJG1AX6dbop+omoCbIhu7QHFpYEMNXe3Ya3si1b4LcVVvvhcU9SHjreODEjs/fhxrG3rafvEjxg3Kw==",
        "bcrypt_sha256$$2b$04$IS9S6nD9Kug5oEOyqorvBuDiwK0yMuTemneqfWjDGZWnOQDfcG7fy",
        "bcrypt$$2b$04$uLMqQZPkhQUgQ4P8DumHAePYG.cez/iMyF0rP5dL9xsLztD/R6Mbe",
        "pbkdf2_sha1$1000$salt01234567890$HaUnGZ8O5CJTrt9R3W6RQuxnAiA=",
        // passlib 1.7.4
        "$pbkdf2-sha256$1000$mtMao3SO8V6LMcaYU8pZqw$wzgqeX3fvY2XX5S45E.V7so1ssEywW0AB/gWrkfPs1A",
        "$pbkdf2$1000$AUBozfl/z9n7H6O0ljLGmA$.tQ6O2k.ke9hjQW15zS0IhuCEjQ",
        "$pbkdf2-sha512$1000$Q6j13tsboxRCCKFUSinlPA$vzzO25qAEVSZJoXgwwY.iKa9pUGUJFqlDyGKLTIZ9sTunKvE2193ZHz7rpR/6Siv9HwWTpk.7wy2FB0ogxN6Lg",
        "$scrypt$ln=10,r=8,p=1$w7jX2puTUso5J4SQco7xng$qNeRNuZ6lyL2QlGvGJUHBO5tQeGg8S4578NAUvD/wY4",
        "$2b$04$ztriRJwKpsFpbpqqwI4mSuq0tvo9AAX3iz/HOBUX9DQHfAtQ1Cv3i",
        "$2a$04$bxZ7gN0zVPHSLjRUQN19O.s9/COzyfTtR69d4fvaAFi8QtARArwU6",
        "$2y$04$3ePPag8ulCd5A3npBddisODFObuK779OD9P1jY0LlFHaLvKgSn/.2",
        "$bcrypt-sha256$v=2,t=2b,r=4$0FthWuJRIQxZ.ZWnZ71q0.$t.b2LNYPs9R53vtMVTPXVpBmbIWIdgm",
        "$bcrypt-sha256$2b,4$DS5GC23VMicUEDxpCwVlqu$soVKfvrLpkMXUePfDZZOlGE7FeJR9iG",
    ];

    #[test]
    fn what_other_systems_wrote_verifies() {
        for text in WRITTEN {
            let hash = Legacy::parse(text).expect(text);
            assert!(hash.verify(PASSWORD.as_bytes()), "{text}");
            assert!(!hash.verify(b"another password"), "{text}");
            assert!(hash.proves_all_of(PASSWORD.as_bytes()));
        }
    }

    /// bcrypt ignores what follows 72 bytes, Django's and passlib's digests do not.
    #[test]
    fn a_password_that_bcrypt_cut_is_not_hashed_anew() {
        let (long, longer) = ("x".repeat(80), "x".repeat(81));
        let cut =
            Legacy::parse("$2b$04$UbRdEm92riA3FyNTvrWbuOlWmYAKld07SGxAZV5cp4v0GFRCvt36m").unwrap();
        assert!(cut.verify(long.as_bytes()));
        assert!(!cut.proves_all_of(long.as_bytes()));
        let whole = Legacy::parse(
            "bcrypt_sha256$$2b$04$xJdjsfV19JzpbMBglVIHmuttXk3jzOPSr/9EaqE84jJA2D6BpesAq",
        )
        .unwrap();
        assert!(whole.verify(long.as_bytes()) && !whole.verify(longer.as_bytes()));
        assert!(whole.proves_all_of(long.as_bytes()));
    }

    #[test]
    fn costs_out_of_bounds_are_refused() {
        let (salt, tag) = ("SkY1RM8d4ZWi6tSG", "00".repeat(64));
        for head in [
            "scrypt:4194304:8:1",
            "scrypt:131072:8:9",
            "scrypt:1000:8:1",
            "scrypt:1:8:1",
            "scrypt:0:8:1",
            "scrypt:1024:0:1",
            "scrypt:1024:8:0",
            "scrypt:1024:4294967295:4294967295",
            "scrypt:1024:8",
            "pbkdf2:sha256:0",
            "pbkdf2:sha256:2000001",
            "pbkdf2:sha256:99999999999",
            "pbkdf2:sha256:+1",
            "pbkdf2:sha256",
            "pbkdf2:md5:1000",
        ] {
            assert!(Legacy::parse(&format!("{head}${salt}${tag}")).is_none(), "{head}");
        }
        assert!(Legacy::parse(&format!("scrypt:131072:8:8${salt}${tag}")).is_some());
        assert!(Legacy::parse(&format!("pbkdf2:sha256:1000${salt}$00")).is_none());
        let bcrypt = "$2b$04$uLMqQZPkhQUgQ4P8DumHAePYG.cez/iMyF0rP5dL9xsLztD/R6Mbe";
        assert!(Legacy::parse(bcrypt).is_some());
        for other in ["$2b$03$", "$2b$15$", "$2b$31$", "$2x$04$", "$2b$+4$", "$1$", "$2$04$"] {
            assert!(Legacy::parse(&bcrypt.replace("$2b$04$", other)).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in "(\\$2b\\$04\\$|scrypt:2:1:1|pbkdf2_sha256\\$1|bcrypt\\$|\\$pbkdf2)?[ -~]{0,70}",
            written in 0..WRITTEN.len(),
            cut in 0_usize..80,
        ) {
            let _ = Legacy::parse(&text).map(|hash| hash.verify(b"x"));
            let written = WRITTEN[written];
            let _ = Legacy::parse(written.get(..cut).unwrap_or_default());
        }
    }
}
