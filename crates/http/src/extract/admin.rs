//! Administrators: who they are, the engine decides.

use axum::{extract::FromRequestParts, http::request::Parts};
use countersign_engine::ops::actor::Actor;

use super::{bearer::Bearer, origin::From};
use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// Who administers, as the audit log will name them.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Actor);

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        let Bearer(principal) = Bearer::from_request_parts(parts, state).await?;
        let Ok(From(origin)) = From::from_request_parts(parts, state).await;
        Ok(Self(Actor::administrator(&principal, &origin)?))
    }
}
