//! JSON bodies: `application/json` only, every member known and there once, nesting bounded.

use axum::extract::{FromRequest, Request};
use countersign_engine::error::code::ErrorCode;
use serde::de::DeserializeOwned;

use super::body;
use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// How deep arrays and objects may be nested.
const MAX_DEPTH: usize = 32;

/// A body that is this JSON value and nothing else.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        if !body::has_media_type(request.headers(), "application/json") {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
        }
        parse(&body::read(request, state.config()).await?).map(Self)
    }
}

/// The same where no body at all, or `null`, is also an answer.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned> FromRequest<AppState> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        let is_json = body::has_media_type(request.headers(), "application/json");
        let bytes = body::read(request, state.config()).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
        }
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    if too_deep(bytes) {
        return Err(ApiError::invalid_request("The JSON is nested too deep."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| explain(&error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|_| not_json())?;
    Ok(value)
}

fn not_json() -> ApiError {
    ApiError::invalid_request("The body is not one JSON object in UTF-8.")
}

/// Says which member is at fault and how, without quoting its value.
fn explain(path: &str, error: &serde_json::Error) -> ApiError {
    if !error.is_data() {
        return not_json();
    }
    let message = error.to_string();
    // serde names the member only in its text.
    for (start, description) in [
        ("missing field `", "This member is missing."),
        ("unknown field `", "This member is not known here."),
        ("duplicate field `", "This member stands twice."),
    ] {
        if let Some(rest) = message.strip_prefix(start) {
            let name = rest.split('`').next().unwrap_or_default();
            return at(name, description);
        }
    }
    at(path, "This member has a wrong type or an impossible value.")
}

fn at(name: &str, description: &'static str) -> ApiError {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte);
    let is_member = (1..=64).contains(&name.len()) && name != "." && name.bytes().all(allowed);
    if is_member {
        ApiError::invalid_field(name, description)
    } else if name == "." {
        ApiError::invalid_request("The body is not a JSON object.")
    } else {
        ApiError::invalid_request(description)
    }
}

/// Counts brackets outside strings, so that nothing has to be parsed to refuse a bomb.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        name: String,
        #[serde(default)]
        count: u8,
    }

    fn refuse(body: impl AsRef<[u8]>) -> String {
        let error = parse::<Body>(body.as_ref()).unwrap_err();
        let text = format!("{error:?}");
        assert_eq!(error.into_response().status(), 400);
        text
    }

    #[test]
    fn the_member_at_fault_is_named() {
        assert!(refuse(r"{}").contains("\"name\""));
        assert!(refuse(r#"{"name":1}"#).contains("\"name\""));
        assert!(refuse(r#"{"name":"a","name":"b"}"#).contains("stands twice"));
        assert!(refuse(r#"{"name":"a","roles":[]}"#).contains("\"roles\""));
        assert!(refuse(r#"{"name":"a","count":256}"#).contains("\"count\""));
    }

    #[test]
    fn what_is_no_object_is_no_body() {
        for body in ["", "{", r#"{"name":"a"} x"#, "\u{feff}{}", "nul", "[1]", "\"x\"", "7"] {
            assert!(!refuse(body).contains("line"), "{body}");
        }
        refuse(b"{\"name\":\"\xff\"}");
        refuse("[".repeat(60_000));
        refuse(format!("{{\"name\":{}1{}}}", "[".repeat(40), "]".repeat(40)));
        let body = parse::<Body>(br#" {"name":"[[[\"{{","count":3} "#).unwrap();
        assert_eq!((body.name.as_str(), body.count), ("[[[\"{{", 3));
    }

    #[test]
    fn an_unknown_name_is_not_echoed_when_it_is_no_name() {
        assert!(!refuse(r#"{"name":"a","<script>":1}"#).contains("<script"));
        assert!(!refuse("{\"name\":\"a\",\"x\\r\\ny\":1}").contains("\\r"));
    }
}
