//! A document without references, for hosts that merge the routes into a document of their own,
//! where a name like `User` may already mean something else.

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// How deep references are followed; the schemas here refer no deeper than three.
const MAX_DEPTH: usize = 16;

/// The document as JSON with every schema written out where it is used. Security schemes stay in
/// `components`.
pub fn inlined(document: &OpenApi) -> Value {
    let mut value = serde_json::to_value(document).unwrap_or_default();
    let schemas = value
        .pointer_mut("/components")
        .and_then(Value::as_object_mut)
        .and_then(|components| components.remove("schemas"))
        .unwrap_or_default();
    resolve(&mut value, &schemas, 0);
    value
}

fn resolve(value: &mut Value, schemas: &Value, depth: usize) {
    let referenced = value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
        .and_then(|name| schemas.get(name));
    let mut depth = depth;
    if let Some(schema) = referenced
        && depth < MAX_DEPTH
    {
        *value = schema.clone();
        depth += 1;
    }
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| resolve(member, schemas, depth));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| resolve(item, schemas, depth));
        }
        _ => {}
    }
}
