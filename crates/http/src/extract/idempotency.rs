//! The `Idempotency-Key` of a refresh (draft-ietf-httpapi-idempotency-key-header).

use axum::http::HeaderMap;

use crate::error::{ApiError, ApiResult};

/// The key, if there is one. Its length is the engine's to judge.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let mut fields = headers.get_all("idempotency-key").iter();
    let key = fields.next().map(|field| field.to_str().map(str::to_owned)).transpose();
    match (key, fields.next()) {
        (Ok(key), None) => Ok(key),
        _ => Err(ApiError::invalid_field(
            "Idempotency-Key",
            "This header stands once and is printable ASCII.",
        )),
    }
}
