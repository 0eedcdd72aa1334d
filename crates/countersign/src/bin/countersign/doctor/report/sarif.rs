//! SARIF 2.1.0, for code scanners.

use serde_json::{Value, json};

use crate::doctor::{self, Finding, Place, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run.
pub(super) fn log(findings: &[Finding]) -> Value {
    let rules: Vec<&'static Rule> = doctor::all().collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &rules)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "countersign doctor",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// SARIF 3.49
fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": format!("{} ({})", rule.why, rule.reference)},
        "help": {"text": rule.mend},
        "defaultConfiguration": {"level": rule.severity.as_str()},
    })
}

/// SARIF 3.27
fn result(finding: &Finding, rules: &[&'static Rule]) -> Value {
    let index = rules.iter().position(|rule| rule.id == finding.rule.id);
    let locations: Vec<Value> = finding.place.iter().map(location).collect();
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.severity.as_str(),
        "message": {"text": format!("{}. {}", capitalised(&finding.message), finding.rule.mend)},
        "locations": locations,
    })
}

fn location(place: &Place) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&place.file)},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }})
}

/// A path as a URI reference (RFC 3986 4.1): relative as it is, absolute as `file:`.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    let path = path.strip_prefix("./").unwrap_or(path);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}", first.unwrap_or_default(), characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        for (path, expected) in [
            ("app.py", "app.py"),
            ("./a/b c.py", "a/b%20c.py"),
            ("/srv/ä.py", "file:///srv/%C3%A4.py"),
            ("a:b.py", "a%3Ab.py"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
