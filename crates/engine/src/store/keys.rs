//! The key ring's rows.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{Effects, Result};

/// One key. Its state is derived from the instants; no job must run on time.
#[derive(Clone, PartialEq)]
pub struct StoredKey {
    /// The place in the ring; unique.
    pub position: u32,
    /// The key id.
    pub kid: String,
    /// The JOSE algorithm name.
    pub algorithm: String,
    /// The public JWK as JSON; `None` for a symmetric key.
    pub public_jwk: Option<String>,
    /// The private JWK, encrypted under a master key.
    pub private_key: Vec<u8>,
    /// From when it stands in the JWKS.
    pub published_at: Timestamp,
    /// From when it signs.
    pub signs_from: Timestamp,
    /// Until when it verifies; `None` while it has no successor.
    pub verifies_until: Option<Timestamp>,
    /// Since when nothing it signed is good.
    pub compromised_at: Option<Timestamp>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StoredKey")
            .field("position", &self.position)
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("signs_from", &self.signs_from)
            .field("verifies_until", &self.verifies_until)
            .field("compromised_at", &self.compromised_at)
            .finish_non_exhaustive()
    }
}

/// One change of the ring, computed from a reading of it.
#[derive(Clone, Debug, Default)]
pub struct RingChange {
    /// The version that was read; another by now refuses the change.
    pub version: u64,
    /// Keys to put in.
    pub insert: Vec<StoredKey>,
    /// Keys whose instants change, as they shall be; found by `kid`.
    pub update: Vec<StoredKey>,
}

/// The key ring's rows.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The keys in the order of their positions, and the ring's version (0 while it is empty).
    async fn ring(&self) -> Result<(u64, Vec<StoredKey>)>;

    /// Makes the change and raises the version; `false` when the version is another by now, when a
    /// position or kid to insert is taken, and when a kid to update is not there.
    async fn change_ring(
        &self,
        change: RingChange,
        effects: Effects,
        now: Timestamp,
    ) -> Result<bool>;
}
