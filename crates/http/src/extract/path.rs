//! The one variable part of a path.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use countersign_engine::error::code::ErrorCode;

use crate::error::{ApiError, ApiResult};

/// The `{id}` of a path. One that cannot be decoded names nothing.
#[derive(Debug)]
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ApiError::new(ErrorCode::NotFound)),
        }
    }
}
