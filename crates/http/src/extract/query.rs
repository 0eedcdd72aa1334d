//! The query of a request, where a route reads one. Access tokens are never looked for there
//! (RFC 6750 2.3, RFC 9700 4.3.2).

use axum::{extract::FromRequestParts, http::request::Parts};

use super::pairs::Pairs;
use crate::error::{ApiError, ApiResult};

/// The parameters of the query.
#[derive(Debug)]
pub(crate) struct Query(pub(crate) Pairs);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        Pairs::parse(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

impl Query {
    /// A whole number, or none.
    pub(crate) fn number<N: std::str::FromStr>(
        &mut self,
        name: &'static str,
    ) -> ApiResult<Option<N>> {
        let text = self.0.take(name)?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(|_| ApiError::invalid_field(name, "This parameter is not a whole number."))
    }
}
