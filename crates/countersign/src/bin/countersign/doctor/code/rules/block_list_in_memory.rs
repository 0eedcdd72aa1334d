//! S3: revocation that one process remembers and nobody else knows.

use super::{
    super::{
        module::{Assignment, Module},
        node::Node,
    },
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S3",
    name: "revocation-in-memory",
    title: "the list of revoked tokens lives in one process",
    severity: Severity::Error,
    why: "A restart un-revokes every token; with two workers a logged-out token works at every second \
          request; and the list grows for ever.",
    reference: "RFC 7009 2.1; ASVS 7.4.1",
    mend: "Keep revocations where all workers see them and where a restart keeps them, each until its \
           token expires: a database table of `jti` and `exp`, or Redis with a TTL. Countersign keeps \
           them on disk and checks them in memory.",
};

/// What such lists are called.
const NAMES: [&str; 10] = [
    "blacklist",
    "blocklist",
    "black_list",
    "block_list",
    "denylist",
    "deny_list",
    "revoked",
    "revocation",
    "invalidated",
    "logged_out",
];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for list in lists(module) {
        let name = quoted(&list.name);
        found.add(&RULE, list.target, format!("{name} is {} in memory", kind(list.value)));
    }
}

/// The lists of revoked tokens that are kept in memory.
pub(super) fn lists<'m, 's>(module: &'m Module<'s>) -> impl Iterator<Item = &'m Assignment<'s>> {
    module.assignments.iter().filter(|assignment| {
        let name = assignment.name.to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or(&name);
        NAMES.iter().any(|part| last.contains(part))
            && is_empty_collection(module, assignment.value)
            && outlives_the_call(assignment)
    })
}

/// Whether a value is a new, empty collection. One that begins with something is a list of things
/// that never change.
pub(super) fn is_empty_collection<'s>(module: &Module<'s>, value: Node<'s>) -> bool {
    let value = value.bare();
    match value.kind() {
        "dictionary" | "list" => !value.children().any(|child| !child.is("comment")),
        "call" => module.call(value).is_some_and(|call| {
            let made = ["set", "dict", "list", "defaultdict", "OrderedDict", "deque", "WeakSet"];
            let nothing = call.arguments().count() == 0 || call.method() == "defaultdict";
            let field = call.method() == "field" && call.keyword("default_factory").is_some();
            made.contains(&call.method()) && nothing || field
        }),
        _ => false,
    }
}

/// Of the module, a class or an object; a local of a function is gone with it.
pub(super) fn outlives_the_call(assignment: &Assignment<'_>) -> bool {
    let member = assignment.target.is("attribute");
    member || assignment.target.within("function_definition").is_none()
}

fn kind(value: Node<'_>) -> &'static str {
    match value.bare().text().chars().next() {
        Some('s') => "a set",
        Some('{' | 'd' | 'D' | 'O') => "a dict",
        Some('[' | 'l') => "a list",
        _ => "a collection",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn a_collection_of_the_process_is_no_list_for_all() {
        broken(
            "S3",
            &[
                "BLOCKLIST = set()",
                "revoked_tokens: set[str] = set()",
                "class Manager:\n    def __init__(self):\n        self.blacklist = set()\n",
                "token_blacklist = {}",
                "jwt_denylist = []",
            ],
        );
        kept(
            "S3",
            &[
                "BLOCKLIST = redis.Redis()",
                "def f(rows):\n    revoked = set()\n    return revoked",
                "class Revoked(Base):\n    jti = Column(String)",
                "revoked = load()",
                "TYPE_BLACKLIST = {int, str}",
                "BLACKLIST = ['/tmp']",
            ],
        );
    }
}
