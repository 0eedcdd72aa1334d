//! What a request presents, without HTTP types.

use crate::Error;

/// How a token is presented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// RFC 6750 2.1: whoever holds the token may use it.
    Bearer,
}

/// A presented access token and the request it came with. `method`, `url` and `proof` are for
/// sender-constrained tokens, which this version refuses.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Presented<'a> {
    /// How.
    pub scheme: Scheme,
    /// The token.
    pub token: &'a str,
    /// The request's method.
    pub method: Option<&'a str>,
    /// The request's URL.
    pub url: Option<&'a str>,
    /// The proof of possession.
    pub proof: Option<&'a str>,
}

impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Presented").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl<'a> Presented<'a> {
    /// A bearer token.
    pub fn bearer(token: &'a str) -> Self {
        Self { scheme: Scheme::Bearer, token, method: None, url: None, proof: None }
    }

    /// Reads the `Authorization` header fields of one request.
    ///
    /// # Errors
    /// [`Error::Missing`] without one, or with another scheme (RFC 6750 3);
    /// [`Error::Malformed`] when there are several (RFC 6750 2) or the credentials are not one
    /// `b64token` after `Bearer` and spaces (RFC 6750 2.1, RFC 9110 11.6.2).
    pub fn from_authorization<I>(fields: I) -> Result<Self, Error>
    where
        I: IntoIterator<Item = &'a [u8]>,
    {
        let mut fields = fields.into_iter();
        let field = fields.next().ok_or(Error::Missing)?;
        if fields.next().is_some() {
            return Err(Error::Malformed { reason: "more than one Authorization header" });
        }
        let field = std::str::from_utf8(field)
            .map_err(|_| Error::Malformed { reason: "the Authorization header is not ASCII" })?;
        let (scheme, credentials) = field.split_once(' ').unwrap_or((field, ""));
        if !scheme.eq_ignore_ascii_case("Bearer") {
            // A tab is no separator here, so `Bearer\tx` is a malformed Bearer, not another scheme.
            let bearer_with_tab = scheme.get(..7).is_some_and(|start| {
                start.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("Bearer"))
                    && start.ends_with('\t')
            });
            return Err(if bearer_with_tab {
                Error::Malformed { reason: "a tab separates the scheme from the token" }
            } else {
                Error::Missing
            });
        }
        let token = credentials.trim_matches(' ');
        if token.is_empty() {
            return Err(Error::Malformed { reason: "no token after Bearer" });
        }
        // Without a branch for each byte, which becomes vector instructions.
        if !token.bytes().fold(true, |good, byte| good & is_token_byte(byte)) {
            return Err(Error::Malformed { reason: "the token has a character that no token has" });
        }
        Ok(Self::bearer(token))
    }
}

/// `b64token` of RFC 6750 2.1.
fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    fn read(fields: &[&'static str]) -> Result<&'static str, ErrorCode> {
        Presented::from_authorization(fields.iter().map(|field| field.as_bytes()))
            .map(|presented| presented.token)
            .map_err(|error| error.code())
    }

    #[test]
    fn w1_the_scheme_is_case_insensitive() {
        for field in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR   a.b.c"] {
            assert_eq!(read(&[field]), Ok("a.b.c"));
        }
    }

    #[test]
    fn w2_two_credentials_are_a_malformed_request() {
        assert_eq!(read(&["Bearer a", "Bearer b"]), Err(ErrorCode::InvalidRequest));
        assert_eq!(read(&["Bearer a b"]), Err(ErrorCode::InvalidRequest));
        assert_eq!(read(&["Bearer a,Bearer b"]), Err(ErrorCode::InvalidRequest));
    }

    #[test]
    fn w5_w11_nothing_or_another_scheme_is_a_missing_token() {
        for fields in [&[][..], &["Basic Zm9vOmJhcg=="], &["a.b.c"], &["Bearers a"], &[""]] {
            assert_eq!(read(fields), Err(ErrorCode::MissingToken), "{fields:?}");
        }
    }

    #[test]
    fn w9_what_cannot_be_read_is_a_malformed_request() {
        for field in ["Bearer", "Bearer ", "Bearer\ta.b.c", "Bearer a\u{e9}", "Bearer a\"b"] {
            assert_eq!(read(&[field]), Err(ErrorCode::InvalidRequest), "{field:?}");
        }
    }
}
