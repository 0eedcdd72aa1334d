//! Checking tokens: size, form, header, key, signature, then the claims.
//!
//! The order is fixed: nothing is parsed beyond the size limit, no key is looked up for a header
//! that is not acceptable by itself, and no claim is read before the signature is right.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::algorithm::Algorithm;
use crate::base64;
use crate::claims::Claims;
use crate::error::Error;
use crate::from_claims::FromClaims;
use crate::header::{Header, ParsedHeader};
use crate::key::VerifyingKey;
use crate::key_set::KeySet;
use crate::registered::{ClaimName, Dates};
use crate::validate::{Audience, Issuer, Leeway, Rules};

/// Checks tokens by one policy. Make it once and keep it; clones share everything, all methods
/// take `&self`, and nothing blocks.
///
/// ```
/// use countersign_jose::{Algorithm, Audience, Issuer, Signer, SigningKey, Verifier};
///
/// # fn main() -> Result<(), countersign_jose::Error> {
/// let key = SigningKey::generate(Algorithm::EdDsa)?;
/// let verifier = Verifier::builder(
///     key.verifying_key(),
///     &[Algorithm::EdDsa],
///     Issuer::one("https://issuer.example"),
///     Audience::one("api"),
/// )
/// .build()?;
///
/// let claims = serde_json::json!({
///     "iss": "https://issuer.example", "aud": "api", "sub": "user-1", "exp": 1_800_000_600,
/// });
/// let token = Signer::new(key).sign(&claims)?;
/// let verified = verifier.verify(&token, 1_800_000_000)?;
/// assert_eq!(verified.claims().sub(), Some("user-1"));
/// assert!(verifier.verify(&token, 1_800_000_600).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Verifier {
    policy: Arc<Policy>,
}

/// The keys of a verifier.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Keys {
    /// One key; the token's `kid` is not looked at.
    One(VerifyingKey),
    /// Several keys; the token's `kid` chooses.
    Set(KeySet),
}

impl From<VerifyingKey> for Keys {
    fn from(key: VerifyingKey) -> Self {
        Self::One(key)
    }
}

impl From<KeySet> for Keys {
    fn from(set: KeySet) -> Self {
        Self::Set(set)
    }
}

impl Keys {
    fn select(&self, header: &Header) -> Result<&VerifyingKey, Error> {
        match self {
            Self::Set(set) => set.select(header.kid(), header.algorithm()),
            Self::One(key) if key.algorithm().shares_key_with(header.algorithm()) => Ok(key),
            Self::One(_) => Err(Error::AlgorithmNotAllowed),
        }
    }

    fn any_fits(&self, allowed: &[Algorithm]) -> bool {
        let fits = |key: &VerifyingKey| {
            allowed.iter().any(|algorithm| key.algorithm().shares_key_with(*algorithm))
        };
        match self {
            Self::One(key) => fits(key),
            Self::Set(set) => set.iter().any(fits),
        }
    }
}

/// Claims that a [`Verifier`] has checked. There is no other way to get one.
#[derive(Clone)]
pub struct Verified<T> {
    accepted: Arc<Accepted>,
    claims: T,
}

impl<T> Verified<T> {
    /// The claims.
    pub const fn claims(&self) -> &T {
        &self.claims
    }

    /// The claims, taken out.
    #[must_use]
    pub fn into_claims(self) -> T {
        self.claims
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.accepted.header
    }

    /// The key that the signature was checked with.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        &self.accepted.key
    }
}

impl<T: fmt::Debug> fmt::Debug for Verified<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verified")
            .field("header", &self.accepted.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Begins a verifier. The four things that nobody else can know have no defaults: with which
    /// keys, by which algorithms, from whom, for whom.
    pub fn builder(
        keys: impl Into<Keys>,
        algorithms: &[Algorithm],
        issuer: Issuer,
        audience: Audience,
    ) -> VerifierBuilder {
        VerifierBuilder {
            keys: keys.into(),
            algorithms: algorithms.to_vec(),
            typ: None,
            rules: Rules::new(issuer, audience),
            max_token_bytes: 16 * 1024,
            max_json_depth: 32,
        }
    }

    /// Checks a token at the instant `now` (Unix seconds).
    ///
    /// # Errors
    /// The first check that fails, in the order size, form, base64, header, algorithm, extensions,
    /// media type, key, signature, claims, dates, issuer, audience.
    pub fn verify(&self, token: impl AsRef<[u8]>, now: i64) -> Result<Verified<Claims>, Error> {
        self.verify_as(token, now)
    }

    /// Checks a token and reads its claims as a `T`.
    ///
    /// # Errors
    /// As [`Verifier::verify`], and [`Error::ClaimsMismatch`] or what else [`FromClaims`] says when the
    /// claims are not a `T`.
    pub fn verify_as<T: FromClaims>(
        &self,
        token: impl AsRef<[u8]>,
        now: i64,
    ) -> Result<Verified<T>, Error> {
        self.verify_dated(token.as_ref(), now).map(|(verified, _)| verified)
    }

    /// The same with the dates, so that they can be checked again.
    #[inline]
    pub(crate) fn verify_dated<T: FromClaims>(
        &self,
        token: &[u8],
        now: i64,
    ) -> Result<(Verified<T>, Dates), Error> {
        self.policy.verify(token, now)
    }

    /// Checks the dates of a token that was accepted before.
    pub(crate) fn check_dates(&self, dates: Dates, now: i64) -> Result<(), Error> {
        self.policy.rules.check_dates(dates, now)
    }

    pub(crate) fn verify_signature(&self, token: &[u8]) -> Result<(Header, Vec<u8>), Error> {
        let (accepted, payload) = self.policy.authenticate(token)?;
        Ok((accepted.header.clone(), payload))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("keys", &self.policy.keys)
            .field("typ", &self.policy.typ)
            .field("rules", &self.policy.rules)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Verifier`] to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifierBuilder {
    keys: Keys,
    algorithms: Vec<Algorithm>,
    typ: Option<String>,
    rules: Rules,
    max_token_bytes: usize,
    max_json_depth: usize,
}

impl VerifierBuilder {
    /// Demands this media type, such as `at+jwt`; `None` (the default) does not look at `typ`.
    pub fn typ(mut self, typ: Option<&str>) -> Self {
        self.typ = typ.map(str::to_owned);
        self
    }

    /// Sets by how much clocks may differ; see [`Leeway::default`].
    pub const fn leeway(mut self, leeway: Leeway) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// Demands these claims instead of `exp` only; `null` counts as absent. An expected issuer or
    /// audience is always demanded.
    pub fn required(mut self, claims: &[&str]) -> Self {
        self.rules.required = claims.iter().map(|&claim| ClaimName::named(claim)).collect();
        self
    }

    /// Limits the length of a token; 16 KiB unless set, and 1 MiB at the most.
    pub const fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.max_token_bytes = bytes;
        self
    }

    /// Limits how deep the JSON may nest, the outermost object included; 32 unless set, and 128 at
    /// the most.
    pub const fn max_json_depth(mut self, depth: usize) -> Self {
        self.max_json_depth = depth;
        self
    }

    /// Makes the verifier.
    ///
    /// # Errors
    /// [`Error::ConfigInvalid`] when no algorithm is allowed, when HMAC and public-key algorithms
    /// are mixed (the classic confusion, RFC 8725 section 2.1), when no key fits an allowed
    /// algorithm, when an expected issuer or audience is empty, or when a limit is out of range.
    pub fn build(mut self) -> Result<Verifier, Error> {
        let refused = |reason| Err(Error::ConfigInvalid { reason });
        if self.algorithms.is_empty() {
            return refused("no algorithm is allowed: name at least one");
        }
        let symmetric = |algorithm: &Algorithm| algorithm.is_symmetric();
        if self.algorithms.iter().any(symmetric) && !self.algorithms.iter().all(symmetric) {
            return refused("hmac and public-key algorithms in one list: make two verifiers");
        }
        if !self.keys.any_fits(&self.algorithms) {
            return refused("no key is for an allowed algorithm");
        }
        if !(1..=1 << 20).contains(&self.max_token_bytes) {
            return refused("the limit of token bytes is not between 1 and 1 MiB");
        }
        if !(1..=128).contains(&self.max_json_depth) {
            return refused("the limit of nesting is not between 1 and 128");
        }
        if self.typ.as_deref() == Some("") {
            return refused("an empty media type is expected");
        }
        self.rules.complete()?;
        let policy = Policy {
            keys: self.keys,
            allowed: self.algorithms.iter().fold(0, |bits, algorithm| bits | algorithm.bit()),
            typ: self.typ,
            rules: self.rules,
            max_token_bytes: self.max_token_bytes,
            max_json_depth: self.max_json_depth,
            recent: Recent::default(),
        };
        Ok(Verifier { policy: Arc::new(policy) })
    }
}

struct Policy {
    keys: Keys,
    /// One bit for each allowed algorithm.
    allowed: u16,
    typ: Option<String>,
    rules: Rules,
    max_token_bytes: usize,
    max_json_depth: usize,
    recent: Recent,
}

/// A header that passed all its checks, and the key that it leads to.
struct Accepted {
    header: Header,
    key: VerifyingKey,
}

impl Policy {
    fn verify<T: FromClaims>(&self, token: &[u8], now: i64) -> Result<(Verified<T>, Dates), Error> {
        let (accepted, payload) = self.authenticate(token)?;
        let (claims, draft) =
            Claims::parse::<T>(payload, self.max_json_depth, self.rules.demanded())?;
        self.rules.check(&claims, now)?;
        let dates = claims.dates();
        Ok((Verified { accepted, claims: T::finish(draft, claims)? }, dates))
    }

    /// Everything up to the signature; gives the payload.
    #[inline]
    fn authenticate(&self, token: &[u8]) -> Result<(Arc<Accepted>, Vec<u8>), Error> {
        if token.len() > self.max_token_bytes {
            return Err(Error::TokenTooLarge { limit: self.max_token_bytes });
        }
        let known = self.recent.find(token);
        let parts = Parts::split(token, known)?;
        let payload = base64::decode(parts.payload).map_err(|_| malformed(token))?;
        let mut room = SignatureRoom::default();
        let signature = room.of(base64::decoded_len(parts.signature.len()));
        base64::decode_into(parts.signature, signature).map_err(|_| malformed(token))?;
        let accepted = match known {
            Some(known) => Arc::clone(&known.accepted),
            None => Arc::new(self.accept(token, parts.header)?),
        };
        if !accepted.key.accepts(parts.signing_input, signature) {
            return Err(Error::InvalidSignature);
        }
        if known.is_none() {
            self.recent.remember(&parts, &accepted);
        }
        Ok((accepted, payload))
    }

    /// Checks a header and finds its key.
    fn accept(&self, token: &[u8], encoded: &[u8]) -> Result<Accepted, Error> {
        let bytes = base64::decode(encoded).map_err(|_| malformed(token))?;
        let parsed = ParsedHeader::parse(&bytes, self.max_json_depth)?;
        let header = parsed.check(self.allowed, self.typ.as_deref())?;
        let key = self.keys.select(&header)?.clone();
        Ok(Accepted { header, key })
    }
}

/// The three parts, still encoded.
struct Parts<'a> {
    header: &'a [u8],
    header_with_dot: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    /// Header and payload with the dot between them (RFC 7515 section 5.1).
    signing_input: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Splits at the first dot and at the last one, or where a known header leads to a dot. Should
    /// there be more, what is between them does not decode.
    fn split(token: &'a [u8], known: Option<&KnownHeader>) -> Result<Self, Error> {
        let is_dot = |byte: &u8| *byte == b'.';
        let last = known
            .and_then(|known| token.len().checked_sub(known.signature_len + 1))
            .filter(|guess| token.get(*guess).is_some_and(is_dot))
            .or_else(|| token.iter().rposition(is_dot))
            .ok_or(Error::MalformedToken)?;
        let (signing_input, signature) = token.split_at(last);
        let body = match known {
            Some(known) => known.prefix.len(),
            None => token.iter().position(is_dot).map_or(0, |first| first + 1),
        };
        let (header_with_dot, payload) =
            signing_input.split_at_checked(body).ok_or(Error::MalformedToken)?;
        let header = header_with_dot.strip_suffix(b".").ok_or(Error::MalformedToken)?;
        let signature = signature.strip_prefix(b".").ok_or(Error::MalformedToken)?;
        Ok(Self { header, header_with_dot, payload, signature, signing_input })
    }
}

/// Where a signature is decoded to: all but those of RSA are short.
#[derive(Default)]
struct SignatureRoom {
    short: [u8; 32],
    long: Vec<u8>,
}

impl SignatureRoom {
    fn of(&mut self, length: usize) -> &mut [u8] {
        if length > self.short.len() {
            self.long.resize(length, 0);
        }
        if let Some(short) = self.short.get_mut(..length) { short } else { &mut self.long }
    }
}

/// Says why a part did not decode: a dot too many, or a character that has no business there.
fn malformed(token: &[u8]) -> Error {
    if token.iter().filter(|byte| **byte == b'.').count() == 2 {
        Error::MalformedBase64
    } else {
        Error::MalformedToken
    }
}

/// The first few headers that led to a right signature. An issuer writes the same header for every
/// token of a key, so comparing its text replaces decoding, parsing and looking up the key. What
/// is kept depends on the header and the policy alone, and both never change, so an entry is never
/// wrong and never goes away; a policy with other keys is another verifier.
#[derive(Default)]
struct Recent {
    slots: [OnceLock<KnownHeader>; 4],
}

struct KnownHeader {
    /// The encoded header and its dot.
    prefix: Box<[u8]>,
    /// The encoded length that every signature by its key has.
    signature_len: usize,
    accepted: Arc<Accepted>,
}

impl Recent {
    /// Longer headers are not kept.
    const MAX_BYTES: usize = 1024;

    fn find(&self, token: &[u8]) -> Option<&KnownHeader> {
        let known = self.slots.iter().map_while(OnceLock::get);
        known.into_iter().find(|known| token.starts_with(&known.prefix))
    }

    fn remember(&self, parts: &Parts<'_>, accepted: &Arc<Accepted>) {
        let (prefix, signature_len) = (parts.header_with_dot, parts.signature.len());
        if prefix.len() > Self::MAX_BYTES {
            return;
        }
        for slot in &self.slots {
            match slot.get() {
                Some(known) if *known.prefix == *prefix => return,
                Some(_) => {}
                None => {
                    let accepted = Arc::clone(accepted);
                    // Losing a race against another header costs a slower path, nothing else.
                    let _ =
                        slot.set(KnownHeader { prefix: prefix.into(), signature_len, accepted });
                    return;
                }
            }
        }
    }
}
