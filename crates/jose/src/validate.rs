//! What the claims must say once the signature is known to be right (RFC 7519 section 4.1).
//!
//! The clock is the caller's: `now` comes in as Unix seconds.

use crate::claims::{Claims, NOTED};
use crate::error::Error;
use crate::registered::{ClaimName, Dates, NumericDate};

/// Whose tokens are accepted. One verifier is for the keys of its issuers only: two issuers with
/// keys of their own need two verifiers (RFC 8725 section 3.8).
#[derive(Clone, Debug)]
pub struct Issuer(Option<Vec<String>>);

impl Issuer {
    /// Does not look at `iss`: the caller has decided that the keys alone say enough.
    #[must_use]
    pub const fn any() -> Self {
        Self(None)
    }

    /// Only this issuer, compared character by character.
    #[must_use]
    pub fn one(issuer: impl Into<String>) -> Self {
        Self(Some(vec![issuer.into()]))
    }

    /// Any of these issuers, compared character by character.
    #[must_use]
    pub fn any_of<I: Into<String>>(issuers: impl IntoIterator<Item = I>) -> Self {
        Self(Some(issuers.into_iter().map(Into::into).collect()))
    }

    fn check(&self, claims: &Claims) -> Result<(), Error> {
        let Some(expected) = &self.0 else { return Ok(()) };
        let iss = claims.iss().ok_or_else(|| missing("iss"))?;
        if expected.iter().any(|expected| expected == iss) {
            Ok(())
        } else {
            Err(Error::IssuerMismatch)
        }
    }
}

/// For whom the accepted tokens are.
#[derive(Clone, Debug)]
pub struct Audience(Expected);

#[derive(Clone, Debug)]
enum Expected {
    Any,
    Nobody,
    AnyOf(Vec<String>),
}

impl Audience {
    /// Does not look at `aud`: the caller has decided that a token for anybody will do.
    #[must_use]
    pub const fn any() -> Self {
        Self(Expected::Any)
    }

    /// Expects no audience: a token that has one is meant for somebody else and is refused
    /// (RFC 7519 section 4.1.3).
    #[must_use]
    pub const fn none() -> Self {
        Self(Expected::Nobody)
    }

    /// The token must name this audience, perhaps among others.
    #[must_use]
    pub fn one(audience: impl Into<String>) -> Self {
        Self(Expected::AnyOf(vec![audience.into()]))
    }

    /// The token must name at least one of these audiences, perhaps among others.
    #[must_use]
    pub fn any_of<A: Into<String>>(audiences: impl IntoIterator<Item = A>) -> Self {
        Self(Expected::AnyOf(audiences.into_iter().map(Into::into).collect()))
    }

    fn check(&self, claims: &Claims) -> Result<(), Error> {
        let fits = match &self.0 {
            Expected::Any => true,
            Expected::Nobody => !claims.has_aud(),
            Expected::AnyOf(ours) => claims.aud().any(|aud| ours.iter().any(|our| our == aud)),
        };
        if fits { Ok(()) } else { Err(Error::AudienceMismatch) }
    }
}

/// By how many seconds the issuer's clock may differ from ours, for each date on its own. At most
/// [`Leeway::MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Leeway {
    /// How long after `exp` a token is still accepted.
    pub exp: u32,
    /// How long before `nbf` a token is already accepted.
    pub nbf: u32,
    /// How far in the future `iat` may be.
    pub iat: u32,
}

impl Leeway {
    /// The most that any of the three may be, in seconds.
    pub const MAX: u32 = 300;

    /// Sets each of the three, in seconds.
    #[must_use]
    pub const fn new(exp: u32, nbf: u32, iat: u32) -> Self {
        Self { exp, nbf, iat }
    }

    /// The same number of seconds for all three.
    #[must_use]
    pub const fn uniform(seconds: u32) -> Self {
        Self { exp: seconds, nbf: seconds, iat: seconds }
    }
}

impl Default for Leeway {
    /// Nothing for `exp`, since whoever issues a token can choose it; a minute for `nbf` and `iat`,
    /// since a fresh token must work on a machine whose clock is a little behind.
    fn default() -> Self {
        Self { exp: 0, nbf: 60, iat: 60 }
    }
}

/// 9999-12-31T23:59:59Z: a later `exp` is a mistake (milliseconds, most often) or a token that
/// never ends.
const END_OF_TIME: f64 = 253_402_300_799.0;

/// All rules of one verifier.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) issuer: Issuer,
    pub(crate) audience: Audience,
    pub(crate) leeway: Leeway,
    pub(crate) required: Vec<ClaimName>,
    /// The bits of the registered ones among them.
    registered: u8,
    /// A bit for each of the others, at its place.
    others: u64,
}

impl Rules {
    pub(crate) fn new(issuer: Issuer, audience: Audience) -> Self {
        let required = vec![ClaimName::Exp];
        let leeway = Leeway::default();
        Self { issuer, audience, leeway, required, registered: 0, others: 0 }
    }

    /// What the claims are to be searched for while they are read; nothing where all that is required
    /// is registered.
    #[inline]
    pub(crate) fn demanded(&self) -> &[ClaimName] {
        if self.others == 0 { &[] } else { &self.required }
    }

    /// Makes an expected issuer and audience required, and refuses what cannot be meant.
    pub(crate) fn complete(&mut self) -> Result<(), Error> {
        let Leeway { exp, nbf, iat } = self.leeway;
        if exp.max(nbf).max(iat) > Leeway::MAX {
            return Err(Error::ConfigInvalid { reason: "a leeway is above 300 seconds" });
        }
        if let Some(expected) = &self.issuer.0 {
            refuse_empty(expected, "no issuer, or an empty one, is expected")?;
            self.require(ClaimName::Iss);
        }
        if let Expected::AnyOf(expected) = &self.audience.0 {
            refuse_empty(expected, "no audience, or an empty one, is expected")?;
            self.require(ClaimName::Aud);
        }
        for (at, claim) in self.required.iter().enumerate() {
            match claim {
                // Beyond those that are noted: a bit that no token has.
                ClaimName::Other(_) => self.others |= 1 << at.min(NOTED),
                registered => self.registered |= registered.bit(),
            }
        }
        Ok(())
    }

    fn require(&mut self, claim: ClaimName) {
        if !self.required.contains(&claim) {
            self.required.push(claim);
        }
    }

    /// Checks the claims at the instant `now`, in the order of the RFC's claims.
    #[inline]
    pub(crate) fn check(&self, claims: &Claims, now: i64) -> Result<(), Error> {
        if !claims.have(self.registered, self.others) {
            let missed = self.required.iter().find(|claim| !claims.has(claim));
            if let Some(claim) = missed {
                return Err(missing(claim.as_str()));
            }
        }
        self.check_dates(claims.dates(), now)?;
        self.issuer.check(claims)?;
        self.audience.check(claims)
    }

    /// The rules whose answer depends on the clock, and therefore changes.
    #[inline]
    pub(crate) fn check_dates(&self, dates: Dates, now: i64) -> Result<(), Error> {
        // Exact for every instant of the next hundred million years.
        let now = now as f64;
        let after = |date: Option<NumericDate>, bound: f64| date.filter(|d| d.as_f64() > bound);
        if let Some(exp) = dates.exp() {
            if now >= exp.as_f64() + f64::from(self.leeway.exp) {
                return Err(Error::Expired { at: exp.seconds() });
            }
            if exp.as_f64() > END_OF_TIME {
                return Err(Error::ClaimType { claim: "exp" });
            }
        }
        if let Some(nbf) = after(dates.nbf(), now + f64::from(self.leeway.nbf)) {
            return Err(Error::NotYetValid { from: nbf.seconds() });
        }
        if let Some(iat) = after(dates.iat(), now + f64::from(self.leeway.iat)) {
            return Err(Error::IssuedInFuture { at: iat.seconds() });
        }
        Ok(())
    }
}

fn refuse_empty(expected: &[String], reason: &'static str) -> Result<(), Error> {
    if expected.is_empty() || expected.iter().any(String::is_empty) {
        return Err(Error::ConfigInvalid { reason });
    }
    Ok(())
}

fn missing(claim: &str) -> Error {
    Error::MissingClaim { claim: claim.to_owned() }
}
