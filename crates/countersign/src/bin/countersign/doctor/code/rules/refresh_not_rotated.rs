//! S4: a refresh token that stays good however often it is used.

use super::{
    super::{call::Call, module::Module},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S4",
    name: "refresh-not-rotated",
    title: "a refresh token is never replaced",
    severity: Severity::Error,
    why: "A refresh token that leaks once is good until it expires, weeks later, and nobody notices \
          that two parties use it.",
    reference: "RFC 9700 2.2.2, 4.14.2; ASVS 10.4.5",
    mend: "Answer a new refresh token at every refresh, refuse the old one, and end the whole session \
           when an old one comes back. Countersign's POST /refresh does this, and repeats a lost \
           answer without logging honest people out.",
};

/// What the name of a call says that replaces or ends the presented token.
const REPLACES: [&str; 8] =
    ["refresh_token", "rotate", "revoke", "add_to_", "block", "black", "consume", "refresh_pair"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for function in module.functions.iter().filter(|function| function.is_refresh()) {
        let mut issued = module.issues(function).peekable();
        if issued.peek().is_none() {
            continue;
        }
        let replaces = module.calls_in(function.body()).any(|call| {
            // What it calls in this file may do it.
            let inner = module.functions_named(call.method());
            let mut inner = inner.filter(|inner| inner.route.is_none());
            replaces(call)
                || inner.any(|inner| module.calls_in(inner.body()).any(|call| replaces(call)))
        });
        // Two tokens are made: one of them is the next refresh token.
        if !replaces && issued.count() < 2 {
            let name = quoted(function.name);
            let message =
                format!("{name} answers an access token and leaves the refresh token as it is");
            found.add(&RULE, function.title(), message);
        }
    }
}

fn replaces(call: &Call<'_>) -> bool {
    let name = call.method().to_ascii_lowercase();
    !name.starts_with("verify")
        && !name.starts_with("get_")
        && REPLACES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn the_presented_token_must_be_replaced() {
        let flask = "from flask_jwt_extended import create_access_token, create_refresh_token\n\
                     @app.route('/refresh', methods=['POST'])\n@jwt_required(refresh=True)\n\
                     def refresh():\n    user = get_jwt_identity()\n    return ";
        let fastapi = "import jwt\n@app.post('/refresh')\ndef again(token: str):\n    \
                       user = verify_refresh_token(token)\n    new = jwt.encode({'sub': user}, KEY)\n    ";
        broken(
            "S4",
            &[
                &format!("{flask}jsonify(access_token=create_access_token(identity=user))"),
                &format!("{fastapi}return {{'access_token': new}}"),
            ],
        );
        kept(
            "S4",
            &[
                &format!(
                    "{flask}create_access_token(identity=user), create_refresh_token(identity=user)"
                ),
                &format!("{fastapi}store.rotate(token)\n    return new"),
                &format!(
                    "def pair(user):\n    return create_access_token(user), create_refresh_token(user)\n\
                     {flask}pair(user)"
                ),
                "@app.post('/refresh')\ndef refresh(): return service.refresh()",
            ],
        );
    }
}
