//! What comes of checking a token: its claims, or which rule refuses it.

use countersign_jose::{Claims, Error, ErrorCode, Verified, dangerous};
use serde_json::{Map, Value, json};

use super::{policy::Policy, refused_by, words};

/// More than anybody reads of a name that a stranger wrote.
const LONGEST_SHOWN: usize = 100;

/// What came of checking a token.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is good, and this is what it says.
    Valid(Box<Verified<Claims>>),
    /// It is not.
    Refused(Refusal),
}

/// Why a token is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The code, which does not change.
    pub(crate) code: ErrorCode,
    /// What exactly, in words.
    pub(crate) message: String,
    /// Who says so.
    pub(crate) reference: &'static str,
    /// What to do.
    pub(crate) mend: &'static str,
}

impl Policy {
    /// Checks a token at the instant `now`, in Unix seconds.
    pub(crate) fn judge(&self, token: &str, now: i64) -> Verdict {
        match self.verifier.verify(token, now) {
            Ok(verified) => Verdict::Valid(Box::new(verified)),
            Err(error) => Verdict::Refused(Refusal::new(&error, self.message(&error, token, now))),
        }
    }

    /// What the token says and what was expected, side by side.
    fn message(&self, error: &Error, token: &str, now: i64) -> String {
        let header = dangerous::decode_header_unverified(token).ok();
        let header = |name: &str| header.as_ref()?.get::<Value>(name).ok()?;
        let claim = |name: &str| dangerous::decode_claims_unverified(token).ok()?.get(name).ok()?;
        let distance = |at: &i64| words::spelled(at.saturating_sub(now).saturating_abs());
        match error {
            Error::Expired { at } => {
                format!("it expired {} ago, {}", distance(at), words::instant(*at))
            }
            Error::NotYetValid { from } => {
                let (distance, instant) = (distance(from), words::instant(*from));
                format!("it is not good for another {distance}, until {instant}")
            }
            Error::IssuedInFuture { at } => {
                let (distance, instant) = (distance(at), words::instant(*at));
                format!("it says that it was issued {distance} in the future, {instant}")
            }
            Error::AlgorithmNotAllowed => {
                let allowed: Vec<_> = self.algorithms.iter().map(|one| one.as_str()).collect();
                differs("it is signed with", header("alg"), &allowed)
            }
            Error::TypMismatch => differs("it is of the type", header("typ"), self.typ.as_slice()),
            Error::KeyNotFound if header("kid").is_none() => {
                "it names no key, and there are several".to_owned()
            }
            Error::KeyNotFound => differs("it names the key", header("kid"), &self.kids),
            Error::IssuerMismatch => differs("it comes from", claim("iss"), &self.issuers),
            Error::AudienceMismatch => differs("it is for", claim("aud"), &self.audiences),
            other => other.to_string(),
        }
    }
}

fn differs(what: &str, found: Option<Value>, expected: &[impl AsRef<str>]) -> String {
    let found = shown(&found.unwrap_or_default().to_string());
    let expected: Vec<_> = expected.iter().map(|one| json!(one.as_ref()).to_string()).collect();
    let expected = if expected.is_empty() { "none".to_owned() } else { expected.join(", ") };
    format!("{what} {found}; expected: {}", shown(&expected))
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Refusal {
    /// A refusal with a message of its own.
    pub(crate) fn new(error: &Error, message: String) -> Self {
        let code = error.code();
        let refused_by::RefusedBy { reference, mend } = refused_by::rule(code);
        Self { code, message, reference, mend }
    }

    /// Why nothing at all can be read in a token that is refused as malformed.
    pub(crate) fn unreadable(token: &str) -> Self {
        let header = dangerous::decode_header_unverified(token).err();
        let error = header.or_else(|| dangerous::decode_claims_unverified(token).err());
        let error = error.unwrap_or(Error::MalformedToken);
        Self::new(&error, error.to_string())
    }
}

impl Verdict {
    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Valid(verified) => json!({
                "valid": true,
                "algorithm": verified.header().algorithm(),
                "kid": verified.key().kid(),
                "header": header(verified),
                "claims": claims(verified),
            }),
            Self::Refused(refusal) => json!({
                "valid": false,
                "error": refusal.code.as_str(),
                "message": refusal.message,
                "reference": refusal.reference,
                "mend": refusal.mend,
            }),
        }
    }
}

/// The header of a good token.
pub(crate) fn header(verified: &Verified<Claims>) -> Map<String, Value> {
    serde_json::from_str(verified.header().raw_json()).unwrap_or_default()
}

/// The claims of a good token.
pub(crate) fn claims(verified: &Verified<Claims>) -> Map<String, Value> {
    verified.claims().deserialize().unwrap_or_default()
}
