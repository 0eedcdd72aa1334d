//! What the operations routes and the metadata document say, as documentation.
#![expect(dead_code, reason = "these types only document")]

use utoipa::ToSchema;

/// RFC 8414 metadata.
#[derive(ToSchema)]
#[schema(as = Metadata)]
pub(crate) struct MetadataBody {
    #[schema(example = "https://api.example.com")]
    issuer: String,
    #[schema(example = "https://api.example.com/token")]
    token_endpoint: Option<String>,
    #[schema(example = "https://api.example.com/.well-known/jwks.json")]
    jwks_uri: String,
    revocation_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    #[schema(example = json!(["none"]))]
    response_types_supported: Vec<String>,
    #[schema(example = json!(["refresh_token"]))]
    grant_types_supported: Option<Vec<String>>,
    #[schema(example = json!(["none"]))]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[schema(example = json!(["none"]))]
    revocation_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[schema(example = json!(["client_secret_basic"]))]
    introspection_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// How it stands.
#[derive(ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusBody {
    #[schema(example = "ok")]
    status: String,
}
