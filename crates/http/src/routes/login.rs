//! `POST /login`

use axum::{Json as Answer, extract::State};
use countersign_engine::ops::login::LoginRequest;

use crate::{
    error::ApiResult,
    extract::{json::Json, origin::From},
    metrics::Operation,
    schemas::{LoginBody, TokenBody},
    state::AppState,
};

/// Log in with user name and password.
///
/// An unknown user, a wrong password and a disabled user get the same answer in the same time.
#[utoipa::path(
    post,
    path = "/login",
    tag = "tokens",
    request_body = LoginBody,
    responses((status = 200, description = "A new session's tokens.", body = TokenBody))
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    From(origin): From,
    Json(body): Json<LoginBody>,
) -> ApiResult<Answer<TokenBody>> {
    let LoginBody { username, password, scope, resource } = body;
    let request = LoginRequest { username, password, scope, resource };
    let result = state.engine().login(request, &origin).await;
    state.metrics().count(Operation::Login, &result);
    Ok(Answer(result?.into()))
}
