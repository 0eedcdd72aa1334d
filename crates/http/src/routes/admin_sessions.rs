//! `/admin/users/{id}/sessions` and `/admin/sessions/{id}`: sessions, for administrators.

use axum::{Json as Answer, extract::State, http::StatusCode};

use crate::{
    error::ApiResult,
    extract::{admin::Admin, path::PathId},
    schemas::SessionListBody,
    state::AppState,
};

/// The live sessions of a user, the newest first.
#[utoipa::path(
    get,
    path = "/admin/users/{id}/sessions",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 200, description = "The sessions.", body = SessionListBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn user_sessions(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<SessionListBody>> {
    let sessions = state.engine().user_sessions(&id).await?;
    Ok(Answer(sessions.into()))
}

/// End all sessions of a user; its access tokens die, too.
#[utoipa::path(
    delete,
    path = "/admin/users/{id}/sessions",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 204, description = "They have ended.")),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn end_user_sessions(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<StatusCode> {
    state.engine().end_user_sessions(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a session.
#[utoipa::path(
    delete,
    path = "/admin/sessions/{id}",
    tag = "administration",
    params(("id" = String, Path, description = "The session.")),
    responses((status = 204, description = "It has ended.")),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn end_session(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<StatusCode> {
    state.engine().end_session(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
