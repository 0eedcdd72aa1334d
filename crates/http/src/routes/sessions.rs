//! `GET /users/me/sessions` and `DELETE /users/me/sessions/{id}`

use axum::{Json as Answer, extract::State, http::StatusCode};

use crate::{
    error::ApiResult,
    extract::{bearer::Bearer, origin::From, path::PathId},
    schemas::OwnSessionListBody,
    state::AppState,
};

/// One's own live sessions, the newest first.
#[utoipa::path(
    get,
    path = "/users/me/sessions",
    tag = "accounts",
    responses((status = 200, description = "The sessions.", body = OwnSessionListBody)),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn own_sessions(
    State(state): State<AppState>,
    Bearer(principal): Bearer,
) -> ApiResult<Answer<OwnSessionListBody>> {
    let sessions = state.engine().sessions(&principal).await?;
    Ok(Answer(OwnSessionListBody::new(sessions, principal.session_id())))
}

/// End one of one's own sessions.
#[utoipa::path(
    delete,
    path = "/users/me/sessions/{id}",
    tag = "accounts",
    params(("id" = String, Path, description = "The session.")),
    responses((status = 204, description = "The session has ended.")),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn end_own_session(
    State(state): State<AppState>,
    Bearer(principal): Bearer,
    From(origin): From,
    PathId(id): PathId,
) -> ApiResult<StatusCode> {
    state.engine().end_own_session(&principal, &id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
