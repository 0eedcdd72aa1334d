//! Making tokens: JWS compact serialization (RFC 7515 section 3.1).

use std::fmt;

use serde::Serialize;

use crate::base64;
use crate::error::Error;
use crate::json;
use crate::key::SigningKey;

/// Signs claims with one key and one kind of header. Make it once and keep it: the header is
/// written once.
///
/// ```
/// use countersign_jose::{Algorithm, Signer, SigningKey};
///
/// # fn main() -> Result<(), countersign_jose::Error> {
/// let signer = Signer::new(SigningKey::generate(Algorithm::Es256)?).typ("at+jwt");
/// let token = signer.sign(&serde_json::json!({"sub": "user-1", "exp": 1_800_000_600}))?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    typ: Option<String>,
    with_kid: bool,
    /// Further parameters, each written as `,"name":value`.
    parameters: String,
    /// The encoded header and its dot.
    prefix: String,
}

impl Signer {
    /// A signer whose tokens say `typ: JWT` and the key's `kid`.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let typ = Some("JWT".to_owned());
        let parameters = String::new();
        Self { key, typ, with_kid: true, parameters, prefix: String::new() }.prepared()
    }

    /// Sets the media type, such as `at+jwt` (RFC 9068). Give each kind of token its own, so that
    /// none can be used for another (RFC 8725 section 3.11).
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.typ = Some(typ.into());
        self.prepared()
    }

    /// Leaves `typ` out.
    #[must_use]
    pub fn without_typ(mut self) -> Self {
        self.typ = None;
        self.prepared()
    }

    /// Leaves `kid` out.
    #[must_use]
    pub fn without_kid(mut self) -> Self {
        self.with_kid = false;
        self.prepared()
    }

    /// Adds a header parameter.
    ///
    /// # Errors
    /// [`Error::HeaderInvalid`] for a parameter that this crate sets itself, that changes what the
    /// signature means (`crit`, `b64`, `zip`, `cty`), or that was added before;
    /// [`Error::NotSerializable`] when the value cannot be written as JSON.
    pub fn parameter(mut self, name: &str, value: &impl Serialize) -> Result<Self, Error> {
        if let "alg" | "typ" | "kid" | "crit" | "b64" | "zip" | "cty" = name {
            return Err(Error::HeaderInvalid { parameter: "(reserved)" });
        }
        let mut quoted = String::new();
        json::quote(name, &mut quoted);
        let value = serde_json::to_string(value).map_err(|_| Error::NotSerializable)?;
        let known =
            serde_json::from_str(&format!("{{{}}}", self.parameters.trim_start_matches(',')))
                .unwrap_or(serde_json::Map::new());
        if known.contains_key(name) {
            return Err(Error::HeaderInvalid { parameter: "(added twice)" });
        }
        self.parameters = format!("{},{quoted}:{value}", self.parameters);
        Ok(self.prepared())
    }

    /// The key that signs.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs claims, which must serialize to a JSON object.
    ///
    /// # Errors
    /// [`Error::NotSerializable`] when they do not, [`Error::Crypto`] when the library fails.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, Error> {
        let mut room = [0; 1024];
        if let Some(payload) = json::write(claims, &mut room) {
            return self.sign_object(payload);
        }
        let payload = serde_json::to_vec(claims).map_err(|_| Error::NotSerializable)?;
        self.sign_object(&payload)
    }

    fn sign_object(&self, payload: &[u8]) -> Result<String, Error> {
        if payload.first() != Some(&b'{') {
            return Err(Error::NotSerializable);
        }
        self.sign_payload(payload)
    }

    pub(crate) fn sign_payload(&self, payload: &[u8]) -> Result<String, Error> {
        // An RSA signature of 4096 bits has 683 characters, the others fewer than 180.
        let room = if self.key.algorithm().is_symmetric() { 90 } else { 690 };
        let length = self.prefix.len() + base64::encoded_len(payload.len()) + room;
        let mut token = String::with_capacity(length);
        token.push_str(&self.prefix);
        base64::encode_into(payload, &mut token);
        self.key.append_signature(&mut token)?;
        Ok(token)
    }

    /// Writes the header anew.
    fn prepared(mut self) -> Self {
        let mut header = format!(r#"{{"alg":"{}""#, self.key.algorithm());
        if let Some(typ) = &self.typ {
            header.push_str(r#","typ":"#);
            json::quote(typ, &mut header);
        }
        if self.with_kid {
            header.push_str(r#","kid":"#);
            json::quote(self.key.kid(), &mut header);
        }
        header.push_str(&self.parameters);
        header.push('}');
        self.prefix = base64::encode(header.as_bytes());
        self.prefix.push('.');
        self
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("key", &self.key)
            .field("typ", &self.typ)
            .finish_non_exhaustive()
    }
}
