//! `/admin/users…`: accounts, for administrators.

use axum::{Json as Answer, extract::State, http::StatusCode};
use countersign_engine::ops::admin_users::{AddUserRequest, GrantsRequest, UserQuery};

use crate::{
    error::ApiResult,
    extract::{admin::Admin, json::Json, path::PathId, query::Query},
    schemas::{AddUserBody, ClaimsBody, GrantsBody, SetPasswordBody, UserDetailBody, UserPageBody},
    state::AppState,
};

/// Accounts, in the order of their ids.
#[utoipa::path(
    get,
    path = "/admin/users",
    tag = "administration",
    params(
        ("after" = Option<String>, Query, description = "Only those after this id."),
        ("search" = Option<String>, Query, description = "Only names with this in them."),
        ("limit" = Option<usize>, Query, description = "At most so many, 100 if not said.")
    ),
    responses((status = 200, description = "A page of accounts.", body = UserPageBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn list_users(
    State(state): State<AppState>,
    _: Admin,
    mut query: Query,
) -> ApiResult<Answer<UserPageBody>> {
    let query = UserQuery {
        after: query.0.take("after")?,
        search: query.0.take("search")?,
        limit: query.number("limit")?.unwrap_or(0),
    };
    Ok(Answer(state.engine().list_users(query).await?.into()))
}

/// Add an account.
#[utoipa::path(
    post,
    path = "/admin/users",
    tag = "administration",
    request_body = AddUserBody,
    responses((status = 201, description = "The account stands.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn add_user(
    State(state): State<AppState>,
    Admin(actor): Admin,
    Json(body): Json<AddUserBody>,
) -> ApiResult<(StatusCode, Answer<UserDetailBody>)> {
    let request = AddUserRequest {
        username: body.username,
        password: body.password,
        email: body.email,
        roles: body.roles,
        scopes: body.scopes,
        claims: body.claims.0,
    };
    let user = state.engine().add_user(request, &actor).await?;
    Ok((StatusCode::CREATED, Answer(user.into())))
}

/// An account.
#[utoipa::path(
    get,
    path = "/admin/users/{id}",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 200, description = "The account.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn user(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<UserDetailBody>> {
    Ok(Answer(state.engine().user(&id).await?.into()))
}

/// Delete an account.
///
/// Its name becomes free, its id never returns.
#[utoipa::path(
    delete,
    path = "/admin/users/{id}",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 204, description = "The account is gone.")),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn delete_user(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<StatusCode> {
    state.engine().delete_user(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set roles and scopes.
///
/// What is removed is gone at once; what is added shows at the next refresh.
#[utoipa::path(
    put,
    path = "/admin/users/{id}/grants",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    request_body = GrantsBody,
    responses((status = 200, description = "The account afterwards.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn change_user_grants(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
    Json(body): Json<GrantsBody>,
) -> ApiResult<Answer<UserDetailBody>> {
    let grants = GrantsRequest { roles: body.roles, scopes: body.scopes };
    let user = state.engine().change_user_grants(&id, grants, &actor).await?;
    Ok(Answer(user.into()))
}

/// Set the custom claims.
#[utoipa::path(
    put,
    path = "/admin/users/{id}/claims",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    request_body = ClaimsBody,
    responses((status = 200, description = "The account afterwards.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn set_user_claims(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
    Json(body): Json<ClaimsBody>,
) -> ApiResult<Answer<UserDetailBody>> {
    let user = state.engine().set_user_claims(&id, body.claims.0, &actor).await?;
    Ok(Answer(user.into()))
}

/// Set a password; all sessions end.
#[utoipa::path(
    put,
    path = "/admin/users/{id}/password",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    request_body = SetPasswordBody,
    responses((status = 204, description = "The password is set.")),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn set_user_password(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
    Json(body): Json<SetPasswordBody>,
) -> ApiResult<StatusCode> {
    state.engine().set_user_password(&id, &body.password, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Disable an account: its sessions end, its access tokens die.
#[utoipa::path(
    post,
    path = "/admin/users/{id}/disable",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 200, description = "The account afterwards.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn disable_user(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<UserDetailBody>> {
    Ok(Answer(state.engine().disable_user(&id, &actor).await?.into()))
}

/// Enable an account again; its old sessions stay ended.
#[utoipa::path(
    post,
    path = "/admin/users/{id}/enable",
    tag = "administration",
    params(("id" = String, Path, description = "The user's id or name.")),
    responses((status = 200, description = "The account afterwards.", body = UserDetailBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn enable_user(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<UserDetailBody>> {
    Ok(Answer(state.engine().enable_user(&id, &actor).await?.into()))
}
