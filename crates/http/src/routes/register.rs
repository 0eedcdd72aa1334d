//! `POST /register`

use axum::{extract::State, http::StatusCode};
use countersign_engine::ops::register::RegisterRequest;

use crate::{
    error::ApiResult,
    extract::{json::Json, origin::From},
    schemas::{RegisterBody, UserBody},
    state::AppState,
};

/// Make an account.
///
/// It starts without roles and scopes. Registration can be closed.
#[utoipa::path(
    post,
    path = "/register",
    tag = "accounts",
    request_body = RegisterBody,
    responses((status = 201, description = "The account stands.", body = UserBody))
)]
pub(crate) async fn register(
    State(state): State<AppState>,
    From(origin): From,
    Json(body): Json<RegisterBody>,
) -> ApiResult<(StatusCode, axum::Json<UserBody>)> {
    let request =
        RegisterRequest { username: body.username, password: body.password, email: body.email };
    let user = state.engine().register(request, &origin).await?;
    Ok((StatusCode::CREATED, axum::Json(user.into())))
}
