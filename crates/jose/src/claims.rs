//! The claims set (RFC 7519 section 4): the registered claims typed, everything else as signed.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::error::{Error, JsonFault};
use crate::json::strict::{self, Member};
use crate::json::{Kind, Text, Value, tag};

/// The claims of a token. One allocation holds the JSON text; the fields point into it.
#[derive(Clone)]
pub struct Claims {
    raw: String,
    iss: Option<Span>,
    sub: Option<Span>,
    jti: Option<Span>,
    aud: Option<Aud>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
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

/// A string of the claims: a piece of the text, or its own when it was written with escapes.
#[derive(Clone)]
enum Span {
    Raw { start: usize, end: usize },
    Unescaped(Box<str>),
}

#[derive(Clone)]
enum Aud {
    One(Span),
    Many(Box<[Span]>),
}

impl Aud {
    fn spans(&self) -> &[Span] {
        match self {
            Self::One(span) => std::slice::from_ref(span),
            Self::Many(spans) => spans,
        }
    }
}

impl Span {
    fn new(text: Text<'_>) -> Self {
        if text.escaped {
            Self::Unescaped(text.value().into())
        } else {
            Self::Raw { start: text.start, end: text.start + text.raw.len() }
        }
    }

    fn of<'a>(&'a self, raw: &'a str) -> &'a str {
        match self {
            Self::Raw { start, end } => raw.get(*start..*end).unwrap_or(""),
            Self::Unescaped(text) => text,
        }
    }
}

impl Claims {
    /// The issuer.
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.text(self.iss.as_ref())
    }

    /// The subject. Never empty, and without control characters.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.text(self.sub.as_ref())
    }

    /// The audiences, in order; none when the claim is absent.
    pub fn aud(&self) -> impl Iterator<Item = &str> {
        self.aud.iter().flat_map(Aud::spans).map(|span| span.of(&self.raw))
    }

    /// Whether the token has the claim `aud`, even with no audience in it.
    pub(crate) const fn has_aud(&self) -> bool {
        self.aud.is_some()
    }

    /// The token's id.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.text(self.jti.as_ref())
    }

    /// When the token expires.
    #[must_use]
    pub const fn exp(&self) -> Option<NumericDate> {
        self.exp
    }

    /// Before when the token is not valid.
    #[must_use]
    pub const fn nbf(&self) -> Option<NumericDate> {
        self.nbf
    }

    /// When the token was issued.
    #[must_use]
    pub const fn iat(&self) -> Option<NumericDate> {
        self.iat
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
    /// [`Verifier::verify_as`](crate::Verifier::verify_as).
    ///
    /// # Errors
    /// [`Error::ClaimsMismatch`] when the claim is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.find(name)
            .map(|value| serde_json::from_str(value.raw()).map_err(|_| Error::ClaimsMismatch))
            .transpose()
    }

    /// The whole claims set as a `T`.
    ///
    /// # Errors
    /// [`Error::ClaimsMismatch`] when the claims do not fit.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.raw).map_err(|_| Error::ClaimsMismatch)
    }

    /// Whether the claim is there; `null` counts as absent.
    pub(crate) fn has(&self, name: &str) -> bool {
        match name {
            "exp" => self.exp.is_some(),
            "iss" => self.iss.is_some(),
            "sub" => self.sub.is_some(),
            "aud" => self.aud.is_some(),
            "iat" => self.iat.is_some(),
            "nbf" => self.nbf.is_some(),
            "jti" => self.jti.is_some(),
            other => self.find(other).is_some_and(|found| found.kind != Kind::Null),
        }
    }

    /// Reads a payload. Faults of the JSON come first, then wrong types, as the order of the text
    /// has it.
    pub(crate) fn parse(payload: Vec<u8>, max_depth: usize) -> Result<Self, Error> {
        let malformed = |fault| Error::MalformedClaims { fault };
        let raw = String::from_utf8(payload).map_err(|_| malformed(JsonFault::NotUtf8))?;
        let mut fields = Fields::default();
        let mut take = |member: Member<'_>| fields.take(member);
        strict::object(&raw, max_depth, &mut take).map_err(malformed)?;
        if let Some(claim) = fields.wrong_type {
            return Err(Error::ClaimType { claim });
        }
        let Fields { iss, sub, jti, aud, exp, nbf, iat, .. } = fields;
        Ok(Self { raw, iss, sub, jti, aud, exp, nbf, iat })
    }

    fn text<'a>(&'a self, span: Option<&'a Span>) -> Option<&'a str> {
        span.map(|span| span.of(&self.raw))
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
            .field("exp", &self.exp)
            .finish_non_exhaustive()
    }
}

const ISS: u64 = tag("iss");
const SUB: u64 = tag("sub");
const JTI: u64 = tag("jti");
const AUD: u64 = tag("aud");
const EXP: u64 = tag("exp");
const NBF: u64 = tag("nbf");
const IAT: u64 = tag("iat");

/// The registered claims while the text is being read.
#[derive(Default)]
struct Fields {
    iss: Option<Span>,
    sub: Option<Span>,
    jti: Option<Span>,
    aud: Option<Aud>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    wrong_type: Option<&'static str>,
}

impl Fields {
    #[inline(always)]
    fn take(&mut self, member: Member<'_>) {
        let value = member.value;
        let (claim, fits) = match member.name.tag {
            ISS => ("iss", fill(&mut self.iss, string(value))),
            SUB => ("sub", fill(&mut self.sub, subject(value))),
            JTI => ("jti", fill(&mut self.jti, string(value))),
            AUD => ("aud", fill(&mut self.aud, audience(value))),
            EXP => ("exp", fill(&mut self.exp, numeric_date(value))),
            NBF => ("nbf", fill(&mut self.nbf, numeric_date(value))),
            IAT => ("iat", fill(&mut self.iat, numeric_date(value))),
            _ => return,
        };
        if !fits {
            self.wrong_type.get_or_insert(claim);
        }
    }
}

#[inline(always)]
fn fill<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

#[inline(always)]
fn string(value: Value<'_>) -> Option<Span> {
    value.as_text().map(Span::new)
}

/// A subject goes into logs, queries and comparisons: an empty one or one with control characters
/// is a way to be taken for somebody else.
#[inline(always)]
fn subject(value: Value<'_>) -> Option<Span> {
    let text = value.as_text()?;
    // Without a branch for each byte, since most subjects are plain ascii.
    let plain = text.raw.bytes().fold(true, |plain, byte| plain & matches!(byte, 0x20..=0x7e));
    let refused = text.raw.is_empty()
        || (!plain || text.escaped) && text.value().chars().any(char::is_control);
    if refused { None } else { Some(Span::new(text)) }
}

/// One string, or an array of strings (RFC 7519 section 4.1.3).
fn audience(value: Value<'_>) -> Option<Aud> {
    if let Some(one) = string(value) {
        return Some(Aud::One(one));
    }
    let mut spans = Some(Vec::new());
    strict::elements(value.as_array()?, |element| match (string(element), &mut spans) {
        (Some(span), Some(spans)) => spans.push(span),
        _ => spans = None,
    });
    spans.map(|spans| Aud::Many(spans.into()))
}

#[inline(always)]
fn numeric_date(value: Value<'_>) -> Option<NumericDate> {
    let number = value.as_number()?;
    // Dates are nearly always ten digits, and that is quicker than the general way.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && number.len() < 16 {
        let date = number.bytes().fold(0, |date, byte| date * 10 + u64::from(byte & 15));
        return Some(NumericDate(date as f64));
    }
    number.parse().ok().map(NumericDate)
}
