//! The access token of a request (RFC 6750 2.1): in the `Authorization` header and nowhere else.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use countersign_guard::{Presented, Principal};

use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// Whoever presents a good access token.
#[derive(Debug)]
pub(crate) struct Bearer(pub(crate) Principal);

impl FromRequestParts<AppState> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        authenticate(&parts.headers, state).map(Self)
    }
}

pub(crate) fn authenticate(headers: &HeaderMap, state: &AppState) -> ApiResult<Principal> {
    let fields = headers.get_all(AUTHORIZATION).iter().map(|value| value.as_bytes());
    let presented = Presented::from_authorization(fields)?;
    Ok(state.engine().authenticate(&presented)?)
}
