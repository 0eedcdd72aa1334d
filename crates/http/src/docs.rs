//! `GET /docs`: Swagger UI from this binary, without a CDN.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::{
    Router,
    extract::Path,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use countersign_engine::error::code::ErrorCode;
use utoipa_swagger_ui::{Config, serve};

use crate::{error::ApiError, state::AppState};

/// The page loads its own scripts and talks to its own server. Its style attributes are inline,
/// its icons `data:`; nothing else is let in.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' \
    'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'self'";

/// `/docs`, `/docs/` and what the page loads. All links are relative, so that it works below any
/// mount.
pub(crate) fn router() -> Router<AppState> {
    let config = Arc::new(
        Config::from("../openapi.json")
            .use_base_layout()
            .validator_url("none")
            .display_request_duration(true)
            .persist_authorization(false),
    );
    let index = Arc::clone(&config);
    Router::new()
        .route("/docs", get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "docs/")]) }))
        .route("/docs/", get(move || async move { file("", index) }))
        .route(
            "/docs/{*file}",
            get(move |Path(path): Path<String>| async move { file(&path, config) }),
        )
}

fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    let file = match serve(path, config) {
        Ok(Some(file)) => file,
        Ok(None) => return ApiError::new(ErrorCode::NotFound).into_response(),
        Err(error) => {
            tracing::error!(%error, "the documentation page could not be rendered");
            return ApiError::new(ErrorCode::ServerError).into_response();
        }
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::try_from(file.content_type)),
        (CONTENT_SECURITY_POLICY, Ok(HeaderValue::from_static(CONTENT_POLICY))),
        (CACHE_CONTROL, Ok(HeaderValue::from_static("no-cache"))),
    ];
    let mut response = file.bytes.into_owned().into_response();
    for (name, value) in headers {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
