//! Introspection (RFC 7662) and revocation (RFC 7009), as documentation: forms are read name by
//! name, and the engine's answer is serialized as it is.
#![expect(dead_code, reason = "these types only document")]

use utoipa::ToSchema;

/// The form of the introspection endpoint.
#[derive(ToSchema)]
#[schema(as = IntrospectionForm)]
pub(crate) struct IntrospectForm {
    /// An access or a refresh token.
    token: String,
    /// Taken and not needed.
    token_type_hint: Option<String>,
}

/// The form of the revocation endpoint.
#[derive(ToSchema)]
#[schema(as = RevocationForm)]
pub(crate) struct RevokeForm {
    /// A refresh token (its session ends) or an access token (it dies alone).
    token: String,
    /// Taken and not needed.
    token_type_hint: Option<String>,
    client_id: Option<String>,
    #[schema(format = Password)]
    client_secret: Option<String>,
}

/// What is known of a token; an inactive one has nothing but `active`.
#[derive(ToSchema)]
#[schema(as = Introspection)]
pub(crate) struct IntrospectionBody {
    active: bool,
    #[schema(example = "reports:read")]
    scope: Option<String>,
    #[schema(example = "first-party")]
    client_id: Option<String>,
    #[schema(example = "ada")]
    username: Option<String>,
    /// `access_token` or `refresh_token`.
    #[schema(example = "access_token")]
    token_type: Option<String>,
    #[schema(example = 1_780_000_870)]
    exp: Option<i64>,
    #[schema(example = 1_780_000_000)]
    iat: Option<i64>,
    sub: Option<String>,
    #[schema(example = "api")]
    aud: Option<String>,
    #[schema(example = "https://api.example.com")]
    iss: Option<String>,
    jti: Option<String>,
    sid: Option<String>,
    auth_time: Option<i64>,
    roles: Option<Vec<String>>,
}
