//! Why an operation was refused or failed.

pub mod code;

use std::time::Duration;

use self::code::ErrorCode;
use crate::store::StoreError;

/// Why an operation was refused or failed. What it displays is for logs; callers get the
/// [`ErrorCode`]'s text and, for [`Error::Invalid`] and [`Error::WeakPassword`], what to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The access token, or its absence.
    #[error(transparent)]
    Guard(#[from] countersign_guard::Error),
    /// Unknown user, wrong password or disabled user: nobody is told which.
    #[error("log-in refused")]
    InvalidCredentials,
    /// The current password, asked for again, is wrong.
    #[error("re-authentication refused")]
    ReauthenticationFailed,
    /// A refresh token, or the password form's credentials, that are not good.
    #[error("grant refused: {reason}")]
    InvalidGrant {
        /// Why, for logs.
        reason: &'static str,
    },
    /// The client is unknown, disabled, or has not authenticated.
    #[error("client refused: {reason}")]
    InvalidClient {
        /// Why, for logs.
        reason: &'static str,
    },
    /// The client may not use this grant.
    #[error("the client may not use this grant")]
    UnauthorizedClient,
    /// The grant type is not offered.
    #[error("the grant type is not offered")]
    UnsupportedGrantType,
    /// A scope that is not to be had.
    #[error("scope refused: {reason}")]
    InvalidScope {
        /// Why.
        reason: &'static str,
    },
    /// A resource that is none of the audiences.
    #[error("the resource is none of the audiences")]
    InvalidTarget,
    /// Registration is closed, or the like.
    #[error("not allowed: {reason}")]
    AccessDenied {
        /// Why.
        reason: &'static str,
    },
    /// A member of the request that cannot be taken.
    #[error("invalid {field}: {reason}")]
    Invalid {
        /// Which member.
        field: &'static str,
        /// What is wrong with it and what would be right; shown to the caller, so it quotes nothing.
        reason: String,
    },
    /// A password that is too weak.
    #[error("weak password: {reason}")]
    WeakPassword {
        /// Which member.
        field: &'static str,
        /// Why; shown to the caller.
        reason: String,
    },
    /// Another user has the name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// What is named does not exist.
    #[error("no such {what}")]
    NotFound {
        /// What.
        what: &'static str,
    },
    /// What should be made exists, or changed meanwhile.
    #[error("conflict: {reason}")]
    Conflict {
        /// How; shown to the caller.
        reason: &'static str,
    },
    /// Too many attempts.
    #[error("rate limited for {retry_after:?}")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
        /// The policy that refuses, as `RateLimit-Policy` says it: name, count, window in seconds.
        policy: LimitPolicy,
    },
    /// More work waits than can be done in time.
    #[error("overloaded")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that must not happen.
    #[error("internal error: {0}")]
    Internal(String),
}

/// A rate limit as answers name it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LimitPolicy {
    /// The limit's name.
    pub name: &'static str,
    /// How many.
    pub count: u32,
    /// In how many seconds.
    pub window_seconds: u64,
}

/// An operation's answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A member of the request that cannot be taken.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// The row of the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Guard(error) => ErrorCode::Bearer(error.code()),
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::ReauthenticationFailed => ErrorCode::ReauthenticationFailed,
            Self::InvalidGrant { .. } => ErrorCode::InvalidGrant,
            Self::InvalidClient { .. } => ErrorCode::InvalidClient,
            Self::UnauthorizedClient => ErrorCode::UnauthorizedClient,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::InvalidScope { .. } => ErrorCode::InvalidScope,
            Self::InvalidTarget => ErrorCode::InvalidTarget,
            Self::AccessDenied { .. } => ErrorCode::AccessDenied,
            Self::Invalid { .. } => ErrorCode::INVALID_REQUEST,
            Self::WeakPassword { .. } => ErrorCode::WeakPassword,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Conflict { .. } => ErrorCode::Conflict,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Busy { .. } | Self::Store(StoreError::Unavailable { .. }) => {
                ErrorCode::TEMPORARILY_UNAVAILABLE
            }
            Self::Store(StoreError::Corrupt { .. }) | Self::Internal(_) => ErrorCode::ServerError,
        }
    }

    /// The member of the request that is at fault.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Invalid { field, .. } | Self::WeakPassword { field, .. } => Some(field),
            Self::UsernameTaken => Some("username"),
            Self::ReauthenticationFailed => Some("current_password"),
            _ => None,
        }
    }

    /// What the caller is told.
    pub fn description(&self) -> String {
        match self {
            Self::Invalid { reason, .. } | Self::WeakPassword { reason, .. } => reason.clone(),
            Self::Conflict { reason } => (*reason).to_owned(),
            other => other.code().public_message().to_owned(),
        }
    }

    /// How long to wait before trying again, where that helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Busy { retry_after } => {
                Some(*retry_after)
            }
            Self::Guard(error) => error.retry_after(),
            Self::Store(StoreError::Unavailable { .. }) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}
