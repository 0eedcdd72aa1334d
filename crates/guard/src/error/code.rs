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
    /// A request that cannot be read.
    InvalidRequest,
    /// Nothing can be said now.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every row.
    pub const ALL: [Self; 5] = [
        Self::MissingToken,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::InvalidRequest,
        Self::TemporarilyUnavailable,
    ];

    /// The code as it goes over the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidRequest => "invalid_request",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::MissingToken | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::InvalidRequest => 400,
            Self::TemporarilyUnavailable => 503,
        }
    }

    /// The challenge that goes with it.
    pub const fn challenge(self) -> Challenge {
        match self {
            Self::MissingToken => Challenge::BearerRealm,
            Self::InvalidToken | Self::InsufficientScope => Challenge::BearerError,
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
            Self::InvalidRequest => "The request is malformed.",
            Self::TemporarilyUnavailable => "The service cannot answer right now; try again.",
        }
    }
}

/// A `WWW-Authenticate` value for `challenge`. `code` and `scope` stand in it only where RFC 6750 3
/// allows them; `realm` must be free of quotes, which [`crate::Policy`] sees to.
pub fn www_authenticate(
    challenge: Challenge,
    realm: &str,
    code: &str,
    message: &str,
    scope: Option<&str>,
) -> Option<String> {
    match challenge {
        Challenge::None => None,
        Challenge::Basic => Some(format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")),
        Challenge::BearerRealm => Some(format!("Bearer realm=\"{realm}\"")),
        Challenge::BearerError => {
            let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
            Some(format!(
                "Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{message}\"{scope}"
            ))
        }
    }
}
