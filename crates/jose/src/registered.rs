//! The registered claims (RFC 7519 section 4.1): their names, their types, and reading them.

use std::num::NonZeroU64;

use crate::json::strict::{self, Member};
use crate::json::{Kind, Text, Value, tag};

/// The name of a claim that may be demanded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ClaimName {
    Iss,
    Sub,
    Aud,
    Exp,
    Nbf,
    Iat,
    Jti,
    Other(String),
}

impl ClaimName {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "iss" => Self::Iss,
            "sub" => Self::Sub,
            "aud" => Self::Aud,
            "exp" => Self::Exp,
            "nbf" => Self::Nbf,
            "iat" => Self::Iat,
            "jti" => Self::Jti,
            other => Self::Other(other.to_owned()),
        }
    }

    /// One bit for each registered claim, none for others.
    pub(crate) const fn bit(&self) -> u8 {
        match self {
            Self::Iss => 1,
            Self::Sub => 1 << 1,
            Self::Aud => 1 << 2,
            Self::Exp => 1 << 3,
            Self::Nbf => 1 << 4,
            Self::Iat => 1 << 5,
            Self::Jti => 1 << 6,
            Self::Other(_) => 0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Iss => "iss",
            Self::Sub => "sub",
            Self::Aud => "aud",
            Self::Exp => "exp",
            Self::Nbf => "nbf",
            Self::Iat => "iat",
            Self::Jti => "jti",
            Self::Other(name) => name,
        }
    }
}

/// Seconds since 1970-01-01T00:00:00Z, possibly with a fraction (RFC 7519 section 2).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct NumericDate(f64);

impl NumericDate {
    /// The date as whole seconds, rounded down; dates beyond the range of `i64` become its ends.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as documented")]
    pub fn seconds(self) -> i64 {
        self.0.floor() as i64
    }

    /// The date as it was written.
    #[must_use]
    pub const fn as_f64(self) -> f64 {
        self.0
    }
}

/// The claims that are compared with the clock. Small, because every result carries them: one that
/// is absent is not a number, which no JSON can say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates {
    exp: f64,
    nbf: f64,
    iat: f64,
}

impl Dates {
    #[inline(always)]
    fn new([exp, nbf, iat]: [Option<NumericDate>; 3]) -> Self {
        let or_absent = |date: Option<NumericDate>| date.map_or(f64::NAN, NumericDate::as_f64);
        Self { exp: or_absent(exp), nbf: or_absent(nbf), iat: or_absent(iat) }
    }

    pub(crate) const fn exp(&self) -> Option<NumericDate> {
        present(self.exp)
    }

    pub(crate) const fn nbf(&self) -> Option<NumericDate> {
        present(self.nbf)
    }

    pub(crate) const fn iat(&self) -> Option<NumericDate> {
        present(self.iat)
    }
}

const fn present(date: f64) -> Option<NumericDate> {
    if date.is_nan() { None } else { Some(NumericDate(date)) }
}

/// Where a string of the claims stands in their text. One word, because every result carries some:
/// the beginning below, then whether it is written with escapes, then the end, which is never 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span(NonZeroU64);

impl Span {
    const ESCAPED: u64 = 1 << 32;
    const END: u32 = 33;

    #[inline(always)]
    pub(crate) fn new(text: Text<'_>) -> Option<Self> {
        let (start, end) = (u32::try_from(text.start).ok()?, u32::try_from(text.end).ok()?);
        let escaped = if text.escaped { Self::ESCAPED } else { 0 };
        let end = u64::from(end).checked_mul(1 << Self::END)?;
        NonZeroU64::new(end | escaped | u64::from(start)).map(Self)
    }

    pub(crate) const fn is_escaped(self) -> bool {
        self.0.get() & Self::ESCAPED != 0
    }

    #[inline(always)]
    pub(crate) const fn of(self, document: &str) -> Text<'_> {
        let (start, end) = (self.start() as usize, (self.0.get() >> Self::END) as usize);
        Text { document, start, end, escaped: self.is_escaped() }
    }

    /// Where it begins, which tells it from the others.
    pub(crate) const fn start(self) -> u32 {
        (self.0.get() & 0xffff_ffff) as u32
    }
}

#[derive(Clone)]
pub(crate) enum Aud {
    One(Span),
    Many(Box<[Span]>),
}

impl Aud {
    pub(crate) fn spans(&self) -> &[Span] {
        match self {
            Self::One(span) => std::slice::from_ref(span),
            Self::Many(spans) => spans,
        }
    }
}

/// The registered claims, of the right types.
#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) iss: Option<Span>,
    pub(crate) sub: Option<Span>,
    pub(crate) jti: Option<Span>,
    pub(crate) aud: Option<Aud>,
    pub(crate) dates: Dates,
}

impl Registered {
    /// The [`ClaimName::bit`]s of those that are there.
    #[inline(always)]
    pub(crate) const fn bits(&self) -> u8 {
        const fn bit(claim: &ClaimName, is_there: bool) -> u8 {
            if is_there { claim.bit() } else { 0 }
        }
        bit(&ClaimName::Iss, self.iss.is_some())
            | bit(&ClaimName::Sub, self.sub.is_some())
            | bit(&ClaimName::Aud, self.aud.is_some())
            | bit(&ClaimName::Exp, self.dates.exp().is_some())
            | bit(&ClaimName::Nbf, self.dates.nbf().is_some())
            | bit(&ClaimName::Iat, self.dates.iat().is_some())
            | bit(&ClaimName::Jti, self.jti.is_some())
    }
}

/// Where the registered claims stand in the text. They are looked at when all of it has been seen,
/// since faults of the JSON come first.
#[derive(Default)]
pub(crate) struct Places {
    iss: Option<Place>,
    sub: Option<Place>,
    jti: Option<Place>,
    aud: Option<Place>,
    exp: Option<Place>,
    nbf: Option<Place>,
    iat: Option<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    kind: Kind,
}

impl Place {
    #[inline(always)]
    const fn of(self, document: &str) -> Value<'_> {
        Value { document, start: self.start, end: self.end, kind: self.kind }
    }
}

const ISS: u64 = tag("iss");
const SUB: u64 = tag("sub");
const JTI: u64 = tag("jti");
const AUD: u64 = tag("aud");
const EXP: u64 = tag("exp");
const NBF: u64 = tag("nbf");
const IAT: u64 = tag("iat");

impl Places {
    /// Takes a registered claim; `false` for another one.
    #[inline(always)]
    pub(crate) fn take(&mut self, member: Member<'_>) -> bool {
        let Value { start, end, kind, .. } = member.value;
        let field = match member.name.tag {
            ISS => &mut self.iss,
            SUB => &mut self.sub,
            JTI => &mut self.jti,
            AUD => &mut self.aud,
            EXP => &mut self.exp,
            NBF => &mut self.nbf,
            IAT => &mut self.iat,
            _ => return false,
        };
        *field = Some(Place { start, end, kind });
        true
    }

    /// Reads the claims.
    ///
    /// # Errors
    /// The first one in the text whose type is wrong.
    #[inline(always)]
    pub(crate) fn read(&self, document: &str) -> Result<Registered, &'static str> {
        self.typed(document).ok_or_else(|| self.first_wrong(document))
    }

    #[inline(always)]
    fn typed(&self, document: &str) -> Option<Registered> {
        Some(Registered {
            iss: optional(self.iss, document, string)?,
            sub: optional(self.sub, document, subject)?,
            jti: optional(self.jti, document, string)?,
            aud: optional(self.aud, document, audience)?,
            dates: Dates::new([
                optional(self.exp, document, numeric_date)?,
                optional(self.nbf, document, numeric_date)?,
                optional(self.iat, document, numeric_date)?,
            ]),
        })
    }

    #[cold]
    fn first_wrong(&self, document: &str) -> &'static str {
        fn wrong<T>(
            claim: &'static str,
            place: Option<Place>,
            document: &str,
            read: impl Fn(Value<'_>) -> Option<T>,
        ) -> Option<(usize, &'static str)> {
            let place = place.filter(|place| read(place.of(document)).is_none())?;
            Some((place.start, claim))
        }
        let all = [
            wrong("iss", self.iss, document, string),
            wrong("sub", self.sub, document, subject),
            wrong("jti", self.jti, document, string),
            wrong("aud", self.aud, document, audience),
            wrong("exp", self.exp, document, numeric_date),
            wrong("nbf", self.nbf, document, numeric_date),
            wrong("iat", self.iat, document, numeric_date),
        ];
        all.into_iter().flatten().min().map_or("", |(_, claim)| claim)
    }
}

/// Nothing where there is nothing; `None` where there is something else.
#[inline(always)]
fn optional<T>(
    place: Option<Place>,
    document: &str,
    read: impl Fn(Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match place {
        Some(place) => read(place.of(document)).map(Some),
        None => Some(None),
    }
}

#[inline(always)]
fn string(value: Value<'_>) -> Option<Span> {
    Span::new(value.as_text()?)
}

/// A subject goes into logs, queries and comparisons: an empty one or one with control characters
/// is a way to be taken for somebody else.
#[inline(always)]
fn subject(value: Value<'_>) -> Option<Span> {
    let text = value.as_text()?;
    // Without a branch for each byte, since most subjects are plain ascii.
    let plain = text.bytes().iter().fold(true, |plain, byte| plain & matches!(byte, 0x20..=0x7e));
    let refused = text.start == text.end || (!plain || text.escaped) && has_control(text);
    if refused { None } else { Span::new(text) }
}

#[cold]
fn has_control(text: Text<'_>) -> bool {
    text.value().chars().any(char::is_control)
}

/// One string, or an array of strings (RFC 7519 section 4.1.3).
#[inline(always)]
fn audience(value: Value<'_>) -> Option<Aud> {
    match string(value) {
        Some(one) => Some(Aud::One(one)),
        None => audiences(value),
    }
}

fn audiences(value: Value<'_>) -> Option<Aud> {
    let mut spans = Some(Vec::new());
    strict::elements(value.as_array()?, |element| match (string(element), &mut spans) {
        (Some(span), Some(spans)) => spans.push(span),
        _ => spans = None,
    });
    spans.map(|spans| Aud::Many(spans.into()))
}

#[inline(always)]
fn numeric_date(value: Value<'_>) -> Option<NumericDate> {
    value.as_f64().map(NumericDate)
}
