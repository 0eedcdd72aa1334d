//! `GET /healthz`, `/readyz`, `/metrics` and `/openapi.json`

use std::time::Duration;

use axum::{Json as Answer, extract::State, http::header::CONTENT_TYPE, response::IntoResponse};
use countersign_engine::error::code::ErrorCode;
use serde_json::{Value, json};

use crate::{
    error::{ApiError, ApiResult},
    schemas::StatusBody,
    state::AppState,
};

/// Whether the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "It does.", body = StatusBody))
)]
pub(crate) async fn healthz() -> Answer<Value> {
    Answer(json!({"status": "ok"}))
}

/// Whether requests are wanted here.
///
/// 503 while the database cannot be written, while revocations are stale, and once the server has
/// begun to stop.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses((status = 200, description = "They are.", body = StatusBody))
)]
pub(crate) async fn readyz(State(state): State<AppState>) -> ApiResult<Answer<Value>> {
    if !state.config().readiness.is_ready() {
        return Err(ApiError::unavailable(Duration::from_secs(1)));
    }
    state.engine().ready().await?;
    Ok(Answer(json!({"status": "ok"})))
}

/// The metrics, as OpenMetrics text.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "The metrics.", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(State(state): State<AppState>) -> ApiResult<impl IntoResponse> {
    let text = state.metrics().encode().ok_or_else(|| ApiError::new(ErrorCode::ServerError))?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, content_type)], text))
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operations",
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = Object))
)]
pub(crate) async fn openapi(State(state): State<AppState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], state.openapi())
}
