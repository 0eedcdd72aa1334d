//! The master keys, and everything that is derived from them.
//!
//! Each use has a key of its own: HKDF-SHA-256 (RFC 5869) of the master key under an `info` label, so
//! that what one use reveals helps against no other. The labels are `countersign/check/v1`,
//! `countersign/refresh/v1`, `countersign/seal/<label>/v1` and `countersign/hash/<label>/v1`.

use std::{collections::BTreeMap, fmt, str::FromStr};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    ids::SessionId,
    random::{self, Random},
};

type Key = Zeroizing<[u8; 32]>;

/// The format of what [`MasterKeys::seal`] answers: version, key id, nonce, ciphertext, tag.
const SEAL_VERSION: u8 = 1;
const SEAL_HEADER: usize = 2;

/// The master keys: the current one and those that old things are still under.
#[derive(Clone)]
pub struct MasterKeys {
    current: u8,
    keys: BTreeMap<u8, Key>,
}

/// Master keys that cannot be read. Keys themselves are never repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMasterKeys {
    /// No key at all.
    #[error("there is no master key: write `id:base64url`, for example from `countersign init`")]
    Empty,
    /// No colon.
    #[error("master key number {position} is not written `id:base64url`")]
    Form {
        /// Which, from 1.
        position: usize,
    },
    /// The id is no number from 0 to 255.
    #[error("the id of master key number {position} is not a number from 0 to 255")]
    Id {
        /// Which, from 1.
        position: usize,
    },
    /// Not base64url.
    #[error("master key {id} is not base64url without padding")]
    Encoding {
        /// Its id.
        id: u8,
    },
    /// Not 32 bytes.
    #[error("master key {id} has {found} bytes and must have 32")]
    Length {
        /// Its id.
        id: u8,
        /// How many bytes there are.
        found: usize,
    },
    /// One byte over and over: somebody's placeholder.
    #[error("master key {id} is one byte repeated 32 times: make a random one")]
    Placeholder {
        /// Its id.
        id: u8,
    },
    /// An id that occurs twice.
    #[error("master key id {id} occurs twice")]
    Duplicate {
        /// The id.
        id: u8,
    },
}

/// Something that could not be sealed or opened; why is nobody's business.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it cannot be sealed or opened with these master keys")]
pub struct SealError;

impl MasterKeys {
    /// Reads `id:base64url`, comma-separated; the first is current.
    ///
    /// # Errors
    /// What is wrong, and with which key.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKeys> {
        if text.trim().is_empty() {
            return Err(InvalidMasterKeys::Empty);
        }
        let mut current = None;
        let mut keys = BTreeMap::new();
        for (index, entry) in text.split(',').enumerate() {
            let (id, key) = parse_entry(index + 1, entry.trim())?;
            current.get_or_insert(id);
            if keys.insert(id, key).is_some() {
                return Err(InvalidMasterKeys::Duplicate { id });
            }
        }
        let current = current.ok_or(InvalidMasterKeys::Empty)?;
        Ok(Self { current, keys })
    }

    /// A new key as [`parse`](Self::parse) reads it.
    pub fn generate(id: u8, random: &dyn Random) -> SecretString {
        let key: Key = Zeroizing::new(random::bytes(random));
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_slice()));
        SecretString::from(format!("{id}:{}", encoded.as_str()))
    }

    /// The id of the key that new things are made with.
    pub fn current_id(&self) -> u8 {
        self.current
    }

    /// Every id.
    pub fn ids(&self) -> impl Iterator<Item = u8> {
        self.keys.keys().copied()
    }

    /// A value by which a database recognises this key; it says nothing about the key. `None` for an
    /// unknown id.
    pub fn check(&self, id: u8) -> Option<[u8; 16]> {
        self.derive(id, &[], &[b"countersign/check/v1"]).map(|key| half(key.as_slice()))
    }

    /// The check values of all keys.
    pub fn checks(&self) -> BTreeMap<u8, [u8; 16]> {
        self.ids().filter_map(|id| self.check(id).map(|check| (id, check))).collect()
    }

    /// The ids of keys that no random generator made: readable text, or few different bytes. Of 2^46
    /// random keys one would look like this.
    pub fn guessable(&self) -> impl Iterator<Item = u8> {
        self.keys.iter().filter(|(_, key)| is_guessable(key.as_slice())).map(|(id, _)| *id)
    }

    /// Encrypts under the current key with AES-256-GCM. `label` says what kind of thing it is, `aad`
    /// which one: sealed things cannot be exchanged for each other.
    ///
    /// The nonce is random: fine for the few private keys and secrets there are, not for 2^32 things
    /// under one label (NIST SP 800-38D 8.3).
    ///
    /// # Errors
    /// [`SealError`] when `plaintext` is absurdly long.
    pub fn seal(
        &self,
        label: &str,
        aad: &[u8],
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let header = [SEAL_VERSION, self.current];
        let nonce: [u8; NONCE_LEN] = random::bytes(random);
        let key = self.seal_key(self.current, label)?;
        let mut text = Zeroizing::new(plaintext.to_vec());
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bind(header, aad)),
                text.as_mut_slice(),
            )
            .map_err(|_| SealError)?;
        Ok([header.as_slice(), &nonce, text.as_slice(), tag.as_ref()].concat())
    }

    /// Decrypts what [`seal`](Self::seal) made with the same label and `aad`, under whichever of the
    /// keys it names.
    ///
    /// # Errors
    /// [`SealError`] when it is anything else.
    pub fn open(
        &self,
        label: &str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (header, rest) = sealed.split_first_chunk::<SEAL_HEADER>().ok_or(SealError)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let [version, id] = *header;
        if version != SEAL_VERSION {
            return Err(SealError);
        }
        let key = self.seal_key(id, label)?;
        let mut text = Zeroizing::new(rest.to_vec());
        let length = key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(bind(*header, aad)),
                text.as_mut_slice(),
            )
            .map_err(|_| SealError)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// The key of a session's refresh tokens' MACs: neither the database nor the master key alone
    /// can make it. `None` for an unknown id.
    pub(crate) fn refresh_mac_key(
        &self,
        id: u8,
        epoch: &[u8; 16],
        salt: &[u8; 16],
        session_id: SessionId,
    ) -> Option<hmac::Key> {
        let salt = [epoch.as_slice(), salt].concat();
        let key = self.derive(id, &salt, &[b"countersign/refresh/v1", session_id.as_bytes()])?;
        Some(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }

    /// A hash of `parts` that only holders of the current key can compute, cut to 16 bytes: names
    /// rows without storing what they belong to. Parts are length-prefixed, so no two lists of parts
    /// are the same text. Another current key makes other hashes; what is named by them starts anew.
    pub fn keyed_hash(&self, label: &str, parts: &[&[u8]]) -> [u8; 16] {
        let info = [b"countersign/hash/".as_slice(), label.as_bytes(), b"/v1"];
        // Deriving 32 bytes from a key that is there does not fail; all zeros would still be a key
        // that is used for nothing else.
        let key = self.derive(self.current, &[], &info).unwrap_or_default();
        let mut context =
            hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()));
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        half(context.sign().as_ref())
    }

    fn seal_key(&self, id: u8, label: &str) -> Result<LessSafeKey, SealError> {
        let info = [b"countersign/seal/".as_slice(), label.as_bytes(), b"/v1"];
        let key = self.derive(id, &[], &info).ok_or(SealError)?;
        let key = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| SealError)?;
        Ok(LessSafeKey::new(key))
    }

    fn derive(&self, id: u8, salt: &[u8], info: &[&[u8]]) -> Option<Key> {
        let prk = Salt::new(HKDF_SHA256, salt).extract(self.keys.get(&id)?.as_slice());
        let mut key = Key::default();
        prk.expand(info, HKDF_SHA256).ok()?.fill(key.as_mut_slice()).ok()?;
        Some(key)
    }
}

impl FromStr for MasterKeys {
    type Err = InvalidMasterKeys;

    fn from_str(text: &str) -> Result<Self, InvalidMasterKeys> {
        Self::parse(text)
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MasterKeys")
            .field("current", &self.current)
            .field("ids", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

fn is_guessable(key: &[u8]) -> bool {
    let different: std::collections::BTreeSet<u8> = key.iter().copied().collect();
    let counts =
        key.windows(2).all(|pair| matches!(pair, [one, next] if next.wrapping_sub(*one) <= 1));
    different.len() < 12 || counts || key.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn parse_entry(position: usize, entry: &str) -> Result<(u8, Key), InvalidMasterKeys> {
    let (id, encoded) = entry.split_once(':').ok_or(InvalidMasterKeys::Form { position })?;
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let id = if digits { id.parse().ok() } else { None };
    let id: u8 = id.ok_or(InvalidMasterKeys::Id { position })?;
    let decoded =
        URL_SAFE_NO_PAD.decode(encoded).map_err(|_| InvalidMasterKeys::Encoding { id })?;
    let decoded = Zeroizing::new(decoded);
    let key = <[u8; 32]>::try_from(decoded.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| InvalidMasterKeys::Length { id, found: decoded.len() })?;
    if key.iter().all(|byte| Some(byte) == key.first()) {
        return Err(InvalidMasterKeys::Placeholder { id });
    }
    Ok((id, key))
}

/// The header is authenticated like the caller's data.
fn bind(header: [u8; SEAL_HEADER], aad: &[u8]) -> Vec<u8> {
    [header.as_slice(), aad].concat()
}

fn half(bytes: &[u8]) -> [u8; 16] {
    bytes.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::random::SystemRandom;

    const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const SECOND: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

    fn keys(text: &str) -> MasterKeys {
        MasterKeys::parse(text).unwrap()
    }

    #[test]
    fn the_first_key_is_current() {
        let keys = keys(&format!("7:{FIRST}, 2:{SECOND}\n"));
        assert_eq!(keys.current_id(), 7);
        assert_eq!(keys.ids().collect::<Vec<_>>(), [2, 7]);
        assert_eq!(format!("{keys:?}"), "MasterKeys { current: 7, ids: [2, 7], .. }");
    }

    #[test]
    fn what_is_wrong_is_named_without_the_key() {
        use InvalidMasterKeys as Wrong;
        for (text, expected) in [
            (String::new(), Wrong::Empty),
            (" \n".into(), Wrong::Empty),
            (FIRST.into(), Wrong::Form { position: 1 }),
            (format!("1:{FIRST},"), Wrong::Form { position: 2 }),
            (format!("256:{FIRST}"), Wrong::Id { position: 1 }),
            (format!("+1:{FIRST}"), Wrong::Id { position: 1 }),
            (format!("1:{FIRST}="), Wrong::Encoding { id: 1 }),
            ("1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9".into(), Wrong::Encoding { id: 1 }),
            ("1:AAEC".into(), Wrong::Length { id: 1, found: 3 }),
            (format!("1:{}", "A".repeat(43)), Wrong::Placeholder { id: 1 }),
            (format!("1:{FIRST},1:{SECOND}"), Wrong::Duplicate { id: 1 }),
        ] {
            let wrong = MasterKeys::parse(&text).unwrap_err();
            assert_eq!(wrong, expected, "{text}");
            assert!(!wrong.to_string().contains("AAEC"));
        }
    }

    #[test]
    fn a_generated_key_reads_back() {
        let text = MasterKeys::generate(9, &SystemRandom);
        assert_eq!(keys(text.expose_secret()).current_id(), 9);
    }

    /// Computed from the definition alone, by another implementation of HKDF and HMAC.
    #[test]
    fn the_derivations_are_the_documented_ones() {
        let keys = keys(&format!("1:{FIRST}"));
        assert_eq!(u128::from_be_bytes(keys.check(1).unwrap()), 0x18e47e661aff0065a2fde213a39366c9);
        assert_eq!(keys.check(2), None);
        let hash = keys.keyed_hash("budget", &[b"ab", b"c"]);
        assert_eq!(u128::from_be_bytes(hash), 0x662b4690a2d0d52882206c48681ea583);
    }

    #[test]
    fn parts_and_labels_are_not_interchangeable() {
        let keys = keys(&format!("1:{FIRST}"));
        let hash = keys.keyed_hash("budget", &[b"ab", b"c"]);
        assert_ne!(hash, keys.keyed_hash("budget", &[b"a", b"bc"]));
        assert_ne!(hash, keys.keyed_hash("budget", &[b"ab", b"c", b""]));
        assert_ne!(hash, keys.keyed_hash("network", &[b"ab", b"c"]));
    }

    #[test]
    fn a_sealed_thing_opens_only_as_itself() {
        let old = keys(&format!("1:{FIRST}"));
        let sealed = old.seal("signing-key", b"kid-1", b"secret", &SystemRandom).unwrap();
        assert_eq!(sealed.len(), 2 + 12 + 6 + 16);
        let rotated = keys(&format!("2:{SECOND},1:{FIRST}"));
        let opened = rotated.open("signing-key", b"kid-1", &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"secret");
        assert!(old.open("signing-key", b"kid-2", &sealed).is_err());
        assert!(old.open("other", b"kid-1", &sealed).is_err());
        assert!(keys(&format!("2:{SECOND}")).open("signing-key", b"kid-1", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(rotated.open("signing-key", b"kid-1", &changed).is_err(), "{position}");
            assert!(old.open("signing-key", b"kid-1", &sealed[..position]).is_err());
        }
    }
}
