//! `POST /refresh`

use axum::{Json as Answer, extract::State, http::HeaderMap};
use countersign_engine::ops::{callers::ClientCredentials, refresh::RefreshRequest};

use crate::{
    error::ApiResult,
    extract::{idempotency::idempotency_key, json::Json, origin::From},
    metrics::Operation,
    schemas::{RefreshBody, TokenBody},
    state::AppState,
};

/// Exchange a refresh token for the next pair.
///
/// A refresh token works once. If the answer is lost, the same request may be sent again within the
/// grace window, or with the same `Idempotency-Key` until the successor is used; it answers the same
/// successor. An older token ends the session: somebody else has one.
#[utoipa::path(
    post,
    path = "/refresh",
    tag = "tokens",
    params(
        ("Idempotency-Key" = Option<String>, Header,
            description = "With the same key a refresh whose answer was lost may be repeated.")
    ),
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair of tokens.", body = TokenBody))
)]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    Json(body): Json<RefreshBody>,
) -> ApiResult<Answer<TokenBody>> {
    let request = RefreshRequest {
        refresh_token: body.refresh_token,
        scope: body.scope,
        client: ClientCredentials::default(),
        idempotency_key: idempotency_key(&headers)?,
    };
    let result = state.engine().refresh(request, &origin).await;
    state.metrics().count(Operation::Refresh, &result);
    Ok(Answer(result?.into()))
}
