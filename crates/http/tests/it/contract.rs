//! Every answer of every test is held against the OpenAPI document: its status must be there, its
//! error code among those of the status, and its members those of the schema.

use axum::http::Method;
use serde_json::Value;

use crate::fixture::Answer;

/// Asserts that the document says what was answered. Paths and methods that it does not have are
/// none of its business.
pub(crate) fn check(document: &Value, method: &Method, path: &str, answer: &Answer) {
    let Some(operation) = operation(document, method, path) else { return };
    let name = format!("{method} {path} {}", answer.status);
    let response = &operation["responses"][answer.status.as_str()];
    assert!(response.is_object(), "{name} is not documented: {:?}", answer.body);
    let content = &response["content"]["application/json"];
    if !content.is_object() {
        return;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    if answer.status.as_u16() >= 400 {
        let code = body["error"].as_str().unwrap();
        assert!(content["examples"].get(code).is_some(), "{name}: {code} is not documented");
    }
    conforms(&body, &content["schema"], &name);
    for header in ["retry-after", "www-authenticate", "ratelimit"] {
        let documented = response["headers"].as_object().is_some_and(|headers| {
            headers.keys().any(|documented| documented.eq_ignore_ascii_case(header))
        });
        assert!(documented || answer.header(header).is_empty(), "{name}: {header}");
    }
}

fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object().unwrap();
    let fits = |pattern: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern
                .split('/')
                .zip(path.split('/'))
                .all(|(expected, part)| expected == part || expected.starts_with('{'))
    };
    let exact = paths.get(path);
    let item =
        exact.or_else(|| paths.iter().find(|(pattern, _)| fits(pattern)).map(|(_, item)| item));
    item?.get(method.as_str().to_lowercase())
}

/// Members are known, and the required ones are there; at any depth.
fn conforms(value: &Value, schema: &Value, name: &str) {
    match value {
        Value::Array(items) => {
            items.iter().for_each(|item| conforms(item, &schema["items"], name));
        }
        Value::Object(members) => {
            let parts =
                schema["allOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
            let required = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
            for member in required {
                assert!(members.contains_key(member.as_str().unwrap()), "{name} lacks {member}");
            }
            if parts.iter().all(|part| part["properties"].is_null()) {
                return;
            }
            for (member, value) in members {
                let part = parts.iter().find_map(|part| part["properties"].get(member));
                let part = part.unwrap_or_else(|| panic!("{name}: {member} is not documented"));
                conforms(value, part, name);
            }
        }
        _ => {}
    }
}
