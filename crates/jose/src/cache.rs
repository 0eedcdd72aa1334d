//! Remembering which tokens were verified: a signature costs far more than a lookup, and so does
//! reading claims behind a MAC.

use std::{fmt, hash::RandomState, sync::Arc};

use quick_cache::{OptionsBuilder, UnitWeighter, sync::Cache};

use crate::error::Error;
use crate::from_claims::FromClaims;
use crate::registered::Dates;
use crate::verify::{Verified, Verifier};

/// Longer tokens are verified each time.
const LONGEST: usize = 4 * 1024;
/// By so many of its last characters a token is looked up; they are the end of its signature.
const TAIL: usize = 16;
/// Into so many parts it is divided at the most, which can be written to at the same time, and none
/// of them for fewer tokens than this.
const SHARDS: usize = 16;
const SHARD_TOKENS: usize = 32;

/// A [`Verifier`] that remembers the tokens it has accepted, for one policy and one type of claims.
///
/// What it answers is what the verifier would answer: the whole token is compared, its dates are
/// checked again at every call, and keys, issuer and audience cannot change within a verifier. What
/// can change outside of it, such as revocation, is the caller's to check at every call. Refusals
/// are not remembered.
///
/// It holds at most `capacity` tokens of at most 4 KiB with their claims; those that are asked for
/// least are forgotten first. An access token of 700 bytes takes about 1.7 KiB.
///
/// Nobody waits in it: where it is being written to at this instant, the token is verified, and
/// perhaps not remembered. So is a token that several threads bring at once for the first time.
pub struct CachedVerifier<T> {
    verifier: Verifier,
    accepted: Option<Accepted<T>>,
}

/// Looked up by a keyed hash, so that nobody outside can make two places meet.
type Accepted<T> = Cache<[u8; TAIL], Arc<Known<T>>, UnitWeighter, RandomState>;

struct Known<T> {
    token: Box<[u8]>,
    dates: Dates,
    verified: Arc<Verified<T>>,
}

impl<T: FromClaims> CachedVerifier<T> {
    /// Remembers up to `capacity` tokens that `verifier` accepts; with 0 none.
    #[must_use]
    pub fn new(verifier: Verifier, capacity: usize) -> Self {
        let accepted = if capacity > 0 { room(capacity) } else { None };
        Self { verifier, accepted }
    }

    /// Checks a token at the instant `now` (Unix seconds).
    ///
    /// # Errors
    /// As [`Verifier::verify_as`].
    pub fn verify(&self, token: impl AsRef<[u8]>, now: i64) -> Result<Arc<Verified<T>>, Error> {
        let token = token.as_ref();
        if let Some(remembered) = self.recall(token, now) {
            return remembered;
        }
        let (verified, dates) = self.verifier.verify_dated(token, now)?;
        let verified = Arc::new(verified);
        if let Some((accepted, tail)) = self.place(token) {
            let known = Known { token: token.into(), dates, verified: Arc::clone(&verified) };
            // Refused while somebody else is at it; the next time will do.
            let _ = accepted.try_insert(*tail, Arc::new(known));
        }
        Ok(verified)
    }

    /// The same for a token that is remembered, which takes no time worth mentioning; `None` for
    /// another.
    ///
    /// # Errors
    /// The dates', as [`Verifier::verify_as`].
    pub fn recall(
        &self,
        token: impl AsRef<[u8]>,
        now: i64,
    ) -> Option<Result<Arc<Verified<T>>, Error>> {
        let token = token.as_ref();
        let (accepted, tail) = self.place(token)?;
        let known = accepted.try_get(tail).ok().flatten()?;
        let known = Some(known).filter(|known| *known.token == *token)?;
        let current = self.verifier.check_dates(known.dates, now);
        Some(current.map(|()| Arc::clone(&known.verified)))
    }

    /// Where a token is remembered. Who does not have the key cannot choose the end of a signature
    /// that is accepted, so nobody can crowd one place; and only who knows that end, 96 bits, comes to
    /// where the token is compared, so that the time it takes tells nobody else anything.
    fn place<'a>(&self, token: &'a [u8]) -> Option<(&Accepted<T>, &'a [u8; TAIL])> {
        let accepted = self.accepted.as_ref()?;
        let tail = token.last_chunk().filter(|_| token.len() <= LONGEST)?;
        Some((accepted, tail))
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.accepted.as_ref().map_or(0, Cache::len)
    }
}

/// Room for `capacity` tokens and never for more: what does not divide evenly is left out.
fn room<T>(capacity: usize) -> Option<Accepted<T>> {
    let shards = 1 << (capacity / SHARD_TOKENS).clamp(1, SHARDS).ilog2();
    let tokens = capacity - capacity % shards;
    let options = OptionsBuilder::new()
        .shards(shards)
        .estimated_items_capacity(tokens)
        .weight_capacity(tokens as u64)
        .build()
        .ok()?;
    Some(Cache::with_options(options, UnitWeighter, RandomState::new(), Default::default()))
}

impl<T> fmt::Debug for CachedVerifier<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CachedVerifier")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
