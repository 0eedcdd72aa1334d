//! Form bodies of the OAuth endpoints (RFC 6749 appendix B).

use axum::extract::{FromRequest, Request};
use countersign_engine::error::code::ErrorCode;

use super::body;
pub(crate) use super::pairs::Pairs;
use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// The parameters of a form body.
#[derive(Debug)]
pub(crate) struct Form(pub(crate) Pairs);

impl FromRequest<AppState> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        if !body::has_media_type(request.headers(), "application/x-www-form-urlencoded") {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
        }
        // RFC 6749 2.3.1: never in the URI, where it would be logged.
        let query = Pairs::parse(request.uri().query().unwrap_or_default().as_bytes())?;
        if query.has("client_secret") {
            return Err(ApiError::invalid_field(
                "client_secret",
                "A client secret must not stand in the URL.",
            ));
        }
        Pairs::parse(&body::read(request, state.config()).await?).map(Self)
    }
}
