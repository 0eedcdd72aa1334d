//! The ring in memory: rows read once, keys decrypted and prepared once.

use std::{fmt, sync::Arc};

use countersign_guard::time::Timestamp;
use countersign_jose::{Algorithm, KeySet, Signer, SigningKey};

use super::plan;
use crate::{
    error::{Error, Result},
    master::MasterKeys,
    random::Random,
    store::StoredKey,
};

/// The label of the key that private keys are encrypted under.
const SEAL_LABEL: &str = "signing-key";

/// A key, prepared.
struct RingKey {
    key: SigningKey,
    signer: Signer,
}

/// One reading of the ring: the rows, and the prepared key of each in the same order.
pub struct KeyRing {
    version: u64,
    rows: Vec<StoredKey>,
    keys: Vec<RingKey>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyRing")
            .field("version", &self.version)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Decrypts and prepares the rows.
    ///
    /// # Errors
    /// When a private key cannot be opened with these master keys or is not what its row says.
    pub(crate) fn read(version: u64, rows: Vec<StoredKey>, master: &MasterKeys) -> Result<Self> {
        let keys = rows.iter().map(|row| open(row, master)).collect::<Result<_>>()?;
        Ok(Self { version, rows, keys })
    }

    /// The version that was read.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Whether keys of `algorithm` may stand beside those that verify at `now`: shared secrets and
    /// public keys in one set are the classic confusion (RFC 8725 2.1).
    pub(crate) fn goes_with(&self, algorithm: Algorithm, now: Timestamp) -> bool {
        self.verifying(now)
            .all(|(_, key)| key.key.algorithm().is_symmetric() == algorithm.is_symmetric())
    }

    /// What signs access tokens at `now`.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<&Signer> {
        let kid = &plan::signing(&self.rows, now)?.kid;
        let mut prepared = self.rows.iter().zip(&self.keys);
        prepared.find(|(row, _)| row.kid == *kid).map(|(_, key)| &key.signer)
    }

    /// What verifies at `now`, and the algorithms of it.
    pub(crate) fn verification(&self, now: Timestamp) -> Result<(KeySet, Vec<Algorithm>)> {
        let keys: Vec<_> = self.verifying(now).map(|(_, key)| key.key.verifying_key()).collect();
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for key in &keys {
            if !algorithms.contains(&key.algorithm()) {
                algorithms.push(key.algorithm());
            }
        }
        Ok((KeySet::new(keys).map_err(countersign_guard::Error::from)?, algorithms))
    }

    /// The JWKS document at `now`: public keys only (RFC 7517 5).
    pub(crate) fn jwks_json(&self, now: Timestamp) -> Arc<str> {
        let keys: Vec<&str> =
            self.verifying(now).filter_map(|(row, _)| row.public_jwk.as_deref()).collect();
        format!("{{\"keys\":[{}]}}", keys.join(",")).into()
    }

    fn verifying(&self, now: Timestamp) -> impl Iterator<Item = (&StoredKey, &RingKey)> {
        self.rows.iter().zip(&self.keys).filter(move |(row, _)| plan::verifies(row, now))
    }
}

/// Makes a key for `need`.
pub(crate) fn make(
    need: plan::Need,
    algorithm: Algorithm,
    now: Timestamp,
    master: &MasterKeys,
    random: &dyn Random,
) -> Result<StoredKey> {
    let key = SigningKey::generate(algorithm).map_err(internal)?;
    let kid = key.kid().to_owned();
    let public_jwk = if algorithm.is_symmetric() {
        None
    } else {
        let jwk = key.verifying_key().to_jwk().map_err(internal)?;
        Some(serde_json::to_string(&jwk).map_err(internal)?)
    };
    let private = key.to_private_jwk().map_err(internal)?;
    let private_key =
        master.seal(SEAL_LABEL, kid.as_bytes(), private.as_bytes(), random).map_err(internal)?;
    Ok(StoredKey {
        position: need.position,
        kid,
        algorithm: algorithm.as_str().to_owned(),
        public_jwk,
        private_key,
        published_at: now,
        signs_from: need.signs_from,
        verifies_until: None,
        compromised_at: None,
    })
}

fn open(stored: &StoredKey, master: &MasterKeys) -> Result<RingKey> {
    let algorithm: Algorithm = stored
        .algorithm
        .parse()
        .map_err(|_| Error::Internal(format!("key {} has an unknown algorithm", stored.kid)))?;
    let unreadable = || {
        Error::Internal(format!(
            "the private key {} cannot be opened with the master key",
            stored.kid
        ))
    };
    let private = master
        .open(SEAL_LABEL, stored.kid.as_bytes(), &stored.private_key)
        .map_err(|_| unreadable())?;
    let key = SigningKey::from_jwk(&private, Some(algorithm))
        .map_err(|_| unreadable())?
        .with_kid(stored.kid.clone());
    // RFC 9068 2.1: the type says that this is an access token and nothing else.
    let signer = Signer::new(key.clone()).typ("at+jwt");
    Ok(RingKey { key, signer })
}

fn internal(error: impl fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
