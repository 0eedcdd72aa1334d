//! How long a request may take. The body has its own, shorter limit where it is read.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use countersign_engine::error::Error;
use tokio::time::timeout;

use crate::error::ApiError;

/// How long the long poll of `/revocations` may wait for something to happen.
pub(crate) const LONGEST_POLL: Duration = Duration::from_secs(25);

/// Answers 503 when the time is over. The operation itself goes on: the engine runs what writes as
/// a task of its own, so that nothing is left half done.
pub(crate) async fn layer(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError::from(Error::Busy { retry_after: Duration::from_secs(1) }).into_response()
        }
    }
}
