//! `POST /logout` and `POST /logout/all`

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use countersign_engine::{ids::Origin, ops::logout::LogoutProof};

use crate::{
    error::ApiResult,
    extract::{bearer, json::OptionalJson, origin::From},
    schemas::LogoutBody,
    state::AppState,
};

/// End this session.
///
/// Shown by an access token in the header, or by a refresh token of any age in the body (which
/// counts if both are there: a log-out must work when the access token has expired). Repeating it
/// is no error.
#[utoipa::path(
    post,
    path = "/logout",
    tag = "tokens",
    request_body = Option<LogoutBody>,
    responses((status = 204, description = "The session has ended.")),
    security((), ("bearer" = []), ("password" = []))
)]
pub(crate) async fn logout(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<LogoutBody>,
) -> ApiResult<StatusCode> {
    end(&state, &headers, body, false, &origin).await
}

/// End all sessions of the user.
///
/// Every access token of the user dies, too.
#[utoipa::path(
    post,
    path = "/logout/all",
    tag = "tokens",
    request_body = Option<LogoutBody>,
    responses((status = 204, description = "All sessions have ended.")),
    security((), ("bearer" = []), ("password" = []))
)]
pub(crate) async fn logout_all(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<LogoutBody>,
) -> ApiResult<StatusCode> {
    end(&state, &headers, body, true, &origin).await
}

async fn end(
    state: &AppState,
    headers: &HeaderMap,
    body: Option<LogoutBody>,
    everywhere: bool,
    origin: &Origin,
) -> ApiResult<StatusCode> {
    let proof = match body.and_then(|body| body.refresh_token) {
        Some(token) => LogoutProof::RefreshToken(token),
        None => LogoutProof::Access(Box::new(bearer::authenticate(headers, state)?)),
    };
    state.engine().logout(proof, everywhere, origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
