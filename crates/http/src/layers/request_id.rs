//! One id for a request, in its answer, its log lines and its audit rows.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue},
    middleware::Next,
    response::Response,
};
use countersign_engine::random::{SystemRandom, bytes};

const HEADER: &str = "x-request-id";

/// The id of a request; a request extension, and the answer's `X-Request-Id`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestId(String);

impl RequestId {
    /// The id as text: 1 to 64 of `[A-Za-z0-9._-]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The caller's, if it is harmless in a log line; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match given {
            Some(id) if (1..=64).contains(&id.len()) && id.bytes().all(allowed) => {
                Self(id.to_owned())
            }
            _ => Self::generate(),
        }
    }

    fn generate() -> Self {
        let random: [u8; 16] = bytes(&SystemRandom);
        Self(format!("{:032x}", u128::from_be_bytes(random)))
    }
}

/// Gives the request its id, and the answer too.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::try_from(id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h19_only_a_harmless_id_is_taken_over() {
        let id = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_static(value));
            RequestId::of(&headers).0
        };
        assert_eq!(id("abc-1._Z"), "abc-1._Z");
        for bad in [
            "",
            "a b",
            "a\"b",
            "a{b}",
            "0123456789012345678901234567890123456789012345678901234567890123x",
        ] {
            assert_ne!(id(bad), bad);
            assert_eq!(id(bad).len(), 32);
        }
    }
}
