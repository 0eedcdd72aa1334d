//! What a verifier makes of the claims that it has accepted.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::claims::Claims;
use crate::error::Error;
use crate::json::Kind;
use crate::json::strict::{self, Member};
use crate::registered::Span;

/// A type that a [`Verifier`](crate::Verifier) gives out. Whatever can be deserialized is one; a type
/// of a hot path implements it itself, looks at each claim as the text is read, once, and keeps the
/// [`Claims`] with places in them instead of copies.
///
/// ```
/// use countersign_jose::{Claim, ClaimText, Claims, Error, FromClaims};
///
/// /// A token of a tenant.
/// struct Tenant {
///     claims: Claims,
///     id: ClaimText,
/// }
///
/// impl FromClaims for Tenant {
///     type Draft = Option<ClaimText>;
///
///     fn read(id: &mut Self::Draft, claim: Claim<'_>) -> Result<(), Error> {
///         if claim.name() == "tenant" {
///             *id = Some(claim.text().ok_or(Error::ClaimType { claim: "tenant" })?);
///         }
///         Ok(())
///     }
///
///     fn finish(id: Self::Draft, claims: Claims) -> Result<Self, Error> {
///         let id = id.ok_or_else(|| Error::MissingClaim { claim: "tenant".to_owned() })?;
///         Ok(Self { claims, id })
///     }
/// }
///
/// impl Tenant {
///     fn id(&self) -> &str {
///         self.id.of(&self.claims)
///     }
/// }
/// ```
pub trait FromClaims: Sized {
    /// What is known while the claims are read.
    type Draft: Default;

    /// Sees a claim that is not registered (RFC 7519 section 4.1); unless it is written, none. Nothing of
    /// the claims is checked at this time but the signature; those that are registered are in the
    /// [`Claims`] later.
    ///
    /// # Errors
    /// Why the claims cannot become this type; what is wrong with the text itself is said first.
    #[inline]
    fn read(_draft: &mut Self::Draft, _claim: Claim<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Makes the value, once every check has been passed.
    ///
    /// # Errors
    /// Why the claims cannot become this type.
    fn finish(draft: Self::Draft, claims: Claims) -> Result<Self, Error>;
}

impl<T: DeserializeOwned> FromClaims for T {
    type Draft = ();

    #[inline]
    fn finish((): (), claims: Claims) -> Result<Self, Error> {
        claims.deserialize()
    }
}

impl FromClaims for Claims {
    type Draft = ();

    #[inline]
    fn finish((): (), claims: Claims) -> Result<Self, Error> {
        Ok(claims)
    }
}

/// A claim as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a>(Member<'a>);

impl<'a> Claim<'a> {
    #[inline(always)]
    pub(crate) const fn new(member: Member<'a>) -> Self {
        Self(member)
    }

    /// The name, borrowed unless it is written with escapes.
    #[must_use]
    #[inline]
    pub fn name(&self) -> Cow<'a, str> {
        self.0.name.text.value()
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.value.kind == Kind::Null
    }

    /// The string; `None` when it is something else.
    #[must_use]
    #[inline]
    pub fn text(&self) -> Option<ClaimText> {
        ClaimText::new(self.0.value)
    }

    /// The strings of an array; `None` when it is something else, or has something else in it.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<ClaimText>> {
        let mut texts = Some(Vec::new());
        strict::elements(self.0.value.as_array()?, |element| {
            match (ClaimText::new(element), &mut texts) {
                (Some(text), Some(texts)) => texts.push(text),
                _ => texts = None,
            }
        });
        texts
    }

    /// The number that is written without a fraction and an exponent; `None` when it is something
    /// else, or beyond 64 bits.
    #[must_use]
    #[inline]
    pub fn integer(&self) -> Option<i64> {
        match self.0.value.kind {
            Kind::Digits | Kind::Number => self.0.value.raw().parse().ok(),
            _ => None,
        }
    }
}

/// A string of the claims, as a place in their text.
#[derive(Clone, Debug)]
pub struct ClaimText(Place);

#[derive(Clone, Debug)]
enum Place {
    At(Span),
    /// It is written with escapes, so it stands nowhere as it is meant.
    Apart(Box<str>),
}

impl ClaimText {
    #[inline]
    fn new(value: crate::json::Value<'_>) -> Option<Self> {
        let text = value.as_text()?;
        let apart = || Place::Apart(text.value().into());
        Some(Self(if text.escaped { apart() } else { Place::At(Span::new(text)?) }))
    }

    /// What it says, in the claims that it was read from.
    #[must_use]
    #[inline]
    pub fn of<'a>(&'a self, claims: &'a Claims) -> &'a str {
        match &self.0 {
            Place::At(span) => span.of(claims.raw_json()).raw(),
            Place::Apart(text) => text,
        }
    }
}
