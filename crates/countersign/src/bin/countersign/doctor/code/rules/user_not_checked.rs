//! S30: the token is good, and the user is gone.

use std::collections::HashSet;

use super::{
    super::{function::Function, module::Module, node::Node, tokens::returned},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S30",
    name: "user-not-checked",
    title: "a disabled or deleted user is never noticed",
    severity: Severity::Warning,
    why: "Disabling or deleting an account changes nothing until its last token expires.",
    reference: "ASVS 7.4.2",
    mend: "Look the user up where the token is checked and refuse who is disabled or gone, or revoke \
           the user's tokens when that happens, as Countersign does.",
};

const FLAGS: [&str; 6] =
    ["disabled", "is_active", "is_disabled", "is_blocked", "is_banned", "locked"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    flags(module, found);
    dependencies(module, found);
}

/// A field that says so, and that nothing reads.
fn flags(module: &Module<'_>, found: &mut Found<'_>) {
    for flag in FLAGS {
        if is_read(module, flag, found) {
            continue;
        }
        for given in module.assignments_named(flag) {
            let field = given.target.is("identifier")
                && given.target.within("class_definition").is_some()
                && given.target.within("function_definition").is_none();
            if field {
                found.add(&RULE, given.target, format!("{} is never looked at", quoted(flag)));
            }
        }
    }
}

fn is_read(module: &Module<'_>, name: &str, found: &Found<'_>) -> bool {
    let mut written = 0;
    let attribute = module.identifiers(name).any(|node| {
        written += 1;
        node.parent().is_some_and(|up| up.is("attribute") && up.field("attribute") == Some(node))
    });
    // A text of that name reads it as well: `row["disabled"]`.
    attribute || module.count(name) > written || found.project.is_used_elsewhere(module, name)
}

/// A FastAPI dependency that answers the claims as they are.
fn dependencies(module: &Module<'_>, found: &mut Found<'_>) {
    let mut depended: HashSet<&str> = HashSet::new();
    for call in module.calls.iter().filter(|call| matches!(call.method(), "Depends" | "Security")) {
        depended.extend(call.positional(0).map(Node::text));
    }
    for function in &module.functions {
        if depended.contains(function.name) && answers_claims(module, function) {
            let name = quoted(function.name);
            let message =
                format!("{name} answers the claims and never asks whether the user exists");
            found.add_as(Severity::Note, &RULE, function.title(), message);
        }
    }
}

fn answers_claims<'s>(module: &Module<'s>, function: &Function<'s>) -> bool {
    let is_decoded = |node: Node<'s>| module.call(node).is_some_and(|call| module.is_decode(&call));
    let given = |value: Node<'s>| {
        let name = value.bare().dotted();
        name.is_some_and(|name| module.values_of(&name, value).any(is_decoded))
    };
    returned(function).any(|value| is_decoded(value) || given(value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn who_is_gone_is_noticed() {
        let user = "class User(BaseModel):\n    name: str\n    disabled: bool = False\n";
        broken("S30", &[user]);
        kept("S30", &[&format!("{user}def f(u):\n    if u.disabled: raise X")]);
        let raw = "import jwt\ndef current(t):\n    payload = jwt.decode(t, k)\n    return payload\n\
                   def view(u=Depends(current)): pass";
        broken("S30", &[raw]);
        kept("S30", &[&raw.replace("return payload", "return find(payload['sub'])")]);
    }
}
