//! The claims set (RFC 7519 section 4): the registered claims typed, everything else as signed.

use std::fmt;

use serde::Deserialize;

use crate::error::{Error, JsonFault};
use crate::from_claims::{Claim, FromClaims};
use crate::json::strict::{self, Member};
use crate::json::{Kind, Value};
use crate::registered::{Aud, ClaimName, Dates, NumericDate, Places, Registered, Span};

/// The claims of a token. One allocation holds the JSON text; the fields point into it.
#[derive(Clone)]
pub struct Claims {
    raw: String,
    registered: Registered,
    /// What the strings say that are written with escapes, in the order of the places where they
    /// begin.
    unescaped: Box<[(u32, Box<str>)]>,
    /// One bit for each demanded claim that was met while the text was read.
    met: u64,
}

impl Claims {
    /// The issuer (RFC 7519 section 4.1.1).
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.registered.iss.map(|span| self.text(span))
    }

    /// The subject (RFC 7519 section 4.1.2). Never empty, and without control characters.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.registered.sub.map(|span| self.text(span))
    }

    /// The audiences (RFC 7519 section 4.1.3), in order; none when the claim is absent.
    pub fn aud(&self) -> impl Iterator<Item = &str> {
        self.registered.aud.iter().flat_map(Aud::spans).map(|span| self.text(*span))
    }

    /// Whether the token has the claim `aud`, even with no audience in it.
    pub(crate) const fn has_aud(&self) -> bool {
        self.registered.aud.is_some()
    }

    /// The token's id (RFC 7519 section 4.1.7).
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.registered.jti.map(|span| self.text(span))
    }

    /// When the token expires (RFC 7519 section 4.1.4). A verifier refuses what is beyond the year
    /// 9999: milliseconds, most often.
    #[must_use]
    pub const fn exp(&self) -> Option<NumericDate> {
        self.registered.dates.exp()
    }

    /// Before when the token is not valid (RFC 7519 section 4.1.5).
    #[must_use]
    pub const fn nbf(&self) -> Option<NumericDate> {
        self.registered.dates.nbf()
    }

    /// When the token was issued (RFC 7519 section 4.1.6).
    #[must_use]
    pub const fn iat(&self) -> Option<NumericDate> {
        self.registered.dates.iat()
    }

    /// All that is compared with the clock.
    pub(crate) const fn dates(&self) -> Dates {
        self.registered.dates
    }

    /// The whole claims set as the JSON text that was signed.
    #[must_use]
    pub fn raw_json(&self) -> &str {
        &self.raw
    }

    /// The whole claims set as the JSON text that was signed, without copying it.
    #[must_use]
    pub fn into_raw_json(self) -> String {
        self.raw
    }

    /// A claim of any type; `None` when it is absent. To read several, prefer
    /// [`Verifier::verify_as`](crate::Verifier::verify_as). The type may borrow: a
    /// `&serde_json::value::RawValue` is the claim as it was signed, without a copy.
    ///
    /// # Errors
    /// [`Error::ClaimsMismatch`] when the claim is not a `T`.
    pub fn get<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Result<Option<T>, Error> {
        self.find(name)
            .map(|value| serde_json::from_str(value.raw()).map_err(|_| Error::ClaimsMismatch))
            .transpose()
    }

    /// The whole claims set as a `T`, which may borrow from it.
    ///
    /// # Errors
    /// [`Error::ClaimsMismatch`] when the claims do not fit.
    pub fn deserialize<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        serde_json::from_str(&self.raw).map_err(|_| Error::ClaimsMismatch)
    }

    /// Whether all these claims are there, as far as that was noted when they were read.
    #[inline]
    pub(crate) const fn have(&self, registered: u8, others: u64) -> bool {
        self.registered.bits() & registered == registered && self.met & others == others
    }

    /// Whether the claim is there; `null` counts as absent.
    pub(crate) fn has(&self, claim: &ClaimName) -> bool {
        match claim {
            ClaimName::Other(name) => self.find(name).is_some_and(|found| found.kind != Kind::Null),
            registered => self.registered.bits() & registered.bit() != 0,
        }
    }

    /// Reads a payload. Faults of the JSON come first, then wrong types, as the order of the text
    /// has it. Notes on the way which of the `demanded` claims are there, and shows `T` all that are
    /// not registered.
    pub(crate) fn parse<T: FromClaims>(
        payload: Vec<u8>,
        max_depth: usize,
        demanded: &[ClaimName],
    ) -> Result<(Self, T::Draft), Error> {
        let malformed = |fault| Error::MalformedClaims { fault };
        let raw = String::from_utf8(payload).map_err(|_| malformed(JsonFault::NotUtf8))?;
        let mut places = Places::default();
        let mut met = 0;
        let (mut draft, mut read) = (T::Draft::default(), Ok(()));
        let mut take = |member: Member<'_>| {
            if places.take(member) {
                return;
            }
            if !demanded.is_empty() {
                met |= meets(member, demanded);
            }
            if read.is_ok() {
                read = T::read(&mut draft, Claim::new(member));
            }
        };
        strict::object(&raw, max_depth, &mut take).map_err(malformed)?;
        let registered = places.read(&raw).map_err(|claim| Error::ClaimType { claim })?;
        read?;
        let unescaped = unescaped(&raw, &registered);
        Ok((Self { raw, registered, unescaped, met }, draft))
    }

    /// What the string says.
    fn text(&self, span: Span) -> &str {
        if !span.is_escaped() {
            return span.of(&self.raw).raw();
        }
        let found = self.unescaped.binary_search_by_key(&span.start(), |(start, _)| *start);
        found.ok().and_then(|at| self.unescaped.get(at)).map_or("", |(_, text)| text)
    }

    fn find(&self, name: &str) -> Option<Value<'_>> {
        strict::find(&self.raw, name)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Claims")
            .field("iss", &self.iss())
            .field("sub", &self.sub())
            .field("aud", &self.aud().collect::<Vec<_>>())
            .field("exp", &self.exp())
            .finish_non_exhaustive()
    }
}

/// Of so many demanded claims it is noted whether they are there; for more, it is looked up.
pub(crate) const NOTED: usize = 63;

/// The bit of the demanded claim that this is.
#[inline(never)]
fn meets(member: Member<'_>, demanded: &[ClaimName]) -> u64 {
    let is_met = |claim: &ClaimName| match claim {
        ClaimName::Other(name) => member.value.kind != Kind::Null && member.name.is_str(name),
        _ => false,
    };
    demanded.iter().take(NOTED).position(is_met).map_or(0, |at| 1 << at)
}

/// What those strings say that are written with escapes; hardly ever there are any.
#[inline(always)]
fn unescaped(raw: &str, registered: &Registered) -> Box<[(u32, Box<str>)]> {
    let Registered { iss, sub, jti, aud, .. } = registered;
    let is_escaped = |span: &Option<Span>| span.is_some_and(Span::is_escaped);
    let auds = aud.as_ref().map_or(&[][..], Aud::spans);
    let any = is_escaped(iss) | is_escaped(sub) | is_escaped(jti);
    if !any && auds.iter().all(|span| !span.is_escaped()) {
        return Box::default();
    }
    let spans = [iss, sub, jti].into_iter().flatten().chain(auds);
    let value = |span: &Span| (span.start(), span.of(raw).value().into());
    let mut texts: Box<[_]> = spans.filter(|span| span.is_escaped()).map(value).collect();
    texts.sort_unstable_by_key(|(start, _)| *start);
    texts
}
