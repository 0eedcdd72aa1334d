//! `GET /.well-known/oauth-authorization-server` (RFC 8414)

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};

use crate::{schemas::MetadataBody, state::AppState};

/// What this authorization server offers.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "discovery",
    responses((status = 200, description = "The metadata.", body = MetadataBody))
)]
pub(crate) async fn metadata(State(state): State<AppState>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, state.metadata())
}
