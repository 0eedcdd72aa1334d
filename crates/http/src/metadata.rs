//! Where things are: endpoints for the metadata document (RFC 8414), and the document.
//!
//! Everything is built from the configured issuer and mount, never from a request's `Host`.

use axum::body::Bytes;
use serde::Serialize;

use crate::config::{HttpConfig, RouteGroup};

/// What this authorization server offers (RFC 8414 2). Arrays that would be empty are left out
/// (RFC 8414 3.2).
#[derive(Debug, Serialize)]
struct Metadata {
    issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introspection_endpoint: Option<String>,
    /// There is no authorization endpoint, so there is no response type; the member is required.
    response_types_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    grant_types_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    token_endpoint_auth_methods_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
}

/// The document. The password form is absent from it on purpose: it is for first-party use only
/// (RFC 9700 2.4).
pub(crate) fn render(issuer: &str, config: &HttpConfig) -> Bytes {
    use RouteGroup::{Login, Session};

    let (origin, path) = split_issuer(issuer);
    let endpoint =
        |group, route: &str| config.has(group).then(|| format!("{origin}{}{route}", config.mount));
    let only_with = |group, values: &'static [&'static str]| {
        if config.has(group) { values } else { Default::default() }
    };
    let metadata = Metadata {
        issuer: issuer.to_owned(),
        token_endpoint: endpoint(Login, "/token"),
        jwks_uri: format!("{origin}/.well-known/jwks.json{path}"),
        revocation_endpoint: endpoint(Session, "/revoke"),
        introspection_endpoint: endpoint(Session, "/introspect"),
        response_types_supported: &["none"],
        grant_types_supported: only_with(Login, &["refresh_token"]),
        token_endpoint_auth_methods_supported: only_with(Login, &["none"]),
        revocation_endpoint_auth_methods_supported: only_with(Session, &["none"]),
        introspection_endpoint_auth_methods_supported: only_with(Session, &["client_secret_basic"]),
    };
    // Strings and arrays always serialize.
    serde_json::to_vec(&metadata).unwrap_or_default().into()
}

/// An issuer's origin and its path without a slash at the end (RFC 8414 3.1).
pub(crate) fn split_issuer(issuer: &str) -> (&str, &str) {
    let authority = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer
        .get(authority..)
        .and_then(|rest| rest.find('/'))
        .map_or(issuer.len(), |at| authority + at);
    let (origin, path) = issuer.split_at(path);
    (origin, path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m1_the_path_of_an_issuer_is_found_and_loses_its_last_slash() {
        assert_eq!(split_issuer("https://a.example"), ("https://a.example", ""));
        assert_eq!(split_issuer("https://a.example/"), ("https://a.example", ""));
        assert_eq!(split_issuer("https://a.example:8443/t/1/"), ("https://a.example:8443", "/t/1"));
    }
}
