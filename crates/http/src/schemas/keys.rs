//! Signing keys. Private parts never leave the engine.

use countersign_engine::{keys::KeyState, ops::keys::KeyView};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::rfc3339;

/// A signing key as an operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyBody {
    kid: String,
    #[schema(example = "ES256")]
    algorithm: String,
    /// `next`, `signing`, `verifying`, `retired` or `compromised`.
    #[schema(value_type = String, example = "signing")]
    state: KeyState,
    /// Since when it stands in the JWKS.
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    published_at: String,
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    signs_from: String,
    #[schema(required, format = DateTime)]
    verifies_until: Option<String>,
    #[schema(required, format = DateTime)]
    compromised_at: Option<String>,
}

impl From<KeyView> for KeyBody {
    fn from(key: KeyView) -> Self {
        Self {
            kid: key.kid,
            algorithm: key.algorithm,
            state: key.state,
            published_at: rfc3339(key.published_at),
            signs_from: rfc3339(key.signs_from),
            verifies_until: key.verifies_until.map(rfc3339),
            compromised_at: key.compromised_at.map(rfc3339),
        }
    }
}

/// The key ring, in the order in which keys sign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeyList)]
pub struct KeyListBody {
    keys: Vec<KeyBody>,
}

impl From<Vec<KeyView>> for KeyListBody {
    fn from(keys: Vec<KeyView>) -> Self {
        Self { keys: keys.into_iter().map(Into::into).collect() }
    }
}

/// The public keys (RFC 7517 5).
#[derive(ToSchema)]
#[schema(as = Jwks)]
#[expect(dead_code, reason = "it only documents: the engine renders the key set")]
pub(crate) struct JwksBody {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}
