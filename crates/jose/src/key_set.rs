//! A set of keys, from which a token's `kid` chooses.

use std::sync::Arc;

use crate::algorithm::{Algorithm, Family};
use crate::error::Error;
use crate::json::Value;
use crate::json::strict::{self, Member};
use crate::jwk::{JwkSet, Purpose, RawJwk};
use crate::key::VerifyingKey;

/// Keys under distinct ids. Clones share the set.
///
/// One key material may stand in it under several algorithms, each an entry of its own: that is
/// the explicit act which RFC 8725 section 3.1 asks for.
///
/// ```
/// use countersign_jose::{Algorithm, Audience, Issuer, KeySet, Signer, SigningKey, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The issuer publishes this year's key and the next one.
/// let (now, next) = (SigningKey::generate(Algorithm::Es256)?, SigningKey::generate(Algorithm::Es256)?);
/// let set = KeySet::new(vec![now.verifying_key(), next.verifying_key()])?;
/// let published = serde_json::to_vec(&set.to_jwks())?;
///
/// // Others read it; the token's `kid` says which key it is.
/// let set = KeySet::from_jwks(&published)?;
/// let (issuer, audience) = (Issuer::one("https://issuer.example"), Audience::one("api"));
/// let verifier = Verifier::builder(set, &[Algorithm::Es256], issuer, audience).build()?;
/// let claims = serde_json::json!({
///     "iss": "https://issuer.example", "aud": "api", "exp": 1_800_000_600,
/// });
/// for key in [now, next] {
///     let token = Signer::new(key.clone()).sign(&claims)?;
///     assert_eq!(verifier.verify(&token, 1_800_000_000)?.key().kid(), key.kid());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Arc<[VerifyingKey]>,
    /// Whether all entries are one material, so that a token needs no `kid`.
    single: bool,
}

/// Sets beyond this are nobody's; the bound keeps a hostile one from costing memory.
const MAX_KEYS: usize = 256;
const MAX_JWKS_BYTES: usize = 512 * 1024;
const MAX_JWKS_DEPTH: usize = 16;

impl KeySet {
    /// Makes a set.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when two different keys have one id, when one key stands in it twice
    /// for one algorithm, when shared secrets and public keys are mixed, or when there are more than
    /// 256 keys.
    pub fn new(keys: Vec<VerifyingKey>) -> Result<Self, Error> {
        if keys.len() > MAX_KEYS {
            return Err(Error::KeyInvalid { reason: "too many keys in one set" });
        }
        let symmetric = |key: &VerifyingKey| key.algorithm().is_symmetric();
        if keys.iter().any(symmetric) && !keys.iter().all(symmetric) {
            return Err(Error::KeyInvalid {
                reason: "shared secrets and public keys in one set: make two sets",
            });
        }
        for (at, key) in keys.iter().enumerate() {
            for other in keys.iter().skip(at + 1).filter(|other| other.kid() == key.kid()) {
                if !key.same_material(other) {
                    return Err(Error::KeyInvalid { reason: "two different keys have one `kid`" });
                }
                if key.algorithm().shares_key_with(other.algorithm()) {
                    return Err(Error::KeyInvalid { reason: "one key stands twice in the set" });
                }
            }
        }
        let first = keys.first();
        let single = first.is_some_and(|first| keys.iter().all(|key| key.same_material(first)));
        Ok(Self { keys: keys.into(), single })
    }

    /// Reads a published key set (RFC 7517 section 5). Keys that are not for signatures, of an
    /// unknown kind or too weak are left out, as the RFC asks. An RSA key without `alg` is taken
    /// for RS256; see [`KeySet::from_jwks_for`].
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is not such a document, contains a shared secret or a private
    /// key (which has then been published), two different keys under one id, more than 256 keys or
    /// more than 512 KiB.
    pub fn from_jwks(json: &[u8]) -> Result<Self, Error> {
        Self::from_jwks_for(json, &[Algorithm::Rs256])
    }

    /// The same, where an RSA key without `alg` is taken for each RSA algorithm of the list.
    ///
    /// # Errors
    /// As [`KeySet::from_jwks`].
    pub fn from_jwks_for(json: &[u8], rsa_algorithms: &[Algorithm]) -> Result<Self, Error> {
        let no_jwks = Error::KeyInvalid { reason: "not a jwks: one json object with `keys`" };
        let text = std::str::from_utf8(json).map_err(|_| no_jwks.clone())?;
        if text.len() > MAX_JWKS_BYTES {
            return Err(Error::KeyInvalid { reason: "the jwks is too large" });
        }
        let check = &mut |_: Member<'_>| {};
        strict::object(text, MAX_JWKS_DEPTH, check).map_err(|_| no_jwks.clone())?;
        let array = strict::find(text, "keys").and_then(Value::as_array).ok_or(no_jwks)?;
        let mut keys = Vec::new();
        let mut outcome = Ok(());
        strict::elements(array, |element| {
            if outcome.is_ok() {
                outcome = import(element.raw(), rsa_algorithms, &mut keys);
            }
        });
        outcome?;
        Self::new(keys)
    }

    /// The document to publish: all public keys; shared secrets are never in it.
    #[must_use]
    pub fn to_jwks(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().filter_map(|key| key.to_jwk().ok()).collect() }
    }

    /// All keys, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The first key with this id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.kid() == kid)
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Finds the key for a token. The algorithm is compared after the id, so that a token cannot
    /// choose how a key is used (RFC 8725 section 3.1).
    pub(crate) fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&VerifyingKey, Error> {
        let named = |key: &&VerifyingKey| kid.is_none_or(|kid| key.kid() == kid);
        if kid.is_none() && !self.single || !self.keys.iter().any(|key| named(&key)) {
            return Err(Error::KeyNotFound);
        }
        self.keys
            .iter()
            .filter(named)
            .find(|key| key.algorithm().shares_key_with(algorithm))
            .ok_or(Error::AlgorithmNotAllowed)
    }
}

/// Adds the key of one element, or leaves it out; only what must never be published is an error.
fn import(
    raw: &str,
    rsa_algorithms: &[Algorithm],
    keys: &mut Vec<VerifyingKey>,
) -> Result<(), Error> {
    let Ok(jwk) = RawJwk::parse(raw.as_bytes()) else { return Ok(()) };
    if jwk.kty.as_deref() == Some("oct") || jwk.has_private_members() {
        return Err(Error::KeyInvalid { reason: "a secret or private key stands in a public set" });
    }
    if jwk.check_purpose(Purpose::Verify).is_err() {
        return Ok(());
    }
    let rsa_without_algorithm = jwk.kty.as_deref() == Some("RSA") && !jwk.has_declared_algorithm();
    let algorithms = if rsa_without_algorithm {
        rsa_algorithms.iter().copied().filter(|alg| alg.family() == Family::Rsa).collect()
    } else {
        jwk.algorithm(None).into_iter().collect::<Vec<_>>()
    };
    let usable =
        algorithms.into_iter().filter_map(|alg| VerifyingKey::from_raw_jwk(&jwk, alg).ok());
    for key in usable {
        // The same entry twice says nothing new.
        let again = |other: &VerifyingKey| {
            other.kid() == key.kid()
                && other.same_material(&key)
                && other.algorithm().shares_key_with(key.algorithm())
        };
        if !keys.iter().any(again) {
            keys.push(key);
        }
    }
    Ok(())
}
