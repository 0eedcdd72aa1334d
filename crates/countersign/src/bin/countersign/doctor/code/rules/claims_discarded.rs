//! S29: a token is checked, and nobody learns whose it is.

use super::{
    super::{module::Module, node::Node},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S29",
    name: "claims-discarded",
    title: "the claims of a checked token are thrown away",
    severity: Severity::Warning,
    why: "The view cannot know who is calling: it serves everybody everything, or trusts a user id from \
          the request.",
    reference: "RFC 9068 4; ASVS 8.2.2, 10.3.3",
    mend: "Hand the claims on: g.user = payload in Flask, or return them from the dependency.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for decode in module.decodes() {
        if is_discarded(module, decode.call.node) {
            found.add(&RULE, decode.call.node, "what the token says is never used");
        }
    }
}

fn is_discarded<'s>(module: &Module<'s>, node: Node<'s>) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "expression_statement" => true,
        "assignment" => {
            let Some(target) = parent.field("left").filter(|left| left.is("identifier")) else {
                return false;
            };
            let Some(function) = module.function_around(node) else { return false };
            let name = target.text();
            let mut uses = module
                .identifiers(name)
                .filter(|other| function.node.holds(*other) && !is_target(*other));
            uses.next().is_none()
        }
        _ => false,
    }
}

fn is_target(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| {
        parent.is("assignment") && parent.field("left") == Some(node)
            || parent.is("global_statement")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn who_it_is_is_handed_on() {
        broken(
            "S29",
            &[
                "import jwt\ndef f(t):\n    payload = jwt.decode(t, k)\n    return view()",
                "import jwt\ndef f(t):\n    jwt.decode(t, k)\n    return True",
            ],
        );
        kept(
            "S29",
            &[
                "import jwt\ndef f(t):\n    g.user = jwt.decode(t, k)",
                "import jwt\ndef f(t):\n    payload = jwt.decode(t, k)\n    return payload['sub']",
                "import jwt\npayload = jwt.decode(t, k)",
            ],
        );
    }
}
