//! The bearer rows of the error table: code, status, challenge and public text (RFC 6750 3.1).

/// How a refusal asks for credentials (`WWW-Authenticate`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Challenge {
    /// None.
    None,
    /// `Bearer` with the realm only: no token was presented (RFC 6750 3).
    BearerRealm,
    /// `Bearer` with the realm and the error (RFC 6750 3.1).
    BearerError,
    /// `Basic`: a client must authenticate (RFC 6749 5.2).
    Basic,
}

/// What a protected route can refuse with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// No token.
    MissingToken,
    /// A token that is not good.
    InvalidToken,
    /// A good token that does not allow this.
    InsufficientScope,
    /// A good token whose user authenticated too long ago for this (RFC 9470 3).
    ReauthenticationRequired,
    /// A request that cannot be read.
    InvalidRequest,
    /// Nothing can be said now.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every row.
    pub const ALL: [Self; 6] = [
        Self::MissingToken,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::ReauthenticationRequired,
        Self::InvalidRequest,
        Self::TemporarilyUnavailable,
    ];

    /// The code as it goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ReauthenticationRequired => "insufficient_user_authentication",
            Self::InvalidRequest => "invalid_request",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::MissingToken | Self::InvalidToken | Self::ReauthenticationRequired => 401,
            Self::InsufficientScope => 403,
            Self::InvalidRequest => 400,
            Self::TemporarilyUnavailable => 503,
        }
    }

    /// The challenge that goes with it.
    pub const fn challenge(self) -> Challenge {
        match self {
            Self::MissingToken => Challenge::BearerRealm,
            Self::InvalidToken | Self::InsufficientScope | Self::ReauthenticationRequired => {
                Challenge::BearerError
            }
            Self::InvalidRequest | Self::TemporarilyUnavailable => Challenge::None,
        }
    }

    /// What the caller is told; never why exactly.
    pub const fn public_message(self) -> &'static str {
        match self {
            Self::MissingToken => "This needs an access token: send Authorization: Bearer <token>.",
            Self::InvalidToken => {
                "The access token is expired, revoked, malformed or not meant for this service."
            }
            Self::InsufficientScope => "The access token does not allow this.",
            Self::ReauthenticationRequired => "This needs a more recent log-in.",
            Self::InvalidRequest => "The request is malformed.",
            Self::TemporarilyUnavailable => "The service cannot answer right now; try again.",
        }
    }
}

/// A `WWW-Authenticate` value for `challenge`. `code` and `parameter` (`scope`, RFC 6750 3; `max_age`,
/// RFC 9470 3) stand in it only where they are allowed; `realm` must be free of quotes, which
/// [`crate::Policy`] sees to.
pub fn www_authenticate(
    challenge: Challenge,
    realm: &str,
    code: &str,
    message: &str,
    parameter: Option<(&str, &str)>,
) -> Option<String> {
    match challenge {
        Challenge::None => None,
        Challenge::Basic => Some(format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")),
        Challenge::BearerRealm => Some(format!("Bearer realm=\"{realm}\"")),
        Challenge::BearerError => {
            let parameter = parameter.map(|(name, value)| format!(", {name}=\"{value}\""));
            let parameter = parameter.unwrap_or_default();
            Some(format!(
                "Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{message}\"{parameter}"
            ))
        }
    }
}
