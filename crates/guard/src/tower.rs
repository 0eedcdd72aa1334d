//! A layer that lets only verified access tokens through (feature `tower`).
//!
//! Behind it, the request's extensions hold the [`Principal`].

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::Either;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tower::{Layer, Service};

use crate::{Error, FailMode, Guard, Presented, Principal, error::code::www_authenticate};

/// Guards a service with a [`Guard`], and with scopes and roles on top.
#[derive(Clone, Debug)]
pub struct RequireAuth {
    guard: Arc<Guard>,
    scopes: Arc<[String]>,
    roles: Arc<[String]>,
    fail_mode: FailMode,
}

impl RequireAuth {
    /// Any good access token.
    pub fn new(guard: Arc<Guard>) -> Self {
        let none: Arc<[String]> = Arc::new([]);
        Self { guard, scopes: Arc::clone(&none), roles: none, fail_mode: FailMode::Closed }
    }

    /// And all of these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self
    }

    /// And all of these roles.
    #[must_use]
    pub fn roles(mut self, roles: &[&str]) -> Self {
        self.roles = roles.iter().map(|&role| role.to_owned()).collect();
        self
    }

    /// What to do while the revocation view is stale.
    #[must_use]
    pub fn fail_mode(mut self, mode: FailMode) -> Self {
        self.fail_mode = mode;
        self
    }

    fn check<B>(&self, request: &Request<B>) -> Result<Principal, Error> {
        let fields = request.headers().get_all(header::AUTHORIZATION);
        let presented = Presented::from_authorization(fields.iter().map(HeaderValue::as_bytes))?;
        let principal = self.guard.check_with(&presented, self.fail_mode)?;
        principal.require_scopes(&self.scopes.iter().map(String::as_str).collect::<Vec<_>>())?;
        principal.require_roles(&self.roles.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(principal)
    }
}

impl<S> Layer<S> for RequireAuth {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, require: self.clone() }
    }
}

/// A service behind [`RequireAuth`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    require: RequireAuth,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.require.check(&request) {
            Ok(principal) => {
                request.extensions_mut().insert(principal);
                Either::Left(self.inner.call(request))
            }
            Err(error) => {
                let refusal = refusal(&error, self.require.guard.realm()).map(R::from);
                Either::Right(ready(Ok(refusal)))
            }
        }
    }
}

/// An error as RFC 6750 3 has it: status, challenge, and a JSON body.
pub fn refusal(error: &Error, realm: &str) -> Response<String> {
    let code = error.code();
    let message = code.public_message();
    let parameter = error.challenge_parameter();
    let parameter = parameter.as_ref().map(|(name, value)| (*name, value.as_str()));
    let body = serde_json::json!({ "error": code.as_str(), "error_description": message });
    let mut response = Response::new(body.to_string());
    *response.status_mut() =
        StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let challenge = www_authenticate(code.challenge(), realm, code.as_str(), message, parameter);
    if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    if let Some(wait) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}
