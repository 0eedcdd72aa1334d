//! S16: refresh tokens that lie about in clear.

use super::{
    super::{module::Module, node::Node},
    Found,
    block_list_in_memory::{is_empty_collection, outlives_the_call},
    quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S16",
    name: "refresh-tokens-in-memory",
    title: "refresh tokens are kept in clear in one process",
    severity: Severity::Error,
    why: "A restart logs everybody out, a second worker knows nobody, whoever sees the memory or a dump \
          has every session; and one token a user means that the second device ends the first.",
    reference: "RFC 9700 4.14.2; RFC 6819 5.1.4.1.3; ASVS 7.4.1",
    mend: "One row a session in a database, with a hash of the token or, as Countersign does, a counter \
           from which the token is derived; with an expiry, and found by session and not by user.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for assignment in &module.assignments {
        let name = assignment.name.to_ascii_lowercase();
        let mut stores = name.contains("refresh") && !name.contains("config");
        stores |= assignment.target.is("attribute")
            && class_around(assignment.target).is_some_and(|class| {
                class.contains("refresh") && class.contains("token") || class.contains("tokenstore")
            });
        if stores && is_empty_collection(module, assignment.value) && outlives_the_call(assignment)
        {
            let name = quoted(&assignment.name);
            found.add(&RULE, assignment.target, format!("{name} holds refresh tokens in memory"));
        }
    }
}

fn class_around(node: Node<'_>) -> Option<String> {
    let class = node.within("class_definition")?.field("name")?;
    Some(class.text().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn memory_is_no_place_for_them() {
        broken(
            "S16",
            &[
                "refresh_tokens = {}",
                "class RefreshTokenStore:\n    def __init__(self):\n        self.tokens = {}",
                "class Auth:\n    def __init__(self):\n        self._refresh: dict = dict()",
            ],
        );
        kept(
            "S16",
            &[
                "refresh_config = {}",
                "refresh_tokens = Table('refresh_tokens')",
                "def f():\n    refresh = {}\n    return refresh",
                "REFRESH_PATHS = {'/refresh', '/token'}",
            ],
        );
    }
}
