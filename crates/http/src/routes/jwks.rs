//! `GET /.well-known/jwks.json`

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};

use crate::{schemas::JwksBody, state::AppState};

/// A key stands here at least twice as long before it signs.
const CACHING: &str = "public, max-age=300";

/// The public keys.
///
/// The next key stands here before it signs, so that a reader that keeps this for its `max-age`
/// never meets a token whose key it does not know.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "discovery",
    responses((status = 200, description = "A JWK set (RFC 7517).", body = JwksBody))
)]
pub(crate) async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHING)];
    (headers, state.engine().jwks_json().to_string())
}
