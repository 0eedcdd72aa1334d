//! S7: a guard before every route, log-in included.

use super::{
    super::{function::Function, module::Module, project::says},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S7",
    name: "guard-before-log-in",
    title: "a hook before every request asks for a token, at the log-in too",
    severity: Severity::Error,
    why: "Nobody has a token before the log-in, so nobody can ever log in; CORS preflights, health \
          checks and static files are refused as well.",
    reference: "RFC 6750 3; Fetch Standard, CORS-preflight request",
    mend: "Protect routes, not the application: a decorator or a dependency on each protected route. \
           A hook must let the log-in, OPTIONS and public routes pass by `request.endpoint`.",
};

/// What a hook looks at that lets some requests pass.
const LOOKS_AT: [&str; 10] = [
    "path",
    "endpoint",
    "url_rule",
    "blueprint",
    "blueprints",
    "method",
    "view_functions",
    "url",
    "route",
    "full_path",
];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for function in &module.functions {
        let hook = ["before_request", "before_app_request"];
        let middleware = function.has_decorator("middleware");
        if !(middleware || hook.iter().any(|name| function.has_decorator(name))) {
            continue;
        }
        if asks_for_token(module, function) && !lets_pass(function) {
            let name = quoted(function.name);
            found.add(&RULE, function.title(), format!("{name} refuses whoever has no token yet"));
        }
    }
}

fn asks_for_token(module: &Module<'_>, function: &Function<'_>) -> bool {
    let checks = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("verify_jwt")
            || name.contains("verify_token")
            || name.contains("decode_token")
    };
    says(function.body(), "authorization")
        || module
            .calls_in(function.body())
            .any(|call| module.is_decode(call) || checks(call.method()))
}

fn lets_pass(function: &Function<'_>) -> bool {
    function.body().descendants().any(|node| {
        node.is("attribute")
            && node.field("attribute").is_some_and(|name| LOOKS_AT.contains(&name.text()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn a_hook_must_let_the_log_in_pass() {
        let hook = "import jwt\n@app.before_request\ndef guard():\n    ";
        let asks = "token = request.headers.get('Authorization')\n    if not token:\n        return 'no', 401";
        broken("S7", &[&format!("{hook}{asks}")]);
        kept(
            "S7",
            &[
                &format!("{hook}if request.endpoint == 'login':\n        return\n    {asks}"),
                "@app.before_request\ndef start():\n    g.started = now()",
            ],
        );
    }
}
