//! Everything that can be wrong with a token, a key or a configuration, and its stable code.
//!
//! Messages never contain token contents or key material: they end up in logs.

use std::fmt;

/// Why a token, a key or a configuration was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The token is longer than the configured limit. Nothing of it was looked at.
    #[error("the token is longer than {limit} bytes")]
    TokenTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not three parts separated by two dots (RFC 7515 section 7.1).
    #[error("the token is not a compact jws of three parts")]
    MalformedToken,
    /// A part is not canonical base64url without padding (RFC 7515 section 2).
    #[error("a part of the token is not canonical base64url without padding")]
    MalformedBase64,
    /// The header is not one JSON object without duplicate names.
    #[error("the header is malformed: {fault}")]
    MalformedHeader {
        /// What the parser objected to.
        fault: JsonFault,
    },
    /// A header parameter has the wrong type or a value that is not supported.
    #[error("the header parameter `{parameter}` is missing, of the wrong type or not supported")]
    HeaderInvalid {
        /// The name of the parameter.
        parameter: &'static str,
    },
    /// The header's `alg` is not in the allow-list, or not the one the key is bound to.
    #[error("the algorithm of the token is not allowed")]
    AlgorithmNotAllowed,
    /// The header has a `crit` parameter; no extension is supported (RFC 7515 section 4.1.11).
    #[error("the header has critical extensions, none is supported")]
    CriticalUnsupported,
    /// The header's `typ` is not the expected one (RFC 8725 section 3.11).
    #[error("the token is of another type than the one expected here")]
    TypMismatch,
    /// No key fits the token's `kid`, or the token names none and there are several.
    #[error("no key for this token")]
    KeyNotFound,
    /// A key was refused when it was imported or used.
    #[error("the key is not acceptable: {reason}")]
    KeyInvalid {
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// The signature does not belong to this header, these claims and this key.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// The payload is not one JSON object without duplicate names.
    #[error("the claims are malformed: {fault}")]
    MalformedClaims {
        /// What the parser objected to.
        fault: JsonFault,
    },
    /// A claim has the wrong type or a value outside its range.
    #[error("the claim `{claim}` has the wrong type or is out of range")]
    ClaimType {
        /// The name of the claim.
        claim: &'static str,
    },
    /// The claims do not fit the type that the caller asked for.
    #[error("the claims do not fit the requested type")]
    ClaimsMismatch,
    /// A required claim is absent.
    #[error("the claim `{claim}` is required")]
    MissingClaim {
        /// The name of the claim.
        claim: String,
    },
    /// `now >= exp + leeway` (RFC 7519 section 4.1.4).
    #[error("the token expired at {at}")]
    Expired {
        /// `exp` in Unix seconds.
        at: i64,
    },
    /// `now < nbf - leeway` (RFC 7519 section 4.1.5).
    #[error("the token is not valid before {from}")]
    NotYetValid {
        /// `nbf` in Unix seconds.
        from: i64,
    },
    /// `iat > now + leeway`: the issuer's clock and ours disagree, or the claim is invented.
    #[error("the token says it was issued in the future, at {at}")]
    IssuedInFuture {
        /// `iat` in Unix seconds.
        at: i64,
    },
    /// `iss` is not one of the expected issuers.
    #[error("the token comes from another issuer")]
    IssuerMismatch,
    /// `aud` names none of the expected audiences, or is present where none is expected.
    #[error("the token is meant for another audience")]
    AudienceMismatch,
    /// A verifier or signer was configured in a way that cannot be safe.
    #[error("the configuration is not acceptable: {reason}")]
    ConfigInvalid {
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// The claims or header given to a signer cannot be written as a JSON object.
    #[error("the claims to sign are not a json object")]
    NotSerializable,
    /// The cryptographic library failed to sign or to make a key.
    #[error("the cryptographic operation failed")]
    Crypto,
}

impl Error {
    /// The stable category of this error, for logs, metrics and tests.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TokenTooLarge { .. } => ErrorCode::TokenTooLarge,
            Self::MalformedToken => ErrorCode::MalformedToken,
            Self::MalformedBase64 => ErrorCode::MalformedBase64,
            Self::MalformedHeader { .. } => ErrorCode::MalformedHeader,
            Self::HeaderInvalid { .. } => ErrorCode::HeaderInvalid,
            Self::AlgorithmNotAllowed => ErrorCode::AlgNotAllowed,
            Self::CriticalUnsupported => ErrorCode::CritUnsupported,
            Self::TypMismatch => ErrorCode::TypMismatch,
            Self::KeyNotFound => ErrorCode::KeyNotFound,
            Self::KeyInvalid { .. } => ErrorCode::KeyInvalid,
            Self::InvalidSignature => ErrorCode::SignatureInvalid,
            Self::MalformedClaims { .. } => ErrorCode::MalformedClaims,
            Self::ClaimType { .. } | Self::ClaimsMismatch => ErrorCode::ClaimType,
            Self::MissingClaim { .. } => ErrorCode::MissingClaim,
            Self::Expired { .. } => ErrorCode::TokenExpired,
            Self::NotYetValid { .. } => ErrorCode::TokenNotYetValid,
            Self::IssuedInFuture { .. } => ErrorCode::TokenIssuedInFuture,
            Self::IssuerMismatch => ErrorCode::IssMismatch,
            Self::AudienceMismatch => ErrorCode::AudMismatch,
            Self::ConfigInvalid { .. } => ErrorCode::ConfigInvalid,
            Self::NotSerializable => ErrorCode::NotSerializable,
            Self::Crypto => ErrorCode::CryptoFailed,
        }
    }
}

/// The stable category of an [`Error`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `token_too_large`: [`Error::TokenTooLarge`].
    TokenTooLarge,
    /// `malformed_token`: [`Error::MalformedToken`].
    MalformedToken,
    /// `malformed_base64`: [`Error::MalformedBase64`].
    MalformedBase64,
    /// `malformed_header`: [`Error::MalformedHeader`].
    MalformedHeader,
    /// `header_invalid`: [`Error::HeaderInvalid`].
    HeaderInvalid,
    /// `alg_not_allowed`: [`Error::AlgorithmNotAllowed`].
    AlgNotAllowed,
    /// `crit_unsupported`: [`Error::CriticalUnsupported`].
    CritUnsupported,
    /// `typ_mismatch`: [`Error::TypMismatch`].
    TypMismatch,
    /// `key_not_found`: [`Error::KeyNotFound`].
    KeyNotFound,
    /// `key_invalid`: [`Error::KeyInvalid`].
    KeyInvalid,
    /// `signature_invalid`: [`Error::InvalidSignature`].
    SignatureInvalid,
    /// `malformed_claims`: [`Error::MalformedClaims`].
    MalformedClaims,
    /// `claim_type`: [`Error::ClaimType`] or [`Error::ClaimsMismatch`].
    ClaimType,
    /// `missing_claim`: [`Error::MissingClaim`].
    MissingClaim,
    /// `token_expired`: [`Error::Expired`].
    TokenExpired,
    /// `token_not_yet_valid`: [`Error::NotYetValid`].
    TokenNotYetValid,
    /// `token_issued_in_future`: [`Error::IssuedInFuture`].
    TokenIssuedInFuture,
    /// `iss_mismatch`: [`Error::IssuerMismatch`].
    IssMismatch,
    /// `aud_mismatch`: [`Error::AudienceMismatch`].
    AudMismatch,
    /// `config_invalid`: [`Error::ConfigInvalid`].
    ConfigInvalid,
    /// `not_serializable`: [`Error::NotSerializable`].
    NotSerializable,
    /// `crypto_failed`: [`Error::Crypto`].
    CryptoFailed,
}

impl ErrorCode {
    /// The category as it appears in logs and in other languages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenTooLarge => "token_too_large",
            Self::MalformedToken => "malformed_token",
            Self::MalformedBase64 => "malformed_base64",
            Self::MalformedHeader => "malformed_header",
            Self::HeaderInvalid => "header_invalid",
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::CritUnsupported => "crit_unsupported",
            Self::TypMismatch => "typ_mismatch",
            Self::KeyNotFound => "key_not_found",
            Self::KeyInvalid => "key_invalid",
            Self::SignatureInvalid => "signature_invalid",
            Self::MalformedClaims => "malformed_claims",
            Self::ClaimType => "claim_type",
            Self::MissingClaim => "missing_claim",
            Self::TokenExpired => "token_expired",
            Self::TokenNotYetValid => "token_not_yet_valid",
            Self::TokenIssuedInFuture => "token_issued_in_future",
            Self::IssMismatch => "iss_mismatch",
            Self::AudMismatch => "aud_mismatch",
            Self::ConfigInvalid => "config_invalid",
            Self::NotSerializable => "not_serializable",
            Self::CryptoFailed => "crypto_failed",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What the strict JSON parser objected to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// Not UTF-8 (RFC 8725 section 3.7).
    #[error("not utf-8")]
    NotUtf8,
    /// Not JSON (RFC 8259).
    #[error("not json")]
    Syntax,
    /// JSON, but not an object.
    #[error("not a json object")]
    NotAnObject,
    /// One name twice in one object (RFC 7515 section 4, RFC 7519 section 4).
    #[error("a duplicate name")]
    DuplicateName,
    /// Nested deeper than the configured limit.
    #[error("nested too deep")]
    TooDeep,
    /// A number beyond the range of an IEEE 754 double.
    #[error("a number out of range")]
    NumberRange,
}
