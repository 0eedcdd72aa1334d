//! The claims of an access token (RFC 9068 2.2, and the engine's own).

use serde::Serialize;

/// What an engine access token claims; exhaustive, so that the writer forgets none. Who reads one has a
/// [`Principal`](crate::Principal).
#[derive(Clone, Debug, Serialize)]
pub struct AccessClaims {
    /// The issuer.
    pub iss: String,
    /// The user id, never the name.
    pub sub: String,
    /// The one audience.
    pub aud: String,
    /// Expires; seconds since the epoch.
    pub exp: i64,
    /// Issued; seconds since the epoch.
    pub iat: i64,
    /// The token's own id.
    pub jti: String,
    /// For which client.
    pub client_id: String,
    /// The session; a token without one is no engine token.
    pub sid: String,
    /// The user's generation at issue.
    #[serde(rename = "gen")]
    pub generation: u32,
    /// When the user authenticated; seconds since the epoch.
    pub auth_time: i64,
    /// The scopes, separated by spaces (RFC 8693 4.2).
    pub scope: String,
    /// The roles (RFC 9068 2.2.3.1).
    pub roles: Vec<String>,
    /// The user name, unless switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// A key that the token is bound to (RFC 7800); refused until proofs are checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<serde_json::Value>,
    /// Custom claims.
    #[serde(flatten)]
    pub custom: serde_json::Map<String, serde_json::Value>,
}

/// Names that a custom claim may not take: registered with IANA for tokens, or the engine's.
pub const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "client_id",
    "sid",
    "gen",
    "auth_time",
    "scope",
    "roles",
    "groups",
    "entitlements",
    "preferred_username",
    "cnf",
    "acr",
    "amr",
    "azp",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "act",
    "may_act",
    "events",
    "typ",
    "token_use",
    "authorization_details",
    "email",
    "email_verified",
];
