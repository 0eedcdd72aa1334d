//! One line and one count for each request: what was asked for, never with what. The path is the
//! route's pattern, so that neither ids nor query values nor headers are written (RFC 9700 4.3.2).

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::{layers::request_id::RequestId, metrics::RequestLabels, state::AppState};

/// Logs and counts.
pub(crate) async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let request_id = request.extensions().get::<RequestId>().cloned();
    let method = known_method(request.method().as_str());
    let response = next.run(request).await;
    let duration = started.elapsed();
    let status = response.status().as_u16();
    tracing::info!(
        target: "countersign::access",
        method,
        path = route,
        status,
        duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        request_id = request_id.as_ref().map(RequestId::as_str),
        "request",
    );
    state.metrics().observe(&RequestLabels { route, method, status }, duration);
    response
}

/// A method is any text; a label or a log line takes only those that mean something here.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|&known| known == method).unwrap_or("other")
}
