//! S33: a body that is no JSON answers HTML.

use super::{super::module::Module, Found};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S33",
    name: "request-json-unchecked",
    title: "`request.json` answers its own errors",
    severity: Severity::Note,
    why: "Without a JSON body Flask answers 415 or 400 as an HTML page, and a JSON list has no `get`: a \
          500.",
    reference: "RFC 9110 15.5.16; ASVS 2.2.1",
    mend: "data = request.get_json(silent=True); if not isinstance(data, dict): answer 400 in your own \
           shape.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if !module.imports.has("flask") {
        return;
    }
    for node in module.syntax.nodes().filter(|node| node.is("attribute")) {
        if module.imports.resolve(&node.dotted().unwrap_or_default()) != "flask.request.json" {
            continue;
        }
        let used = node.parent().is_some_and(|up| up.is("attribute") || up.is("subscript"));
        if used {
            found.add(&RULE, node, "what is no JSON object is not answered by you");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn bodies_are_looked_at() {
        broken(
            "S33",
            &[
                "from flask import request\ndef f(): return request.json.get('a')",
                "import flask\nx = flask.request.json['a']",
            ],
        );
        kept(
            "S33",
            &["from flask import request\nrequest.get_json(silent=True)", "request.json['a']"],
        );
    }
}
