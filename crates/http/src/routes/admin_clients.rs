//! `/admin/clients…`: registered clients, for administrators.

use axum::{Json as Answer, extract::State, http::StatusCode};
use countersign_engine::ops::clients::AddClientRequest;

use crate::{
    error::ApiResult,
    extract::{admin::Admin, json::Json, path::PathId},
    schemas::{AddClientBody, ClientBody, ClientListBody, ClientSecretBody},
    state::AppState,
};

/// All clients.
#[utoipa::path(
    get,
    path = "/admin/clients",
    tag = "administration",
    responses((status = 200, description = "The clients.", body = ClientListBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn list_clients(
    State(state): State<AppState>,
    _: Admin,
) -> ApiResult<Answer<ClientListBody>> {
    let clients = state.engine().list_clients().await?;
    Ok(Answer(clients.into()))
}

/// Add a client.
///
/// Its secret, if it has one, is shown this once and kept nowhere.
#[utoipa::path(
    post,
    path = "/admin/clients",
    tag = "administration",
    request_body = AddClientBody,
    responses((status = 201, description = "The client stands.", body = ClientSecretBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn add_client(
    State(state): State<AppState>,
    Admin(actor): Admin,
    Json(body): Json<AddClientBody>,
) -> ApiResult<(StatusCode, Answer<ClientSecretBody>)> {
    let request = AddClientRequest {
        id: body.id,
        kind: body.kind,
        audiences: body.audiences,
        scopes: body.scopes,
    };
    let (client, secret) = state.engine().add_client(request, &actor).await?;
    let answer = ClientSecretBody::new(client.id.as_str().to_owned(), secret.as_ref());
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// A client.
#[utoipa::path(
    get,
    path = "/admin/clients/{id}",
    tag = "administration",
    params(("id" = String, Path, description = "The client.")),
    responses((status = 200, description = "The client.", body = ClientBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn client(
    State(state): State<AppState>,
    _: Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<ClientBody>> {
    Ok(Answer(state.engine().client(&id).await?.into()))
}

/// Delete a client; its sessions end and its access tokens are refused.
#[utoipa::path(
    delete,
    path = "/admin/clients/{id}",
    tag = "administration",
    params(("id" = String, Path, description = "The client.")),
    responses((status = 204, description = "The client is gone.")),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn delete_client(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<StatusCode> {
    state.engine().delete_client(&id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a client another secret; the old one is dead at once.
#[utoipa::path(
    post,
    path = "/admin/clients/{id}/secret",
    tag = "administration",
    params(("id" = String, Path, description = "The client.")),
    responses((status = 200, description = "The new secret, shown this once.", body = ClientSecretBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn rotate_client_secret(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<ClientSecretBody>> {
    let secret = state.engine().rotate_client_secret(&id, &actor).await?;
    Ok(Answer(ClientSecretBody::new(id, Some(&secret))))
}

/// Disable a client: it can do nothing, and its access tokens are refused.
#[utoipa::path(
    post,
    path = "/admin/clients/{id}/disable",
    tag = "administration",
    params(("id" = String, Path, description = "The client.")),
    responses((status = 200, description = "The client afterwards.", body = ClientBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn disable_client(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<ClientBody>> {
    Ok(Answer(state.engine().disable_client(&id, &actor).await?.into()))
}

/// Enable a client again.
#[utoipa::path(
    post,
    path = "/admin/clients/{id}/enable",
    tag = "administration",
    params(("id" = String, Path, description = "The client.")),
    responses((status = 200, description = "The client afterwards.", body = ClientBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn enable_client(
    State(state): State<AppState>,
    Admin(actor): Admin,
    PathId(id): PathId,
) -> ApiResult<Answer<ClientBody>> {
    Ok(Answer(state.engine().enable_client(&id, &actor).await?.into()))
}
