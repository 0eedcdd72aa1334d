//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037): the public form that is published, and
//! the strict reader for what others publish.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::algorithm::{Algorithm, Family};
use crate::error::Error;
use crate::json::Value;
use crate::json::strict::{self, Member};

/// A public key as it stands in a key set. There is no place in it for private members.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Jwk {
    /// Key type: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// Key id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm that the key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What the key is for; ours say `sig`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    /// Curve of an `EC` or `OKP` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The x coordinate of an `EC` key, or the whole public key of an `OKP` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The y coordinate of an `EC` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent of an `RSA` key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// A key set as it is served at a `jwks_uri` (RFC 7517 section 5).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct JwkSet {
    /// The public keys.
    pub keys: Vec<Jwk>,
}

/// Which half of a key an importer wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    Sign,
    Verify,
}

/// The members of a JWK, with their types checked and nothing decoded.
#[derive(Default)]
pub(crate) struct RawJwk<'a> {
    pub(crate) kty: Option<Cow<'a, str>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    alg: Option<Cow<'a, str>>,
    key_use: Option<Cow<'a, str>>,
    key_ops: Option<Vec<Cow<'a, str>>>,
    pub(crate) crv: Option<Cow<'a, str>>,
    pub(crate) x: Option<Cow<'a, str>>,
    pub(crate) y: Option<Cow<'a, str>>,
    pub(crate) n: Option<Cow<'a, str>>,
    pub(crate) e: Option<Cow<'a, str>>,
    pub(crate) d: Option<Cow<'a, str>>,
    pub(crate) p: Option<Cow<'a, str>>,
    pub(crate) q: Option<Cow<'a, str>>,
    pub(crate) dp: Option<Cow<'a, str>>,
    pub(crate) dq: Option<Cow<'a, str>>,
    pub(crate) qi: Option<Cow<'a, str>>,
    pub(crate) k: Option<Cow<'a, str>>,
    /// Members of more than two primes, which are not supported.
    oth: bool,
    wrong_type: bool,
}

/// Nesting that a JWK may have; `x5c` and `key_ops` need two.
const MAX_DEPTH: usize = 8;

impl<'a> RawJwk<'a> {
    /// Reads a JWK.
    ///
    /// # Errors
    /// [`Error::KeyInvalid`] when it is not one JSON object, has a name twice, has no `kty`, or has
    /// a member of the wrong type.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(json)
            .map_err(|_| Error::KeyInvalid { reason: "the jwk is not utf-8" })?;
        let mut jwk = Self::default();
        strict::object(text, MAX_DEPTH, &mut |member: Member<'a>| jwk.take(member)).map_err(
            |_| Error::KeyInvalid {
                reason: "the jwk is not one json object without duplicate names",
            },
        )?;
        if jwk.wrong_type {
            return Err(Error::KeyInvalid { reason: "a member of the jwk has the wrong type" });
        }
        if jwk.kty.is_none() {
            return Err(Error::KeyInvalid { reason: "the jwk has no `kty`" });
        }
        Ok(jwk)
    }

    fn take(&mut self, member: Member<'a>) {
        let field = match &*member.name.text.value() {
            "kty" => &mut self.kty,
            "kid" => &mut self.kid,
            "alg" => &mut self.alg,
            "use" => &mut self.key_use,
            "crv" => &mut self.crv,
            "x" => &mut self.x,
            "y" => &mut self.y,
            "n" => &mut self.n,
            "e" => &mut self.e,
            "d" => &mut self.d,
            "p" => &mut self.p,
            "q" => &mut self.q,
            "dp" => &mut self.dp,
            "dq" => &mut self.dq,
            "qi" => &mut self.qi,
            "k" => &mut self.k,
            "oth" => {
                self.oth = true;
                return;
            }
            "key_ops" => {
                self.key_ops = string_array(member.value);
                self.wrong_type |= self.key_ops.is_none();
                return;
            }
            _ => return,
        };
        *field = member.value.as_str();
        self.wrong_type |= field.is_none();
    }

    /// Whether a member is there that only the owner of the key may know.
    pub(crate) fn has_private_members(&self) -> bool {
        let private = [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.k];
        self.oth || private.into_iter().any(Option::is_some)
    }

    pub(crate) fn has_declared_algorithm(&self) -> bool {
        self.alg.is_some()
    }

    /// Checks `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3) and that the halves fit.
    pub(crate) fn check_purpose(&self, purpose: Purpose) -> Result<(), Error> {
        if self.key_use.as_deref().is_some_and(|key_use| key_use != "sig") {
            return Err(Error::KeyInvalid { reason: "the jwk is not for signatures (`use`)" });
        }
        let wanted = match purpose {
            Purpose::Sign => "sign",
            Purpose::Verify => "verify",
        };
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == wanted)) {
            return Err(Error::KeyInvalid { reason: "the jwk is not for this use (`key_ops`)" });
        }
        self.check_operations()?;
        if self.oth {
            return Err(Error::KeyInvalid { reason: "keys of more than two primes are refused" });
        }
        let symmetric = self.kty.as_deref() == Some("oct");
        if purpose == Purpose::Verify && !symmetric && self.has_private_members() {
            return Err(Error::KeyInvalid {
                reason: "the jwk is a private key: give the verifier its public members only",
            });
        }
        Ok(())
    }

    /// An operation stands there once, and none contradicts `use` (RFC 7517 section 4.3).
    fn check_operations(&self) -> Result<(), Error> {
        let Some(operations) = &self.key_ops else { return Ok(()) };
        let distinct: HashSet<_> = operations.iter().collect();
        if distinct.len() != operations.len() {
            return Err(Error::KeyInvalid { reason: "an operation of the jwk is there twice" });
        }
        let signatures_only = operations.iter().all(|op| op == "sign" || op == "verify");
        if self.key_use.is_some() && !signatures_only {
            return Err(Error::KeyInvalid { reason: "`use` and `key_ops` of the jwk disagree" });
        }
        Ok(())
    }

    /// Finds the one algorithm of the key: the caller's, the declared one, or the only one that
    /// the key type knows. They must not contradict each other.
    pub(crate) fn algorithm(&self, wanted: Option<Algorithm>) -> Result<Algorithm, Error> {
        let declared = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(Error::KeyInvalid {
                reason: "the jwk is for an algorithm that is not supported (`alg`)",
            })?),
        };
        let implied = match (self.kty.as_deref(), self.crv.as_deref()) {
            (Some("EC"), Some("P-256")) => Some(Algorithm::Es256),
            (Some("EC"), Some("P-384")) => Some(Algorithm::Es384),
            (Some("EC"), Some("P-521")) => Some(Algorithm::Es512),
            (Some("OKP"), Some("Ed25519")) => Some(Algorithm::EdDsa),
            _ => None,
        };
        let algorithm = wanted.or(declared).or(implied).ok_or(Error::KeyInvalid {
            reason: "the jwk names no algorithm (`alg`): say which one it is for",
        })?;
        if declared.is_some_and(|declared| !declared.shares_key_with(algorithm)) {
            return Err(Error::KeyInvalid { reason: "the jwk is for another algorithm (`alg`)" });
        }
        Ok(algorithm)
    }

    /// Checks that `kty` is the one that the algorithm needs.
    pub(crate) fn check_type(&self, algorithm: Algorithm) -> Result<(), Error> {
        let wanted = match algorithm.family() {
            Family::Hmac => "oct",
            Family::Rsa => "RSA",
            Family::Ec => "EC",
            Family::Ed25519 => "OKP",
        };
        if self.kty.as_deref() == Some(wanted) {
            Ok(())
        } else {
            Err(Error::KeyInvalid { reason: "the type of the jwk does not fit the algorithm" })
        }
    }
}

fn string_array(value: Value<'_>) -> Option<Vec<Cow<'_, str>>> {
    let mut strings = Some(Vec::new());
    strict::elements(value.as_array()?, |element| match (element.as_str(), &mut strings) {
        (Some(string), Some(strings)) => strings.push(string),
        _ => strings = None,
    });
    strings
}
