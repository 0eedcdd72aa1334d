//! S6: the header is taken for the token.

use super::{
    super::{module::Module, node::Node, values::literal},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S6",
    name: "header-taken-for-token",
    title: "the whole Authorization header is decoded as the token",
    severity: Severity::Error,
    why: "Clients send `Authorization: Bearer TOKEN`. With the scheme before it the token never \
          decodes, so every client that follows the standard gets 401.",
    reference: "RFC 6750 2.1; RFC 9110 11.4",
    mend: "Take the scheme off and refuse others: scheme, _, token = header.partition(\" \"), and \
           scheme.lower() == \"bearer\". FastAPI's HTTPBearer and OAuth2PasswordBearer do it.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for decode in module.decodes() {
        if let Some(token) = decode.token
            && is_raw(module, token, 4)
        {
            found.add(&RULE, token, "this is the header with `Bearer ` before the token");
        }
    }
}

/// Whether an expression is the header as it came. Whatever is done to it in between counts as
/// taking it apart.
fn is_raw<'s>(module: &Module<'s>, node: Node<'s>, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    let node = node.bare();
    if reads_header(module, node) {
        return true;
    }
    if !node.is("identifier") {
        return false;
    }
    let name = node.text();
    let parameter = module.function_around(node).and_then(|function| {
        let place = function.parameters().position(|parameter| parameter.name == name)?;
        Some((function, place, function.parameters().nth(place)?))
    });
    let mut values = module.values_of(name, node).take(8).peekable();
    if let Some((function, place, parameter)) = parameter {
        let changed = module
            .assignments_named(name)
            .any(|given| function.node.holds(given.target) && !parameter.node.holds(given.target));
        if changed {
            return false;
        }
        if parameter.mentions("Header") {
            return name.eq_ignore_ascii_case("authorization");
        }
        let place = if function.is_method() { place.saturating_sub(1) } else { place };
        let callers = module.calls_of(function.name).take(8);
        let mut given = callers.filter_map(|call| call.argument(place, name)).peekable();
        return given.peek().is_some() && given.all(|value| is_raw(module, value, steps));
    }
    values.peek().is_some() && values.all(|value| is_raw(module, value, steps))
}

/// `request.headers.get("Authorization")`, `request.headers["Authorization"]`
fn reads_header<'s>(module: &Module<'s>, node: Node<'s>) -> bool {
    let is_headers = |object: Node<'_>| object.text().ends_with("headers");
    let is_name =
        |text: Option<String>| text.is_some_and(|text| text.eq_ignore_ascii_case("authorization"));
    if node.is("subscript") {
        let (object, key) = (node.field("value"), node.field("subscript"));
        return object.is_some_and(is_headers) && is_name(key.and_then(literal));
    }
    module.call(node).is_some_and(|call| {
        call.method() == "get"
            && call.object().is_some_and(is_headers)
            && is_name(call.first_text())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn the_scheme_must_come_off() {
        let start = "import jwt\nfrom flask import request\n";
        for text in [
            "def f():\n    token = request.headers.get('Authorization')\n    jwt.decode(token, k)",
            "def f():\n    jwt.decode(request.headers['authorization'], k)",
            "def check(token):\n    return jwt.decode(token, k)\n\
             def f():\n    check(request.headers.get('Authorization'))",
            "def f(authorization: str = Header(None)):\n    jwt.decode(authorization, k)",
        ] {
            broken("S6", &[&format!("{start}{text}")]);
        }
        for text in [
            "def f():\n    token = request.headers.get('Authorization').split()[1]\n    jwt.decode(token, k)",
            "def f():\n    token = request.headers.get('Authorization')\n    token = token[7:]\n    jwt.decode(token, k)",
            "def f(token):\n    token = token.removeprefix('Bearer ')\n    jwt.decode(token, k)\n\
             f(request.headers.get('Authorization'))",
            "def f(token: str = Depends(scheme)):\n    jwt.decode(token, k)",
            "def f():\n    jwt.decode(request.headers.get('X-Token'), k)",
        ] {
            kept("S6", &[&format!("{start}{text}")]);
        }
    }
}
