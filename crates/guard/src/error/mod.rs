//! Why a request was not let in.

pub mod code;

use std::time::Duration;

use self::code::ErrorCode;

/// Why a request was not let in. What it displays is for logs; what the caller is told is the
/// [`ErrorCode`]'s.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No access token was presented (RFC 6750 3).
    #[error("no access token was presented")]
    Missing,
    /// The request presents credentials in a way that cannot be read (RFC 6750 3.1).
    #[error("malformed request: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token does not verify.
    #[error("the access token does not verify: {0}")]
    Token(#[from] countersign_jose::Error),
    /// The token verifies but is no access token of ours.
    #[error("not an access token of this issuer: {reason}")]
    Foreign {
        /// What it lacks.
        reason: &'static str,
    },
    /// The token, or something it belongs to, was revoked.
    #[error("the access token was revoked")]
    Revoked,
    /// The token is good and lacks a scope (RFC 6750 3.1).
    #[error("the access token lacks the scope {missing}")]
    Insufficient {
        /// The scopes that it lacks, separated by spaces.
        missing: String,
    },
    /// The token is good and its user lacks a role.
    #[error("the access token lacks the role {missing}")]
    LacksRole {
        /// The roles that it lacks, separated by spaces.
        missing: String,
    },
    /// The token is good and its user authenticated too long ago (RFC 9470).
    #[error("the user authenticated longer ago than {max_age:?}")]
    AuthenticationTooOld {
        /// How long ago it may be.
        max_age: Duration,
    },
    /// The revocation view is older than its bound, so nothing can be said.
    #[error("the revocation view is stale")]
    Stale {
        /// When to try again.
        retry_after: Duration,
    },
}

impl Error {
    /// The row of the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing => ErrorCode::MissingToken,
            Self::Malformed { .. } => ErrorCode::InvalidRequest,
            Self::Token(_) | Self::Foreign { .. } | Self::Revoked => ErrorCode::InvalidToken,
            Self::Insufficient { .. } | Self::LacksRole { .. } => ErrorCode::InsufficientScope,
            Self::AuthenticationTooOld { .. } => ErrorCode::ReauthenticationRequired,
            Self::Stale { .. } => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// What the challenge says beside the error: the scopes that are missing (RFC 6750 3), or the
    /// age in seconds that the authentication may have (RFC 9470 3).
    pub fn challenge_parameter(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Insufficient { missing } => Some(("scope", missing.clone())),
            Self::AuthenticationTooOld { max_age } => {
                Some(("max_age", max_age.as_secs().to_string()))
            }
            _ => None,
        }
    }

    /// How long to wait before trying again, where that helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Stale { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// A name for logs and tests, finer than the code: the verifier's category, or ours.
    pub fn category(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code().as_str(),
            Self::Foreign { .. } => "token_foreign",
            Self::Revoked => "token_revoked",
            Self::Missing
            | Self::Malformed { .. }
            | Self::Insufficient { .. }
            | Self::LacksRole { .. }
            | Self::AuthenticationTooOld { .. }
            | Self::Stale { .. } => self.code().as_str(),
        }
    }
}
