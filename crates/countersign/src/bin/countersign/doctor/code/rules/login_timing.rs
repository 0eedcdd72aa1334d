//! S12: time tells who has an account.

use super::{
    super::{call::Call, function::Function, module::Module, node::Node},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S12",
    name: "log-in-time-tells",
    title: "an unknown user is refused sooner than a wrong password",
    severity: Severity::Warning,
    why: "Hashing takes a tenth of a second that an unknown name does not cost: whoever measures it \
          learns which names have accounts, and tries passwords on those only.",
    reference: "ASVS 6.3.8",
    mend: "Verify against a fixed dummy hash when there is no such user, and decide after that: \
           hash = user.hash if user else DUMMY_HASH; right = verify(password, hash) and user.",
};

/// What verifies a password.
const VERIFIES: [&str; 6] = [
    "verify_password",
    "check_password_hash",
    "check_password",
    "checkpw",
    "verify_and_update",
    "password_matches",
];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for function in &module.functions {
        let calls = module.calls_in(function.body());
        let mut checks = calls.filter(|call| verifies(call)).peekable();
        let Some(check) = checks.next() else { continue };
        // A second one is the dummy's.
        if checks.peek().is_some() || mentions_dummy(function) {
            continue;
        }
        if let Some(early) = early(function, check) {
            found.add(&RULE, early, "without a user the password is not hashed");
        }
    }
}

fn verifies(call: &Call<'_>) -> bool {
    let hashes = ["pwd", "password", "hasher", "bcrypt", "argon", "ph", "crypt"];
    VERIFIES.contains(&call.method())
        || (call.method() == "verify"
            && call.object().is_some_and(|object| {
                let object = object.text().to_ascii_lowercase();
                hashes.iter().any(|part| object.contains(part))
            }))
}

fn mentions_dummy(function: &Function<'_>) -> bool {
    function.body().descendants().filter(|node| node.is("identifier")).any(|node| {
        let name = node.text().to_ascii_lowercase();
        name.contains("dummy") || name.contains("fake")
    })
}

/// What leaves, or skips the check, when there is no user.
fn early<'s>(function: &Function<'s>, check: &Call<'s>) -> Option<Node<'s>> {
    let in_one = check
        .node
        .ancestors()
        .take_while(|node| *node != function.node)
        .filter(|node| node.is("boolean_operator"))
        .filter_map(|node| node.field("left"))
        .find(|left| !left.holds(check.node) && asks_for_user(*left));
    let before = function.body().descendants().filter(|node| node.is("if_statement"));
    let before = before
        .filter(|node| node.start() < check.node.start() && !node.holds(check.node))
        .filter(|node| node.within("function_definition") == Some(function.node))
        .filter(|node| leaves(*node))
        .filter_map(|node| node.field("condition"))
        .find(|condition| asks_for_user(*condition));
    in_one.or(before)
}

/// `not user`, `user is None`, `user`, `username not in users`.
fn asks_for_user(condition: Node<'_>) -> bool {
    let condition = condition.bare();
    let names = condition.all().filter(|node| node.is("identifier"));
    let about_user = names.into_iter().any(|node| {
        let name = node.text().to_ascii_lowercase();
        name.contains("user") || name.contains("account") || name == "row" || name == "record"
    });
    let plain = matches!(condition.kind(), "identifier" | "not_operator" | "comparison_operator");
    about_user && plain && !condition.all().any(|node| node.is("call"))
}

fn leaves(statement: Node<'_>) -> bool {
    let block = statement.field("consequence");
    block.is_some_and(|block| {
        block.children().any(|one| one.is("return_statement") || one.is("raise_statement"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn both_must_cost_the_same() {
        broken(
            "S12",
            &[
                "def f(name, password):\n    user = find(name)\n    if not user:\n        return False\n    \
                 if not verify_password(password, user.hash):\n        return False\n    return user",
                "def f():\n    user = find(n)\n    if user and check_password_hash(user.hash, p):\n        return 1",
                "def f():\n    user = find(n)\n    if user is None or not pwd_context.verify(p, user.hash):\n        raise X",
            ],
        );
        kept(
            "S12",
            &[
                "def f():\n    user = find(n)\n    right = verify_password(p, user.hash if user else DUMMY)\n    \
                 if not user or not right:\n        raise X",
                "def f(p, h):\n    return verify_password(p, h)",
                "def f():\n    user = find(n)\n    if not user:\n        verify_password(p, X)\n        return\n    \
                 verify_password(p, user.hash)",
            ],
        );
    }
}
