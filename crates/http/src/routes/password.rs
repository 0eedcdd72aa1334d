//! `POST /users/me/password`

use axum::{Json as Answer, extract::State};
use countersign_engine::ops::change_password::ChangePasswordRequest;

use crate::{
    error::ApiResult,
    extract::{bearer::Bearer, json::Json, origin::From},
    schemas::{ChangePasswordBody, TokenBody},
    state::AppState,
};

/// Change one's own password.
///
/// All sessions end, this one too; the answer holds the tokens of a new one.
#[utoipa::path(
    post,
    path = "/users/me/password",
    tag = "accounts",
    request_body = ChangePasswordBody,
    responses((status = 200, description = "A new session's tokens.", body = TokenBody)),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn change_password(
    State(state): State<AppState>,
    Bearer(principal): Bearer,
    From(origin): From,
    Json(body): Json<ChangePasswordBody>,
) -> ApiResult<Answer<TokenBody>> {
    let ChangePasswordBody { current_password, new_password } = body;
    let request = ChangePasswordRequest { current_password, new_password };
    let tokens = state.engine().change_password(&principal, request, &origin).await?;
    Ok(Answer(tokens.into()))
}
