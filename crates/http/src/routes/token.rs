//! `POST /token` (RFC 6749 3.2)

use axum::{Json as Answer, extract::State, http::HeaderMap};
use countersign_engine::{
    TokenResponse,
    error::Error,
    ids::Origin,
    ops::{callers::ClientCredentials, login::LoginRequest, refresh::RefreshRequest},
};

use crate::{
    error::{ApiError, ApiResult},
    extract::{
        client::client_credentials,
        form::{Form, Pairs},
        idempotency::idempotency_key,
        origin::From,
    },
    metrics::Operation,
    schemas::{TokenBody, TokenForm},
    state::AppState,
};

/// The OAuth 2.0 token endpoint.
///
/// `grant_type=refresh_token` for every client. The password form (`grant_type=password`, or none
/// with `username` and `password`) is for the application's own front ends only and can be switched
/// off; it is what the Authorize button sends.
#[utoipa::path(
    post,
    path = "/token",
    tag = "tokens",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "With the same key a refresh whose answer was lost may be repeated.")
    ),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A pair of tokens.", body = TokenBody)),
    security((), ("client" = []))
)]
pub(crate) async fn token(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    Form(mut form): Form,
) -> ApiResult<Answer<TokenBody>> {
    let grant_type = form.take("grant_type")?;
    let client = client_credentials(&headers, &mut form)?;
    let tokens = match grant_type.as_deref() {
        Some("refresh_token") => refresh(&state, form, client, &headers, &origin).await?,
        Some("password") => password(&state, form, client, &origin).await?,
        // What OAuth2PasswordRequestForm clients send (FastAPI's, above all).
        None if form.has("username") && form.has("password") => {
            password(&state, form, client, &origin).await?
        }
        None => return Err(ApiError::invalid_field("grant_type", "This parameter is missing.")),
        Some(_) => return Err(Error::UnsupportedGrantType.into()),
    };
    Ok(Answer(tokens.into()))
}

async fn refresh(
    state: &AppState,
    mut form: Pairs,
    client: ClientCredentials,
    headers: &HeaderMap,
    origin: &Origin,
) -> ApiResult<TokenResponse> {
    let request = RefreshRequest {
        refresh_token: form.demand_secret("refresh_token")?,
        scope: form.take("scope")?,
        client,
        idempotency_key: idempotency_key(headers)?,
    };
    let result = state.engine().refresh(request, origin).await;
    state.metrics().count(Operation::Refresh, &result);
    Ok(result?)
}

async fn password(
    state: &AppState,
    mut form: Pairs,
    client: ClientCredentials,
    origin: &Origin,
) -> ApiResult<TokenResponse> {
    let request = LoginRequest {
        username: form.demand("username")?,
        password: form.demand_secret("password")?,
        scope: form.take("scope")?,
        resource: form.take("resource")?,
    };
    let result = state.engine().password_grant(request, client, origin).await;
    state.metrics().count(Operation::Login, &result);
    Ok(result?)
}
