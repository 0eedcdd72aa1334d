//! `POST /revoke` (RFC 7009)

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use countersign_engine::ops::revoke::RevokeRequest;

use crate::{
    error::ApiResult,
    extract::{client::client_credentials, form::Form, origin::From},
    schemas::RevokeForm,
    state::AppState,
};

/// Revoke a token.
///
/// A refresh token ends its session; an access token dies alone. A token that is unknown, expired
/// or malformed is as good as revoked and answers 200, too. Without a client the token is the proof
/// (first party).
#[utoipa::path(
    post,
    path = "/revoke",
    tag = "tokens",
    request_body(content = RevokeForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is not good any more.")),
    security((), ("client" = []))
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    Form(mut form): Form,
) -> ApiResult<StatusCode> {
    let token = form.demand_secret("token")?;
    // A wrong hint must not matter (RFC 7009 2.1), so no hint is looked at; but it stands once.
    form.take("token_type_hint")?;
    let client = client_credentials(&headers, &mut form)?;
    state.engine().revoke(RevokeRequest { token, client }, &origin).await?;
    Ok(StatusCode::OK)
}
