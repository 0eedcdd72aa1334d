//! How long a request may take. The body has its own, shorter limit where it is read.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
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
            tracing::warn!("a request took too long and was answered without its result");
            ApiError::unavailable(Duration::from_secs(1)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_answered_503() {
        let routes = Router::new()
            .route("/", get(std::future::pending::<()>))
            .layer(from_fn_with_state(Duration::from_secs(30), layer));
        let response = routes.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
