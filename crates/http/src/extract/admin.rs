//! Administrators: an access token with the scope that all of `/admin` asks for.

use axum::{extract::FromRequestParts, http::request::Parts};
use countersign_engine::ops::admin_users::Actor;

use super::bearer::Bearer;
use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// The scope that all of `/admin` asks for.
pub(crate) const ADMIN_SCOPE: &str = "countersign:admin";

/// Who administers, as the audit log will name them.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Actor);

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let Bearer(principal) = Bearer::from_request_parts(parts, state).await?;
        principal.require_scopes(&[ADMIN_SCOPE])?;
        Ok(Self(Actor::from_principal(&principal)))
    }
}
