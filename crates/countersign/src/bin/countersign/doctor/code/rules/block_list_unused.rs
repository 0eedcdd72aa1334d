//! S22: a block list that nobody fills, or nobody asks.

use super::{
    super::{module::Module, node::Node},
    Found,
    block_list_in_memory::lists,
    quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S22",
    name: "revocation-never-used",
    title: "a list of revoked tokens that is never filled or never asked",
    severity: Severity::Error,
    why: "Log-out does not log out: the token stays good until it expires, whatever the user was told.",
    reference: "RFC 7009 2.1; ASVS 7.4.1",
    mend: "Put the `jti` of the token into the list at log-out, and ask the list at every check of a \
           token (with Flask-JWT-Extended: @jwt.token_in_blocklist_loader).",
};

/// What puts something into a collection.
const FILLS: [&str; 7] =
    ["add", "append", "update", "insert", "setdefault", "appendleft", "extend"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for list in lists(module) {
        let name = list.name.rsplit('.').next().unwrap_or(&list.name);
        if found.project.is_used_elsewhere(module, name) {
            continue;
        }
        let (mut filled, mut asked) = (false, false);
        for node in module.identifiers(name).filter(|node| !list.target.holds(*node)).take(1_000) {
            let fills = is_filled(node);
            let reached = is_reached(module, node, found);
            filled |= fills && reached;
            asked |= !fills && reached;
        }
        let problem = match (filled, asked) {
            (false, false) => "nothing is ever put into it, and nobody asks it",
            (false, true) => "nothing is ever put into it",
            (true, false) => "nobody ever asks it",
            (true, true) => continue,
        };
        found.add(&RULE, list.target, format!("{}: {problem}", quoted(&list.name)));
    }
}

/// `name.add(...)`, `name[...] = ...`, `name |= ...`
fn is_filled(node: Node<'_>) -> bool {
    // `self.name` as a whole.
    let whole =
        node.parent().filter(|up| up.is("attribute") && up.field("attribute") == Some(node));
    let whole = whole.unwrap_or(node);
    let Some(parent) = whole.parent() else { return false };
    match parent.kind() {
        "attribute" => parent.field("attribute").is_some_and(|name| FILLS.contains(&name.text())),
        "subscript" => parent.parent().is_some_and(|up| {
            matches!(up.kind(), "assignment" | "augmented_assignment")
                && up.field("left") == Some(parent)
        }),
        "augmented_assignment" => parent.field("left") == Some(whole),
        _ => false,
    }
}

/// Whether the code around is ever run: it is no function, one that is registered, or one that
/// somebody names.
fn is_reached(module: &Module<'_>, node: Node<'_>, found: &Found<'_>) -> bool {
    let Some(function) = module.function_around(node) else { return true };
    if !function.decorators.is_empty() || function.name.starts_with("__") {
        return true;
    }
    let definitions = module.functions_named(function.name).count();
    usize::try_from(found.project.count(function.name)).is_ok_and(|named| named > definitions)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, findings, kept};

    #[test]
    fn what_is_kept_is_filled_and_asked() {
        let class = "class M:\n    def __init__(self):\n        self.blacklist = set()\n    \
                     def put(self, t):\n        self.blacklist.add(t)\n    \
                     def has(self, t):\n        return t in self.blacklist\n";
        broken("S22", &[class, &format!("{class}m.put(t)"), &format!("{class}m.has(t)")]);
        kept("S22", &[&format!("{class}m.put(t); m.has(t)")]);
        let found = findings("BLOCKLIST = set()\ndef out(t):\n    BLOCKLIST.add(t)\nout(1)");
        let found = found.iter().find(|finding| finding.rule.id == "S22").unwrap();
        assert!(found.message.contains("nobody ever asks"), "{}", found.message);
        kept(
            "S22",
            &[
                "BLOCKLIST = set()\n@jwt.token_in_blocklist_loader\ndef c(h, p): return p['jti'] in BLOCKLIST\n\
               @app.delete('/logout')\ndef o(): BLOCKLIST.add(1)",
            ],
        );
    }
}
