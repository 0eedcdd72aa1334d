//! The error table: code, status, challenge, public text. HTTP and Python only render it.
//!
//! The bearer rows are the guard's; the rest stand here. A new variant without a row does not
//! compile.

use countersign_guard::ErrorCode as BearerCode;
pub use countersign_guard::error::code::{Challenge, www_authenticate};

macro_rules! table {
    ($($variant:ident $code:literal $status:literal $challenge:ident $message:literal,)*) => {
        /// What a request can be refused with.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each variant is its code, and the code is documented by its text")]
        pub enum ErrorCode {
            /// A row of the guard's table.
            Bearer(BearerCode),
            $($variant,)*
        }

        impl ErrorCode {
            /// Every row.
            pub fn all() -> impl Iterator<Item = Self> {
                BearerCode::ALL.into_iter().map(Self::Bearer).chain([$(Self::$variant,)*])
            }

            /// The code as it goes over the wire.
            pub const fn as_str(self) -> &'static str {
                match self { Self::Bearer(code) => code.as_str(), $(Self::$variant => $code,)* }
            }

            /// The HTTP status.
            pub const fn http_status(self) -> u16 {
                match self { Self::Bearer(code) => code.http_status(), $(Self::$variant => $status,)* }
            }

            /// The challenge that goes with it.
            pub const fn challenge(self) -> Challenge {
                match self {
                    Self::Bearer(code) => code.challenge(),
                    $(Self::$variant => Challenge::$challenge,)*
                }
            }

            /// What the caller is told.
            pub const fn public_message(self) -> &'static str {
                match self {
                    Self::Bearer(code) => code.public_message(),
                    $(Self::$variant => $message,)*
                }
            }
        }
    };
}

// RFC 6749 5.2 and RFC 8707 2 name some; the others are ours.
table! {
    InvalidCredentials "invalid_credentials" 401 BearerRealm
        "The user name or the password is wrong.",
    InvalidGrant "invalid_grant" 400 None
        "The refresh token or the credentials are invalid, expired, revoked or another client's.",
    InvalidClient "invalid_client" 401 Basic
        "The client is unknown or did not authenticate.",
    UnauthorizedClient "unauthorized_client" 400 None
        "This client may not use this grant.",
    UnsupportedGrantType "unsupported_grant_type" 400 None
        "This grant type is not offered here.",
    InvalidScope "invalid_scope" 400 None
        "A scope is unknown, malformed, or more than was granted.",
    InvalidTarget "invalid_target" 400 None
        "This resource is not one of the audiences of this server.",
    UnsupportedTokenType "unsupported_token_type" 400 None
        "Tokens of this type cannot be revoked here.",
    AccessDenied "access_denied" 403 None
        "This is not allowed here.",
    ReauthenticationFailed "reauthentication_failed" 403 None
        "The current password is wrong.",
    WeakPassword "weak_password" 400 None
        "The password is too weak.",
    UsernameTaken "username_taken" 409 None
        "This user name is taken.",
    NotFound "not_found" 404 None
        "There is nothing here.",
    Conflict "conflict" 409 None
        "This exists already, or was changed meanwhile.",
    MethodNotAllowed "method_not_allowed" 405 None
        "This path does not take this method.",
    PayloadTooLarge "payload_too_large" 413 None
        "The body is larger than 64 KiB.",
    UnsupportedMediaType "unsupported_media_type" 415 None
        "This Content-Type is not taken here.",
    RequestTimeout "request_timeout" 408 None
        "The request took too long to arrive.",
    RateLimited "rate_limited" 429 None
        "Too many attempts; try again later.",
    ServerError "server_error" 500 None
        "Something went wrong here.",
}

impl From<BearerCode> for ErrorCode {
    fn from(code: BearerCode) -> Self {
        Self::Bearer(code)
    }
}

impl ErrorCode {
    /// `invalid_request`
    pub const INVALID_REQUEST: Self = Self::Bearer(BearerCode::InvalidRequest);
    /// `temporarily_unavailable`
    pub const TEMPORARILY_UNAVAILABLE: Self = Self::Bearer(BearerCode::TemporarilyUnavailable);
}
