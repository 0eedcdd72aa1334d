//! Remembering which tokens were verified, for algorithms whose check costs far more than a lookup.

use std::{fmt, sync::Arc};

use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::registered::Dates;
use crate::verify::{Verified, Verifier};

/// Longer tokens are verified each time.
const LONGEST: usize = 4 * 1024;
/// By so many of its last characters a token is looked up; they are the end of its signature.
const TAIL: usize = 16;

/// A [`Verifier`] that remembers the tokens it has accepted, for one policy and one type of claims.
///
/// What it answers is what the verifier would answer: the whole token is compared, its dates are
/// checked again at every call, and keys, issuer and audience cannot change within a verifier. What
/// can change outside of it, such as revocation, is the caller's to check at every call. Refusals
/// are not remembered. Tokens with a MAC are verified each time, because that is as quick.
///
/// It holds at most `capacity` tokens of at most 4 KiB with their claims; those that are asked for
/// least are forgotten first.
pub struct CachedVerifier<T> {
    verifier: Verifier,
    accepted: Option<Cache<[u8; TAIL], Arc<Known<T>>>>,
}

struct Known<T> {
    token: Box<[u8]>,
    dates: Dates,
    verified: Arc<Verified<T>>,
}

impl<T: DeserializeOwned> CachedVerifier<T> {
    /// Remembers up to `capacity` tokens that `verifier` accepts; with 0 none.
    #[must_use]
    pub fn new(verifier: Verifier, capacity: usize) -> Self {
        let worth_it = capacity > 0 && !verifier.is_symmetric();
        let accepted = worth_it.then(|| Cache::new(capacity));
        Self { verifier, accepted }
    }

    /// Checks a token at the instant `now` (Unix seconds).
    ///
    /// # Errors
    /// As [`Verifier::verify_as`].
    pub fn verify(&self, token: impl AsRef<[u8]>, now: i64) -> Result<Arc<Verified<T>>, Error> {
        let token = token.as_ref();
        let place = self.accepted.as_ref().zip(tail(token));
        let known = place.and_then(|(accepted, tail)| accepted.get(tail));
        if let Some(known) = known.filter(|known| *known.token == *token) {
            self.verifier.check_dates(known.dates, now)?;
            return Ok(Arc::clone(&known.verified));
        }
        let (verified, dates) = self.verifier.verify_dated(token, now)?;
        let verified = Arc::new(verified);
        if let Some((accepted, tail)) = place {
            let known = Known { token: token.into(), dates, verified: Arc::clone(&verified) };
            accepted.insert(*tail, Arc::new(known));
        }
        Ok(verified)
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.accepted.as_ref().map_or(0, Cache::len)
    }
}

/// Where a token is looked up. Who does not have the key cannot choose the end of a signature that
/// is accepted, so nobody can crowd one place.
fn tail(token: &[u8]) -> Option<&[u8; TAIL]> {
    token.last_chunk().filter(|_| token.len() <= LONGEST)
}

impl<T> fmt::Debug for CachedVerifier<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CachedVerifier")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
