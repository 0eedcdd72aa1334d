//! `GET /users/me` and `PATCH /users/me`

use axum::{Json as Answer, extract::State};
use countersign_engine::ops::me::UpdateAccountRequest;

use crate::{
    error::ApiResult,
    extract::{bearer::Bearer, json::Json, origin::From},
    schemas::{UpdateAccountBody, UserBody},
    state::AppState,
};

/// One's own account, as it stands now.
#[utoipa::path(
    get,
    path = "/users/me",
    tag = "accounts",
    responses((status = 200, description = "The account.", body = UserBody)),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn me(
    State(state): State<AppState>,
    Bearer(principal): Bearer,
) -> ApiResult<Answer<UserBody>> {
    Ok(Answer(state.engine().me(&principal).await?.into()))
}

/// Change one's own e-mail address.
#[utoipa::path(
    patch,
    path = "/users/me",
    tag = "accounts",
    request_body = UpdateAccountBody,
    responses((status = 200, description = "The account afterwards.", body = UserBody)),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn update_me(
    State(state): State<AppState>,
    Bearer(principal): Bearer,
    From(origin): From,
    Json(body): Json<UpdateAccountBody>,
) -> ApiResult<Answer<UserBody>> {
    let request =
        UpdateAccountRequest { email: body.email, current_password: body.current_password };
    let user = state.engine().update_account(&principal, request, &origin).await?;
    Ok(Answer(user.into()))
}
