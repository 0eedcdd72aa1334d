//! The claims set (RFC 7519 section 4): the registered claims typed, everything else as signed.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::error::{Error, JsonFault};
use crate::json::Text;
use crate::json::strict::{self, Member, Piece, Value};

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
    /// `origin` is the place in the claims from which the place of `text` is counted.
    fn new(text: Text<'_>, origin: usize) -> Self {
        if text.escaped {
            Self::Unescaped(text.value().into())
        } else {
            let start = origin + text.start;
            Self::Raw { start, end: start + text.raw.len() }
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
            .map(|member| serde_json::from_str(member.raw).map_err(|_| Error::ClaimsMismatch))
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
            other => self.find(other).is_some_and(|found| !matches!(found.value, Value::Null)),
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

    fn find(&self, name: &str) -> Option<Member<'_>> {
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
    fn take(&mut self, member: Member<'_>) {
        let value = member.value;
        let (claim, fits) = match &*member.name.value() {
            "iss" => ("iss", fill(&mut self.iss, string(value))),
            "sub" => ("sub", fill(&mut self.sub, subject(value))),
            "jti" => ("jti", fill(&mut self.jti, string(value))),
            "aud" => ("aud", fill(&mut self.aud, audience(value))),
            "exp" => ("exp", fill(&mut self.exp, numeric_date(value))),
            "nbf" => ("nbf", fill(&mut self.nbf, numeric_date(value))),
            "iat" => ("iat", fill(&mut self.iat, numeric_date(value))),
            _ => return,
        };
        if !fits {
            self.wrong_type.get_or_insert(claim);
        }
    }
}

fn fill<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    *field = value;
    field.is_some()
}

fn string(value: Value<'_>) -> Option<Span> {
    value.as_text().map(|text| Span::new(text, 0))
}

/// A subject goes into logs, queries and comparisons: an empty one or one with control characters
/// is a way to be taken for somebody else.
fn subject(value: Value<'_>) -> Option<Span> {
    let text = value.as_text()?;
    let spelled = text.value();
    if spelled.is_empty() || spelled.chars().any(char::is_control) {
        return None;
    }
    Some(Span::new(text, 0))
}

/// One string, or an array of strings (RFC 7519 section 4.1.3).
fn audience(value: Value<'_>) -> Option<Aud> {
    match value {
        Value::String(text) => Some(Aud::One(Span::new(text, 0))),
        Value::Array(array) => audiences(array).map(Aud::Many),
        _ => None,
    }
}

fn audiences(array: Piece<'_>) -> Option<Box<[Span]>> {
    let mut spans = Some(Vec::new());
    strict::elements(array.raw, |element, _| match (element.as_text(), &mut spans) {
        (Some(text), Some(spans)) => spans.push(Span::new(text, array.start)),
        _ => spans = None,
    });
    spans.map(Vec::into_boxed_slice)
}

fn numeric_date(value: Value<'_>) -> Option<NumericDate> {
    let Value::Number(number) = value else { return None };
    // Dates are nearly always ten digits, and integers parse faster than doubles.
    if let Ok(seconds) = number.parse::<u32>() {
        return Some(NumericDate(f64::from(seconds)));
    }
    number.parse().ok().map(NumericDate)
}
