//! S18: a refresh that nobody can ask for.

use super::{super::module::Module, Found, quoted};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S18",
    name: "refresh-token-never-issued",
    title: "a refresh route, and nothing that issues refresh tokens",
    severity: Severity::Error,
    why: "The route asks for a token that the log-in never gives: users are logged out when the access \
          token ends, and the usual way out is to make that one live for days.",
    reference: "RFC 6749 1.5, 5.1",
    mend: "Answer a refresh token at log-in too (create_refresh_token), and rotate it at each refresh.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    // `store.issue_refresh_token`, `make_refresh_token`, ... in any file.
    let makers = [
        "create_refresh_token",
        "issue_refresh_token",
        "make_refresh_token",
        "generate_refresh_token",
        "new_refresh_token",
        "encode_refresh_token",
    ];
    if makers.iter().any(|maker| is_called(module, found, maker)) {
        return;
    }
    for function in module.functions.iter().filter(|function| function.is_refresh()) {
        let demands = function.decorators.iter().any(|decorator| {
            let asks = decorator.call.as_ref().and_then(|call| call.keyword("refresh"));
            asks.is_some_and(|value| value.is("true"))
                || decorator.method == "jwt_refresh_token_required"
        });
        if demands {
            let name = quoted(function.name);
            found.add(
                &RULE,
                function.title(),
                format!("{name} asks for a token that nobody is given"),
            );
        }
    }
}

/// An import alone makes nothing.
fn is_called(module: &Module<'_>, found: &Found<'_>, name: &str) -> bool {
    module.calls.iter().any(|call| call.method() == name)
        || found.project.is_used_elsewhere(module, name)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn what_is_asked_for_is_issued() {
        let refresh = "@app.route('/refresh', methods=['POST'])\n@jwt_required(refresh=True)\ndef refresh():\n    pass\n";
        broken("S18", &[refresh]);
        kept(
            "S18",
            &[
                &format!("{refresh}create_refresh_token(identity=u)"),
                "@app.get('/r')\ndef r(): pass",
            ],
        );
    }
}
