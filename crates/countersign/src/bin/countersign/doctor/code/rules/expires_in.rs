//! S32: two places say how long a token lives.

use super::{
    super::{module::Module, values::literal},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S32",
    name: "expires-in-written-twice",
    title: "`expires_in` is a number of its own",
    severity: Severity::Note,
    why: "When the token's life is changed in one place, clients go on believing the other: they refresh \
          too late, or all the time.",
    reference: "RFC 6749 5.1",
    mend: "Compute it from the token's own `exp`.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for pair in module.syntax.nodes().filter(|node| node.is("pair")) {
        let named = pair.field("key").and_then(literal).is_some_and(|key| key == "expires_in");
        let number = pair.field("value").is_some_and(|value| value.bare().is("integer"));
        let issuing = module.function_around(pair).is_some_and(|function| {
            function.is_login() || function.is_refresh() || module.issues(function).next().is_some()
        });
        if named && number && issuing {
            found.add(&RULE, pair, "this does not change with the token's life");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn one_place_says_it() {
        let login = "import jwt\n@app.post('/login')\ndef login(): return ";
        broken("S32", &[&format!("{login}{{'expires_in': 3600}}")]);
        kept("S32", &[&format!("{login}{{'expires_in': TTL}}"), "x = {'expires_in': 3600}"]);
    }
}
