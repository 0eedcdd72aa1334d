//! The JOSE header: what a verified token says about itself, and the checks that need no key.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::algorithm::Algorithm;
use crate::error::{Error, JsonFault};
use crate::json::strict::{self, Member};
use crate::json::{Value, tag};

/// The header of a token whose signature has been checked.
#[derive(Clone)]
pub struct Header {
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
    raw: Box<str>,
}

impl Header {
    /// The algorithm that the token names and that was used to check it (RFC 7515 section 4.1.1).
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The same as [`Header::algorithm`], under the name of the parameter.
    #[must_use]
    pub const fn alg(&self) -> Algorithm {
        self.algorithm
    }

    /// The key id that the token names (RFC 7515 section 4.1.4). With a single key it was not looked at; see
    /// [`Verified::key`](crate::Verified::key) for the key that was used.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The media type of the token, as written (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The whole header as the JSON text that was signed.
    #[must_use]
    pub fn raw_json(&self) -> &str {
        &self.raw
    }

    /// A header parameter of any type; `None` when it is absent.
    ///
    /// # Errors
    /// [`Error::HeaderInvalid`] when it is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        parameter(&self.raw, name)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Header")
            .field("alg", &self.algorithm.as_str())
            .field("kid", &self.kid)
            .field("typ", &self.typ)
            .finish_non_exhaustive()
    }
}

pub(crate) fn parameter<T: DeserializeOwned>(raw: &str, name: &str) -> Result<Option<T>, Error> {
    strict::find(raw, name)
        .map(|value| serde_json::from_str(value.raw()))
        .transpose()
        .map_err(|_| Error::HeaderInvalid { parameter: "(requested)" })
}

const ALG: u64 = tag("alg");
const KID: u64 = tag("kid");
const TYP: u64 = tag("typ");
const CTY: u64 = tag("cty");
const CRIT: u64 = tag("crit");
const B64: u64 = tag("b64");
const ZIP: u64 = tag("zip");

/// A header as it was read, before anything is known about its key.
pub(crate) struct ParsedHeader<'a> {
    pub(crate) raw: &'a str,
    pub(crate) alg: Option<Value<'a>>,
    pub(crate) kid: Option<Value<'a>>,
    pub(crate) typ: Option<Value<'a>>,
    cty: Option<Value<'a>>,
    crit: bool,
    b64: bool,
    zip: bool,
}

impl<'a> ParsedHeader<'a> {
    /// Reads the header. `jwk`, `jku`, `x5u` and `x5c` are not even stored: a key never comes from
    /// the token that it is to check (RFC 8725 section 3.10).
    pub(crate) fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Self, Error> {
        let malformed = |fault| Error::MalformedHeader { fault };
        let raw = std::str::from_utf8(bytes).map_err(|_| malformed(JsonFault::NotUtf8))?;
        let mut header = ParsedHeader {
            raw,
            alg: None,
            kid: None,
            typ: None,
            cty: None,
            crit: false,
            b64: false,
            zip: false,
        };
        let mut take = |member: Member<'a>| match member.name.tag {
            ALG => header.alg = Some(member.value),
            KID => header.kid = Some(member.value),
            TYP => header.typ = Some(member.value),
            CTY => header.cty = Some(member.value),
            CRIT => header.crit = true,
            B64 => header.b64 = true,
            ZIP => header.zip = true,
            _ => {}
        };
        strict::object(raw, max_depth, &mut take).map_err(malformed)?;
        Ok(header)
    }

    /// Checks everything but the key: types, algorithm, extensions, media types.
    pub(crate) fn check(&self, allowed: u16, typ: Option<&str>) -> Result<Header, Error> {
        let alg = text_of(self.alg, "alg")?.ok_or(Error::HeaderInvalid { parameter: "alg" })?;
        let kid = text_of(self.kid, "kid")?;
        let own_typ = text_of(self.typ, "typ")?;
        let cty = text_of(self.cty, "cty")?;
        let algorithm = Algorithm::from_name(&alg)
            .filter(|algorithm| allowed & algorithm.bit() != 0)
            .ok_or(Error::AlgorithmNotAllowed)?;
        if self.crit {
            return Err(Error::CriticalUnsupported);
        }
        if self.b64 {
            return Err(Error::HeaderInvalid { parameter: "b64" });
        }
        if self.zip {
            return Err(Error::HeaderInvalid { parameter: "zip" });
        }
        // A nested token is not a claims set (RFC 7519 section 5.2).
        if cty.is_some_and(|cty| same_media_type(&cty, "JWT")) {
            return Err(Error::HeaderInvalid { parameter: "cty" });
        }
        if let Some(expected) = typ
            && !own_typ.as_deref().is_some_and(|own| same_media_type(own, expected))
        {
            return Err(Error::TypMismatch);
        }
        Ok(Header {
            algorithm,
            kid: kid.map(Into::into),
            typ: own_typ.map(Into::into),
            raw: self.raw.into(),
        })
    }
}

fn text_of<'a>(
    value: Option<Value<'a>>,
    parameter: &'static str,
) -> Result<Option<Cow<'a, str>>, Error> {
    value.map(|value| value.as_str().ok_or(Error::HeaderInvalid { parameter })).transpose()
}

/// Compares media types: without regard to case, and `x` is `application/x` (RFC 7515 4.1.9).
fn same_media_type(left: &str, right: &str) -> bool {
    short_media_type(left).eq_ignore_ascii_case(short_media_type(right))
}

fn short_media_type(name: &str) -> &str {
    match name.split_once('/') {
        Some((tree, rest)) if tree.eq_ignore_ascii_case("application") && !rest.contains('/') => {
            rest
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_compare_as_rfc_7515_says() {
        for same in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(same_media_type(same, "at+jwt"), "{same}");
            assert!(same_media_type("application/at+jwt", same), "{same}");
        }
        for other in ["jwt", "at+jwt ", "text/at+jwt", "application/a/at+jwt", ""] {
            assert!(!same_media_type(other, "at+jwt"), "{other}");
        }
    }
}
