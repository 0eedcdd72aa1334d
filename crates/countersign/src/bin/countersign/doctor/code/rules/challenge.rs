//! S24: a 401 that does not say how to authenticate.

use super::{
    super::{call::Call, module::Module, node::Node, project::says},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S24",
    name: "unauthorized-without-challenge",
    title: "a 401 without WWW-Authenticate",
    severity: Severity::Note,
    why: "A 401 must name the scheme; without it standard clients cannot tell an expired token from a \
          wrong URL, and do not refresh.",
    reference: "RFC 9110 15.5.2, 11.6.1; RFC 6750 3",
    mend: "HTTPException(401, ..., headers={\"WWW-Authenticate\": \"Bearer\"}); in Flask \
           return body, 401, {\"WWW-Authenticate\": \"Bearer\"}, or set it in one error handler.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if found.project.challenges_everything {
        return;
    }
    for call in &module.calls {
        if refuses(call) && !challenges(module, call.node) {
            found.add(&RULE, call.node, "this 401 has no WWW-Authenticate");
        }
    }
    let tuples = module.syntax.nodes().filter(|node| {
        matches!(node.kind(), "expression_list" | "tuple")
            && node.parent().is_some_and(|parent| parent.is("return_statement"))
    });
    for tuple in tuples {
        let parts: Vec<_> = tuple.children().collect();
        if let [_, status] = parts.as_slice()
            && is_401(*status)
            && !challenges(module, tuple)
        {
            found.add(&RULE, tuple, "this 401 has no WWW-Authenticate");
        }
    }
}

fn refuses(call: &Call<'_>) -> bool {
    let status = match call.method() {
        "HTTPException" if call.keyword("headers").is_none() && call.positional(2).is_none() => {
            call.argument(0, "status_code")
        }
        "abort" => call.positional(0),
        "make_response" => call.positional(1),
        "JSONResponse" if call.keyword("headers").is_none() => call.argument(1, "status_code"),
        _ => None,
    };
    status.is_some_and(is_401) && !call.has_splat()
}

/// `401`, `status.HTTP_401_UNAUTHORIZED`, `HTTPStatus.UNAUTHORIZED`
fn is_401(node: Node<'_>) -> bool {
    let text = node.bare().text();
    text == "401"
        || text.ends_with("HTTP_401_UNAUTHORIZED")
        || text.ends_with("HTTPStatus.UNAUTHORIZED")
}

fn challenges(module: &Module<'_>, node: Node<'_>) -> bool {
    module.function_around(node).is_some_and(|function| says(function.node, "www-authenticate"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn a_refusal_says_how_to_come_in() {
        broken(
            "S24",
            &[
                "raise HTTPException(status_code=401, detail='no')",
                "raise HTTPException(status.HTTP_401_UNAUTHORIZED)",
                "def f():\n    return jsonify(error='no'), 401",
                "def f():\n    return (jsonify(error='no'), 401)",
                "def f():\n    abort(401)",
            ],
        );
        kept(
            "S24",
            &[
                "raise HTTPException(401, 'no', {'WWW-Authenticate': 'Bearer'})",
                "raise HTTPException(status_code=403)",
                "def f():\n    return x, 401, {'WWW-Authenticate': 'Bearer'}",
                "def f():\n    r = make_response(x, 401)\n    r.headers['WWW-Authenticate'] = 'Bearer'\n    return r",
                "@app.errorhandler(401)\ndef e(x): return y, 401, {'WWW-Authenticate': 'Bearer'}\n\
                 def f(): abort(401)",
            ],
        );
    }
}
