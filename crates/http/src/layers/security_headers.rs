//! Headers that every answer carries. An answer that says nothing about caching is not cached.

use axum::{
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, PRAGMA, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};

use crate::state::AppState;

const CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const TRANSPORT_POLICY: &str = "max-age=31536000; includeSubDomains";

/// Puts them on; what a handler has set stays.
pub(crate) async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    default(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(&mut response, REFERRER_POLICY, "no-referrer");
    default(&mut response, CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    if state.config().hsts {
        default(&mut response, STRICT_TRANSPORT_SECURITY, TRANSPORT_POLICY);
    }
    if !response.headers().contains_key(CACHE_CONTROL) {
        // RFC 6749 5.1 asks for both on token responses; everything else is as private.
        default(&mut response, CACHE_CONTROL, "no-store");
        default(&mut response, PRAGMA, "no-cache");
    }
    response
}

fn default(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
}
