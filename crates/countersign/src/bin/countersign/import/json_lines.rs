//! One JSON object a line. `null` says nothing, like a member that is not there.

use ::countersign::engine::ops::import_users::ImportUser;
use serde::Deserialize;
use serde_json::Value;

use super::{cells, csv, refusals::Problem};

/// Each member as it comes: a parser that knew the types would repeat secrets in its errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    username: Option<Value>,
    password_hash: Option<Value>,
    password: Option<Value>,
    email: Option<Value>,
    roles: Option<Value>,
    scopes: Option<Value>,
    claims: Option<Value>,
    disabled: Option<Value>,
    created_at: Option<Value>,
    id: Option<Value>,
}

/// Reads a line. An empty one is none.
pub(super) fn user(line: &str) -> Result<Option<ImportUser>, Problem> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return Ok(None);
    }
    let members: Members = serde_json::from_str(line).map_err(|error| malformed(line, &error))?;
    let mut user = ImportUser {
        id: members.id.map(id).transpose()?,
        password: text("password", members.password)?.map(Into::into),
        password_hash: text("password_hash", members.password_hash)?.map(Into::into),
        email: text("email", members.email)?,
        roles: names("roles", members.roles)?,
        scopes: names("scopes", members.scopes)?,
        ..ImportUser::default()
    };
    user.username = text("username", members.username)?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Problem::new("username", "there is none", "Give the user a name."))?;
    user.claims = match members.claims {
        None => None,
        Some(Value::Object(claims)) => Some(claims),
        Some(_) => return Err(wrong("claims", "an object")),
    };
    user.disabled = match members.disabled {
        None => None,
        Some(Value::Bool(disabled)) => Some(disabled),
        Some(_) => return Err(wrong("disabled", "true or false")),
    };
    user.created_at = match members.created_at {
        None => None,
        Some(Value::String(text)) => Some(cells::instant(text.trim())?),
        Some(Value::Number(number)) => Some(cells::seconds(number.as_i64().unwrap_or(-1))?),
        Some(_) => return Err(wrong("created_at", "a time")),
    };
    Ok(Some(user))
}

/// The parser's message is repeated only where it names members, never values.
fn malformed(line: &str, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let name = message.split('`').nth(1).unwrap_or_default();
    if message.starts_with("unknown field") {
        return Problem::of_row(csv::unknown(name), "Rename the member or take it out.");
    }
    if message.starts_with("duplicate field") {
        return Problem::new(name, "it is there twice", "Keep one of the two.");
    }
    let reason = if line.starts_with('[') {
        "it is a JSON list: one object a line is wanted"
    } else {
        "it is no JSON object"
    };
    Problem::of_row(reason, "Write one object a line, such as {\"username\": \"ada\"}.")
}

fn wrong(field: &'static str, wanted: &str) -> Problem {
    let mend = "Write the member in its own type, or leave it out.";
    Problem::new(field, format!("it is not {wanted}"), mend)
}

fn text(field: &'static str, value: Option<Value>) -> Result<Option<String>, Problem> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(field, "a text")),
    }
}

/// Numbers are what many systems count their users by.
fn id(value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        _ => Err(wrong("id", "a text or a whole number")),
    }
}

fn names(
    field: &'static str,
    value: Option<Value>,
) -> Result<Option<std::collections::BTreeSet<String>>, Problem> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => cells::names(field, text.trim()).map(Some),
        Some(list @ Value::Array(_)) => {
            serde_json::from_value(list).map(Some).map_err(|_| wrong(field, "a list of texts"))
        }
        Some(_) => Err(wrong(field, "a list of texts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_a_user() {
        let line = r#"{"id": 7, "username": "ada", "roles": ["a"], "scopes": "r w", "claims": {"t": 1},
            "disabled": true, "created_at": 1714979289, "email": null}"#;
        let ada = user(line).unwrap().unwrap();
        assert_eq!((ada.id.as_deref(), ada.disabled), (Some("7"), Some(true)));
        assert_eq!((ada.roles.unwrap().len(), ada.scopes.unwrap().len()), (1, 2));
        assert!(ada.email.is_none() && ada.created_at.is_some());
        assert!(user(" \r").unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named_and_no_secret_repeated() {
        for (line, part) in [
            (r#"{"username": "ada", "password": 42424242}"#, "not a text"),
            (r#"{"username": "ada", "password": "42424242"#, "no JSON object"),
            (r#"{"username": "ada", "password": ["42424242"]}"#, "not a text"),
            (r#"{"username": "ada", "pass": "42424242"}"#, "`pass` is not known"),
            (r#"{"username": "a", "username": "b"}"#, "twice"),
            (r#"{"email": "a@b"}"#, "there is none"),
            (r#"[{"username": "ada"}]"#, "a JSON list"),
            (r#"{"username": "ada", "id": -1}"#, "whole number"),
            (r#"{"username": "ada", "roles": [1]}"#, "list of texts"),
            (r#"{"username": "ada", "created_at": 1.5}"#, "no number of seconds"),
        ] {
            let problem = user(line).unwrap_err();
            assert!(problem.reason.contains(part), "{line}: {}", problem.reason);
            assert!(!format!("{problem:?}").contains("42424242"), "{problem:?}");
        }
    }
}
