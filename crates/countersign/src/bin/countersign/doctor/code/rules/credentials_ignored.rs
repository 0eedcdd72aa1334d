//! S23: a log-in that asks for nothing.

use super::{
    super::{function::Function, module::Module},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S23",
    name: "credentials-not-checked",
    title: "a log-in that never looks at the password",
    severity: Severity::Error,
    why: "Whoever comes gets a token.",
    reference: "RFC 6749 4.3.2; ASVS 6.3.4",
    mend: "Look the user up, verify the password against its Argon2id hash, and refuse both failures \
           with the same answer before a token is made.",
};

/// What the names of values and functions say that have to do with credentials.
const CHECKS: [&str; 9] = [
    "password",
    "authenticate",
    "verify",
    "check",
    "credential",
    "pwd",
    "assertion",
    "otp",
    "authorize",
];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for function in module.functions.iter().filter(|function| function.is_login()) {
        if module.issues(function).next().is_none() || checks(function) {
            continue;
        }
        let name = quoted(function.name);
        let message = match ignored(function) {
            Some(parameter) => {
                format!("{name} makes a token and never looks at {}", quoted(parameter))
            }
            None => format!("{name} makes a token and checks no password"),
        };
        found.add(&RULE, function.title(), message);
    }
}

/// Whether anything in it has to do with credentials.
fn checks(function: &Function<'_>) -> bool {
    let named = |text: &str| {
        let text = text.to_ascii_lowercase();
        CHECKS.iter().any(|part| text.contains(part))
    };
    // `Depends(authenticate)`; the form itself is only asked for.
    let depends = function.parameters().flat_map(|parameter| parameter.node.all()).any(|node| {
        let inside = node.is("identifier") && node.within("argument_list").is_some();
        inside && named(node.text()) && !node.text().ends_with("RequestForm")
    });
    let decorated = function.decorators.iter().any(|decorator| named(&decorator.method));
    let body = function
        .body()
        .descendants()
        .any(|node| matches!(node.kind(), "identifier" | "string_content") && named(node.text()));
    depends || decorated || body
}

/// The form that is never looked at.
fn ignored<'s>(function: &Function<'s>) -> Option<&'s str> {
    let used = |name: &str| {
        function.body().descendants().any(|node| node.is("identifier") && node.text() == name)
    };
    function.parameters().map(|parameter| parameter.name).find(|name| !used(name))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, findings, kept};

    #[test]
    fn a_log_in_asks_for_something() {
        let form = "import jwt\n@app.post('/login')\ndef login(form_data: OAuth2PasswordRequestForm = Depends()):\n    ";
        broken("S23", &[&format!("{form}return jwt.encode({{'user_id': 1}}, k)")]);
        let found = findings(&format!("{form}return jwt.encode({{'user_id': 1}}, k)"));
        assert!(found.iter().any(|finding| finding.message.contains("`form_data`")));
        broken(
            "S23",
            &["import jwt\n@app.route('/login', methods=['POST'])\ndef login():\n    \
               return jwt.encode({'u': request.json['user']}, k)"],
        );
        kept(
            "S23",
            &[
                &format!(
                    "{form}user = authenticate_user(form_data)\n    return jwt.encode({{'s': user}}, k)"
                ),
                &format!("{form}if verify(form_data): return jwt.encode({{'user_id': 1}}, k)"),
                &format!("{form}return service.login(form_data)"),
            ],
        );
    }
}
