//! An axum extractor (feature `axum`): a handler that takes a [`Principal`] runs only for a good
//! access token. The state must give out the guard (`FromRef<S> for Arc<Guard>`).

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};

use crate::{Error, Guard, Presented, Principal, tower::refusal};

/// A refusal with the realm that its challenge names.
#[derive(Debug)]
pub struct Rejection {
    error: Error,
    realm: String,
}

impl Rejection {
    /// `error`, refused by `guard`.
    pub fn new(error: Error, guard: &Guard) -> Self {
        Self { error, realm: guard.realm().to_owned() }
    }

    /// The error.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        refusal(&self.error, &self.realm).map(axum::body::Body::from)
    }
}

impl<S> FromRequestParts<S> for Principal
where
    Arc<Guard>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        // The layer may have checked already.
        if let Some(principal) = parts.extensions.get::<Self>() {
            return Ok(principal.clone());
        }
        let guard = Arc::<Guard>::from_ref(state);
        check(parts, &guard).map_err(|error| Rejection::new(error, &guard))
    }
}

/// `Option<Principal>`: no token is `None`; a bad one is refused all the same.
impl<S> OptionalFromRequestParts<S> for Principal
where
    Arc<Guard>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(principal) => Ok(Some(principal)),
            Err(Rejection { error: Error::Missing, .. }) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

fn check(parts: &Parts, guard: &Guard) -> Result<Principal, Error> {
    let fields = parts.headers.get_all(header::AUTHORIZATION);
    let presented = Presented::from_authorization(fields.iter().map(HeaderValue::as_bytes))?;
    guard.check(&presented)
}
