//! Reads a body within its bounds, before anybody parses it.

use axum::{
    body::{Bytes, to_bytes},
    extract::Request,
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use countersign_engine::error::code::ErrorCode;
use tokio::time::timeout;

use crate::{
    config::HttpConfig,
    error::{ApiError, ApiResult},
};

/// The whole body, if it is not too large, not compressed and not too slow.
pub(super) async fn read(request: Request, config: &HttpConfig) -> ApiResult<Bytes> {
    let headers = request.headers();
    let encoded = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if encoded {
        // A small body that unpacks into a large one would pass the limit.
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
    }
    if declared_length(headers).is_some_and(|length| length > config.body_limit) {
        return Err(ApiError::new(ErrorCode::PayloadTooLarge));
    }
    let reading = to_bytes(request.into_body(), config.body_limit);
    match timeout(config.body_timeout, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(ApiError::new(ErrorCode::PayloadTooLarge)),
        Ok(Err(_)) => Err(ApiError::invalid_request("The body could not be read to its end.")),
        Err(_) => Err(ApiError::new(ErrorCode::RequestTimeout)),
    }
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The limit speaks through the source of the error and names its type.
fn is_too_large(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// Whether the one `Content-Type` is `expected`, in UTF-8 if it says.
pub(super) fn has_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut fields = headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return false;
    };
    let Ok(field) = field.to_str() else {
        return false;
    };
    let mut parts = field.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(expected));
    named
        && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_exact_and_utf_8() {
        let json = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, axum::http::HeaderValue::from_static(value));
            }
            has_media_type(&headers, "application/json")
        };
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(json(&[good]), "{good}");
        }
        for bad in [
            "application/json; charset=utf-16",
            "application/jsonp",
            "application/json, text/plain",
            "text/plain",
            "application/problem+json",
            "",
        ] {
            assert!(!json(&[bad]), "{bad}");
        }
        assert!(!json(&[]));
        assert!(!json(&["application/json", "application/json"]));
    }
}
