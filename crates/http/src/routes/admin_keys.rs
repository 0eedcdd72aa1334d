//! `/admin/keys…`: the signing keys, for administrators.

use axum::{Json as Answer, extract::State};

use crate::{
    error::ApiResult,
    extract::{admin::Admin, path::PathId},
    schemas::{KeyBody, KeyListBody},
    state::AppState,
};

/// The signing keys.
#[utoipa::path(
    get,
    path = "/admin/keys",
    tag = "administration",
    responses((status = 200, description = "The keys.", body = KeyListBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn list_keys(
    State(state): State<AppState>,
    _: Admin,
) -> ApiResult<Answer<KeyListBody>> {
    let keys = state.engine().list_keys().await?;
    Ok(Answer(keys.into()))
}

/// Let the next key sign as soon as every reader can know it.
///
/// Tokens in flight stay good.
#[utoipa::path(
    post,
    path = "/admin/keys/rotate",
    tag = "administration",
    responses((status = 200, description = "The key that signs next.", body = KeyBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn rotate_keys(
    State(state): State<AppState>,
    Admin(actor): Admin,
) -> ApiResult<Answer<KeyBody>> {
    Ok(Answer(state.engine().rotate_keys(&actor).await?.into()))
}

/// Declare a key compromised.
///
/// From now on nothing that it signed is good, anywhere, for ever.
#[utoipa::path(
    post,
    path = "/admin/keys/{kid}/compromise",
    tag = "administration",
    params(("kid" = String, Path, description = "The key.")),
    responses((status = 200, description = "The key.", body = KeyBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn compromise_key(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(kid): PathId,
) -> ApiResult<Answer<KeyBody>> {
    Ok(Answer(state.engine().compromise_key(&kid, &actor).await?.into()))
}
