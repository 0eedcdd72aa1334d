//! Log-in, refresh, log-out, and the tokens that are answered.

use std::fmt;

use countersign_engine::TokenResponse;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A log-in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Login)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    #[schema(example = "ada")]
    pub(crate) username: String,
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    pub(crate) password: SecretString,
    /// The scopes asked for, separated by spaces. Without it: all of the user's but those that
    /// start with `countersign:`, which must be named.
    #[schema(example = "reports:read")]
    pub(crate) scope: Option<String>,
    /// The audience of the tokens, one of the configured ones (RFC 8707).
    pub(crate) resource: Option<String>,
}

/// A refresh.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Refresh)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    #[schema(value_type = String, example = "cs_rt_AQEBk...")]
    pub(crate) refresh_token: SecretString,
    /// Narrows the new access token; the session keeps its scopes.
    #[schema(example = "reports:read")]
    pub(crate) scope: Option<String>,
}

/// A log-out by refresh token, instead of an access token in the header.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Logout)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogoutBody {
    #[schema(value_type = Option<String>, example = "cs_rt_AQEBk...")]
    pub(crate) refresh_token: Option<SecretString>,
}

/// The form of the token endpoint (RFC 6749 6). It only documents: forms are read name by name, so
/// that unknown ones are ignored and known ones stand once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only documents")]
pub(crate) struct TokenForm {
    /// `refresh_token`; `password` (or nothing) for the password form of the application's own
    /// front ends, where that is switched on.
    #[schema(example = "refresh_token")]
    grant_type: Option<String>,
    /// For `refresh_token`.
    #[schema(example = "cs_rt_AQEBk...")]
    refresh_token: Option<String>,
    /// For the password form.
    username: Option<String>,
    /// For the password form.
    #[schema(format = Password)]
    password: Option<String>,
    /// The scopes, separated by spaces.
    scope: Option<String>,
    /// The audience (RFC 8707), for the password form.
    resource: Option<String>,
    /// The client; none is the first party.
    client_id: Option<String>,
    /// The client's secret, where it is not in the header.
    #[schema(format = Password)]
    client_secret: Option<String>,
}

/// A pair of tokens (RFC 6749 5.1).
#[derive(Serialize, ToSchema)]
#[schema(as = TokenPair)]
pub struct TokenBody {
    /// An RFC 9068 JWT; send it as `Authorization: Bearer ...`.
    #[schema(example = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ...")]
    access_token: String,
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// The life of the access token in seconds.
    #[schema(example = 870)]
    expires_in: u64,
    /// Works once; the next answer brings its successor.
    #[schema(example = "cs_rt_AQEBk...")]
    refresh_token: String,
    /// The access token's scopes, separated by spaces.
    #[schema(example = "reports:read")]
    scope: String,
}

/// Never shows a token.
impl fmt::Debug for TokenBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenBody").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl From<TokenResponse> for TokenBody {
    fn from(tokens: TokenResponse) -> Self {
        Self {
            access_token: tokens.access_token.expose_secret().to_owned(),
            token_type: TokenResponse::TOKEN_TYPE,
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
            scope: tokens.scope,
        }
    }
}
