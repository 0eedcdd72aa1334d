//! Which failures each operation can answer. Their statuses, headers and texts come from the error
//! table itself, so that the document cannot say anything else than the routes.

use std::collections::BTreeMap;

use countersign_engine::error::code::{Challenge, ErrorCode};
use countersign_guard::ErrorCode as BearerCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
    example::ExampleBuilder, path::Operation, schema::Type, security::SecurityRequirement,
};

use ErrorCode as E;

/// Adds the failures of an operation to its answers.
pub(super) fn add(operation: &mut Operation) {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in failures(operation) {
        let codes = by_status.entry(code.http_status()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    for (status, codes) in by_status {
        let answer = RefOr::T(response(&codes));
        operation.responses.responses.insert(status.to_string(), answer);
    }
}

fn failures(operation: &Operation) -> Vec<ErrorCode> {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    if matches!(id, "healthz" | "jwks" | "metadata" | "openapi") {
        return Vec::new();
    }
    let mut codes = own(id).to_vec();
    codes.extend([E::ServerError, E::TEMPORARILY_UNAVAILABLE]);
    if operation.request_body.is_some() {
        codes.extend([
            E::INVALID_REQUEST,
            E::RequestTimeout,
            E::PayloadTooLarge,
            E::UnsupportedMediaType,
        ]);
    }
    if operation.parameters.iter().flatten().count() > 0 {
        codes.push(E::INVALID_REQUEST);
    }
    if has_scheme(operation, "bearer") {
        codes.extend([BearerCode::MissingToken, BearerCode::InvalidToken].map(E::Bearer));
        // A malformed or a second Authorization header (RFC 6750 3.1).
        codes.push(E::INVALID_REQUEST);
    }
    if has_scheme(operation, "client") {
        codes.extend([E::InvalidClient, E::RateLimited]);
    }
    if has_scheme(operation, "countersign:") {
        codes.push(E::Bearer(BearerCode::InsufficientScope));
    }
    codes
}

/// What only this operation can answer, beside what its body and its security bring.
fn own(operation_id: &str) -> &'static [ErrorCode] {
    match operation_id {
        "register" => &[E::AccessDenied, E::UsernameTaken, E::WeakPassword, E::RateLimited],
        "login" => &[E::InvalidCredentials, E::InvalidScope, E::InvalidTarget, E::RateLimited],
        "token" => &[
            E::InvalidGrant,
            E::InvalidScope,
            E::InvalidTarget,
            E::UnauthorizedClient,
            E::UnsupportedGrantType,
        ],
        "refresh" => &[E::InvalidGrant, E::InvalidScope, E::RateLimited],
        "logout" | "logout_all" => &[E::InvalidGrant, E::NotFound, E::RateLimited],
        "revoke" => &[E::InvalidGrant],
        "update_me" => &[E::ReauthenticationFailed, E::AccessDenied, E::RateLimited],
        "change_password" => &[
            E::ReauthenticationFailed,
            E::AccessDenied,
            E::WeakPassword,
            E::Conflict,
            E::RateLimited,
        ],
        "add_user" => &[E::UsernameTaken, E::WeakPassword, E::InvalidScope],
        "change_user_grants" => &[E::NotFound, E::Conflict, E::InvalidScope],
        "set_user_claims" | "delete_user" | "disable_user" | "enable_user"
        | "end_user_sessions" => &[E::NotFound, E::Conflict],
        "set_user_password" => &[E::NotFound, E::Conflict, E::WeakPassword],
        "end_own_session"
        | "user"
        | "user_sessions"
        | "end_session"
        | "compromise_key"
        | "client"
        | "delete_client"
        | "rotate_client_secret"
        | "disable_client"
        | "enable_client" => &[E::NotFound],
        "add_client" => &[E::Conflict, E::InvalidScope],
        _ => &[],
    }
}

/// Takes away the requirements of schemes that these groups of routes do not bring.
pub(super) fn keep_known_schemes(operation: &mut Operation, known: impl Fn(&str) -> bool) {
    if let Some(requirements) = &mut operation.security {
        requirements.retain(|requirement| content(requirement).keys().all(|name| known(name)));
    }
}

/// The type shows its content only by serializing.
fn content(requirement: &SecurityRequirement) -> Map<String, Value> {
    match serde_json::to_value(requirement) {
        Ok(Value::Object(schemes)) => schemes,
        _ => Map::new(),
    }
}

/// Whether a scheme of this name, or a scope that begins so, is among the requirements.
fn has_scheme(operation: &Operation, name: &str) -> bool {
    let named = |requirement: &SecurityRequirement| {
        content(requirement).iter().any(|(scheme, scopes)| {
            let scopes = scopes.as_array().map(Vec::as_slice).unwrap_or_default();
            scheme == name
                || scopes
                    .iter()
                    .filter_map(|scope| scope.as_str())
                    .any(|scope| name.ends_with(':') && scope.starts_with(name))
        })
    };
    operation.security.iter().flatten().any(named)
}

fn response(codes: &[ErrorCode]) -> Response {
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let mut content =
        ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Error"))));
    for code in codes {
        let value = json!({"error": code.as_str(), "error_description": code.public_message()});
        let example = ExampleBuilder::new().value(Some(value)).build();
        content = content.examples_from_iter([(code.as_str(), RefOr::T(example))]);
    }
    let mut response = ResponseBuilder::new()
        .description(names.join(", "))
        .content("application/json", content.build());
    for (name, description) in headers(codes) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().schema(Some(text)).description(Some(description));
        response = response.header(name, header.build());
    }
    response.build()
}

fn headers(codes: &[ErrorCode]) -> Vec<(&'static str, &'static str)> {
    let mut headers = Vec::new();
    if codes.iter().any(|code| code.challenge() != Challenge::None) {
        headers.push(("WWW-Authenticate", "How to authenticate (RFC 6750 3, RFC 7617)."));
    }
    if codes.iter().any(|code| matches!(code.http_status(), 429 | 503)) {
        headers.push(("Retry-After", "Seconds to wait."));
    }
    if codes.contains(&E::RateLimited) {
        headers.push(("RateLimit", "What is left of the limit, and when there is more."));
        headers.push(("RateLimit-Policy", "The limit."));
    }
    headers
}
