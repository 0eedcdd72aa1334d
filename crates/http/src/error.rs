//! The one rendering of the error table (RFC 6749 5.2, RFC 6750 3).
//!
//! Handlers answer `Result<_, ApiError>` and never name a status for a failure. The challenge needs
//! the realm, which a response does not know: [`finish_challenge`] puts it in on the way out.

use std::{borrow::Cow, time::Duration};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use countersign_engine::error::{
    Error, LimitPolicy,
    code::{Challenge, ErrorCode, www_authenticate},
};

use crate::{schemas::ErrorBody, state::AppState};

/// A failure as it goes over the wire: always a row of the error table.
#[derive(Debug)]
pub struct ApiError(Box<Details>);

#[derive(Debug)]
struct Details {
    code: ErrorCode,
    description: Cow<'static, str>,
    field: Option<String>,
    parameter: Option<(&'static str, String)>,
    retry_after: Option<Duration>,
    limit: Option<LimitPolicy>,
}

/// A handler's answer.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// The row, with its own text.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self::described(code, code.public_message())
    }

    /// A request that cannot be read, and why. The text must quote nothing of the request.
    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::described(ErrorCode::INVALID_REQUEST, description)
    }

    /// The same, with the member or parameter at fault.
    pub(crate) fn invalid_field(
        field: impl Into<String>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::invalid_request(description);
        error.0.field = Some(field.into());
        error
    }

    /// Nothing can be said now; perhaps after `retry_after`.
    pub(crate) fn unavailable(retry_after: Duration) -> Self {
        let mut error = Self::new(ErrorCode::TEMPORARILY_UNAVAILABLE);
        error.0.retry_after = Some(retry_after);
        error
    }

    fn described(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Details {
            code,
            description: description.into(),
            field: None,
            parameter: None,
            retry_after: None,
            limit: None,
        }))
    }

    /// The row of the error table.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The whole answer, the challenge for `realm` included: for hosts that refuse requests to
    /// routes of their own.
    pub fn render(self, realm: &str) -> Response<String> {
        let (head, body) = self.split();
        let mut response = head.map(|()| serde_json::to_string(&body).unwrap_or_default());
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        challenge(&mut response, realm);
        response
    }

    /// Status, header fields and the challenge that waits for its realm; and the body.
    fn split(self) -> (Response<()>, ErrorBody) {
        let details = *self.0;
        let code = details.code;
        let description = printable(&details.description);
        let body = ErrorBody {
            error: code.as_str().to_owned(),
            error_description: description.clone(),
            field: details.field,
        };
        let mut head = Response::new(());
        *head.status_mut() =
            StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let seconds = details.retry_after.map(whole_seconds);
        if let Some(seconds) = seconds {
            head.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(limit) = details.limit {
            insert_limit(head.headers_mut(), &limit, seconds.unwrap_or(limit.window_seconds));
        }
        if code.challenge() != Challenge::None {
            let parameter = details.parameter.map(|(name, value)| (name, printable(&value)));
            head.extensions_mut().insert(PendingChallenge { code, description, parameter });
        }
        (head, body)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let code = error.code();
        log(code, &error);
        let mut api = Self::described(code, error.description());
        api.0.field = error.field().map(str::to_owned);
        api.0.retry_after = error.retry_after();
        match &error {
            Error::RateLimited { policy, .. } => api.0.limit = Some(*policy),
            Error::Guard(error) => api.0.parameter = error.challenge_parameter(),
            _ => {}
        }
        api
    }
}

impl From<countersign_guard::Error> for ApiError {
    fn from(error: countersign_guard::Error) -> Self {
        Error::from(error).into()
    }
}

/// A failure is logged once, here. What is ours to mend is an error, the rest is the caller's.
fn log(code: ErrorCode, error: &Error) {
    match code.http_status() {
        500 => tracing::error!(%error, "a request failed"),
        503 => tracing::warn!(%error, "a request could not be answered"),
        _ => tracing::debug!(code = code.as_str(), %error, "a request was refused"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (head, body) = self.split();
        let (head, ()) = head.into_parts();
        let mut response = (head.status, head.headers, axum::Json(body)).into_response();
        *response.extensions_mut() = head.extensions;
        response
    }
}

/// A challenge that waits for its realm.
#[derive(Clone, Debug)]
struct PendingChallenge {
    code: ErrorCode,
    description: String,
    parameter: Option<(&'static str, String)>,
}

/// Puts `WWW-Authenticate` on refusals that ask for credentials.
pub(crate) async fn finish_challenge(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    challenge(&mut response, state.engine().guard().realm());
    response
}

fn challenge<B>(response: &mut Response<B>, realm: &str) {
    if let Some(pending) = response.extensions_mut().remove::<PendingChallenge>() {
        let value = www_authenticate(
            pending.code.challenge(),
            realm,
            pending.code.as_str(),
            &pending.description,
            pending.parameter.as_ref().map(|(name, value)| (*name, value.as_str())),
        );
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
    }
}

/// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers 3 and 4): nothing
/// remains, and it takes so many seconds until something does.
fn insert_limit(headers: &mut HeaderMap, limit: &LimitPolicy, seconds: u64) {
    let LimitPolicy { name, count, window_seconds } = limit;
    let policy = format!("\"{name}\";q={count};w={window_seconds}");
    let rest = format!("\"{name}\";r=0;t={seconds}");
    for (header, value) in [("ratelimit-policy", policy), ("ratelimit", rest)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(header, value);
        }
    }
}

/// Rounded up, so that who waits so long is let in.
fn whole_seconds(duration: Duration) -> u64 {
    let partial = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(partial).max(1)
}

/// RFC 6749 5.2: only %x20-21 / %x23-5B / %x5D-7E may stand in a description, and the same
/// characters are all that a quoted string in a header needs no escape for.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

/// There is no such path.
pub(crate) async fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound)
}

/// The path does not take the method; axum adds `Allow` (RFC 9110 15.5.6).
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed)
}

/// A handler panicked. What it said may contain anything, so it goes nowhere.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    ApiError::new(ErrorCode::ServerError).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        routing::get,
    };
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[test]
    fn t18_descriptions_keep_to_their_characters() {
        assert_eq!(printable("say \"hi\"\\ \r\n\u{2028}é~"), "say 'hi'/ ????~");
    }

    #[test]
    fn waits_round_up_and_are_never_zero() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(12)), 12);
    }

    #[tokio::test]
    async fn a_panic_is_a_server_error_that_says_nothing() {
        let routes = Router::new()
            .route(
                "/",
                get(|| async {
                    if true {
                        panic!("hunter2")
                    }
                }),
            )
            .layer(CatchPanicLayer::custom(panicked));
        let response = routes.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1_024).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("server_error") && !body.contains("hunter2"), "{body}");
    }
}
