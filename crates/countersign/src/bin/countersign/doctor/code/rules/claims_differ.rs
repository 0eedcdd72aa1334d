//! S19: after a refresh the token says something else.

use std::collections::BTreeSet;

use super::{
    super::{call::Call, claims::Claims, function::Function, module::Module},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S19",
    name: "claims-lost-at-refresh",
    title: "a refreshed token has other claims than the first",
    severity: Severity::Warning,
    why: "What a user may do changes a quarter of an hour after log-in, without anybody having decided \
          it: roles vanish, or checks that read a missing claim fail open.",
    reference: "RFC 6749 6; ASVS 8.3.2",
    mend: "Make both tokens by one function that looks the user up, and gives it the rights of now.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    let at_login: BTreeSet<String> = module
        .functions
        .iter()
        .filter(|function| function.is_login())
        .flat_map(|function| given(module, function, found))
        .flat_map(|(_, names)| names)
        .collect();
    for function in module.functions.iter().filter(|function| function.is_refresh()) {
        for (call, names) in given(module, function, found) {
            let lost: Vec<_> = at_login.difference(&names).map(String::as_str).collect();
            if !lost.is_empty() {
                let message = format!("the log-in also gives: {}", lost.join(", "));
                found.add(&RULE, call.node, message);
            }
        }
    }
}

/// The access tokens that a route makes, each with the claims that the route gives it.
fn given<'m, 's>(
    module: &'m Module<'s>,
    function: &'m Function<'s>,
    found: &Found<'_>,
) -> Vec<(&'m Call<'s>, BTreeSet<String>)> {
    let calls = module.issues(function).filter(|call| !call.method().contains("refresh"));
    let mut all = Vec::new();
    for call in calls {
        let mut names = BTreeSet::new();
        let claims = match module.encode(call) {
            Some(encode) => encode.claims,
            None => call.positional(0).or(call.keyword("data")),
        };
        if let Some(node) = claims {
            let claims = Claims::of(module, found.project, node);
            if claims.open {
                // What cannot be seen cannot be compared.
                return Vec::new();
            }
            names.extend(claims.named().map(|(name, _)| name.to_owned()));
        }
        all.push((call, names));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn both_tokens_say_the_same() {
        let login = "from flask_jwt_extended import create_access_token\n\
                     @app.route('/login', methods=['POST'])\ndef login():\n    \
                     return create_access_token(u, additional_claims={'roles': r, 'tenant': t})\n\
                     @app.route('/refresh', methods=['POST'])\ndef refresh():\n    return ";
        broken("S19", &[&format!("{login}create_access_token(u)")]);
        kept(
            "S19",
            &[
                &format!(
                    "{login}create_access_token(u, additional_claims={{'roles': r, 'tenant': t}})"
                ),
                &format!("{login}create_access_token(u, additional_claims=claims_of(u))"),
            ],
        );
    }
}
