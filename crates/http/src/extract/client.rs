//! How a client says who it is: HTTP Basic (RFC 6749 2.3.1) or the body, never both.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_engine::{
    error::code::ErrorCode,
    ops::callers::{CallerCredentials, ClientCredentials},
};
use secrecy::SecretString;

use super::{
    bearer,
    pairs::{Pairs, decode},
};
use crate::{
    error::{ApiError, ApiResult},
    state::AppState,
};

/// What the `Authorization` header holds.
enum Scheme {
    /// Nothing that speaks of a client.
    None,
    /// A Bearer token.
    Bearer,
    /// A client's id, and its secret unless that is empty.
    Basic { id: String, secret: Option<SecretString> },
}

/// The client of a request to the token or the revocation endpoint.
pub(crate) fn client_credentials(
    headers: &HeaderMap,
    form: &mut Pairs,
) -> ApiResult<ClientCredentials> {
    combine(scheme(headers)?, form)
}

/// The caller of the introspection endpoint or the revocation feed: a client, or an access token.
pub(crate) fn caller_credentials(
    headers: &HeaderMap,
    form: &mut Pairs,
    state: &AppState,
) -> ApiResult<CallerCredentials> {
    let scheme = scheme(headers)?;
    if matches!(scheme, Scheme::Bearer) {
        if form.take("client_secret")?.is_some() {
            return Err(two_methods());
        }
        return Ok(CallerCredentials::Access(Box::new(bearer::authenticate(headers, state)?)));
    }
    let credentials = combine(scheme, form)?;
    if credentials.id.is_none() {
        return Ok(CallerCredentials::None);
    }
    Ok(CallerCredentials::Client(credentials))
}

fn combine(scheme: Scheme, form: &mut Pairs) -> ApiResult<ClientCredentials> {
    let body_id = form.take("client_id")?;
    let body_secret = form.take_secret("client_secret")?;
    match scheme {
        Scheme::Basic { id, secret } => {
            // RFC 6749 2.3: not more than one authentication method in one request.
            if body_secret.is_some() || body_id.is_some_and(|body_id| body_id != id) {
                return Err(two_methods());
            }
            Ok(ClientCredentials { id: Some(id), secret, from_header: true })
        }
        Scheme::None | Scheme::Bearer => {
            Ok(ClientCredentials { id: body_id, secret: body_secret, from_header: false })
        }
    }
}

fn two_methods() -> ApiError {
    ApiError::invalid_request("The client authenticates in two ways at once; use one.")
}

fn scheme(headers: &HeaderMap) -> ApiResult<Scheme> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let Some(field) = fields.next() else {
        return Ok(Scheme::None);
    };
    if fields.next().is_some() {
        return Err(ApiError::invalid_request("There is more than one Authorization header."));
    }
    let field = field.as_bytes();
    let mut halves = field.splitn(2, |&byte| byte == b' ');
    let name = halves.next().unwrap_or_default();
    if name.eq_ignore_ascii_case(b"Basic") {
        return basic(halves.next().unwrap_or_default().trim_ascii())
            .ok_or_else(|| ApiError::new(ErrorCode::InvalidClient));
    }
    Ok(if name.eq_ignore_ascii_case(b"Bearer") { Scheme::Bearer } else { Scheme::None })
}

/// `base64(form-encoded id ":" form-encoded secret)`. Both empty is what Swagger UI sends without a
/// client, and means none.
fn basic(credentials: &[u8]) -> Option<Scheme> {
    let decoded = STANDARD.decode(credentials).ok()?;
    let mut halves = decoded.splitn(2, |&byte| byte == b':');
    let (id, secret) = (halves.next()?, halves.next()?);
    if id.is_empty() && secret.is_empty() {
        return Some(Scheme::None);
    }
    let secret = decode(secret)?;
    Some(Scheme::Basic {
        id: decode(id)?,
        secret: (!secret.is_empty()).then(|| SecretString::from(secret)),
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use secrecy::ExposeSecret;

    use super::*;

    fn read(
        authorization: &str,
        form: &str,
    ) -> Result<(Option<String>, Option<String>), ErrorCode> {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        }
        let mut form = Pairs::parse(form.as_bytes()).unwrap();
        client_credentials(&headers, &mut form)
            .map(|client| {
                (client.id, client.secret.map(|secret| secret.expose_secret().to_owned()))
            })
            .map_err(|error| error.code())
    }

    fn header(plain: &str) -> String {
        format!("Basic {}", STANDARD.encode(plain))
    }

    fn pair(id: &str, secret: &str) -> (Option<String>, Option<String>) {
        (Some(id.to_owned()), Some(secret.to_owned()))
    }

    #[test]
    fn t6_id_and_secret_are_form_decoded() {
        assert_eq!(read(&header("app:s3"), ""), Ok(pair("app", "s3")));
        assert_eq!(read(&header("my%2Dapp:a%3Ab+c%2B"), ""), Ok(pair("my-app", "a:b c+")));
        assert_eq!(read(&header("app:a:b"), ""), Ok(pair("app", "a:b")));
        assert_eq!(read("", "client_id=app&client_secret=s"), Ok(pair("app", "s")));
    }

    #[test]
    fn t5_two_methods_are_refused() {
        let invalid = Err(ErrorCode::INVALID_REQUEST);
        assert_eq!(read(&header("app:s"), "client_secret=s"), invalid);
        assert_eq!(read(&header("app:s"), "client_id=other"), invalid);
        assert_eq!(read(&header("app:s"), "client_id=app"), Ok(pair("app", "s")));
    }

    #[test]
    fn an_empty_basic_is_no_client() {
        assert_eq!(read(&header(":"), ""), Ok((None, None)));
        assert_eq!(read(&header(":"), "client_id=app"), Ok((Some("app".into()), None)));
    }

    #[test]
    fn t12_an_unreadable_basic_is_an_invalid_client() {
        for credentials in ["Basic", "Basic !", "Basic YXBw", "Basic YXBwOnM", "basic /////w=="] {
            assert_eq!(read(credentials, ""), Err(ErrorCode::InvalidClient), "{credentials}");
        }
    }
}
