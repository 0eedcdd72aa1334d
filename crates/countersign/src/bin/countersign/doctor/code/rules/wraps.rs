//! S8: a decorator that hides the name of what it decorates.

use super::{
    super::{function::Function, module::Module, node::Node, tokens::returned},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S8",
    name: "decorator-without-wraps",
    title: "a decorator without functools.wraps",
    severity: Severity::Error,
    why: "Flask names a route's endpoint after its function. Every view gets the inner function's name, \
          and the second protected route stops the application with \"View function mapping is \
          overwriting an existing endpoint function\".",
    reference: "Flask API, View Function Options; PEP 318",
    mend: "Put @functools.wraps(view) on the inner function.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if !module.imports.has("flask") && !module.is_about_tokens() {
        return;
    }
    for inner in &module.functions {
        let Some(outer) = module.function_around(inner.node) else { continue };
        if wraps_a_parameter(module, outer, inner) && !keeps_the_name(outer, inner) {
            let (outer, name) = (quoted(outer.name), quoted(inner.name));
            let message = format!("{outer} answers {name}, which has not the view's name");
            found.add(&RULE, inner.title(), message);
        }
    }
}

/// Whether `outer` answers `inner`, and that calls what `outer` was given: a decorator.
fn wraps_a_parameter(module: &Module<'_>, outer: &Function<'_>, inner: &Function<'_>) -> bool {
    let own = |name: &str| !matches!(name, "self" | "cls");
    let mut parameters = outer.parameters().filter(|parameter| own(parameter.name));
    // What is written with an @ is given the view and nothing else.
    let (Some(view), None) = (parameters.next(), parameters.next()) else { return false };
    returned(outer).any(|value| value.text() == inner.name)
        && module.calls_in(inner.body()).any(|call| call.name == view.name)
}

fn keeps_the_name(outer: &Function<'_>, inner: &Function<'_>) -> bool {
    let named = ["wraps", "decorator", "wrapt"];
    let says = |node: Node<'_>| {
        node.is("identifier") && ["update_wrapper", "__name__"].contains(&node.text())
    };
    named.iter().any(|name| inner.has_decorator(name)) || outer.body().descendants().any(says)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn the_inner_function_takes_the_name_over() {
        let start = "from flask import request\nimport functools\nfrom functools import wraps\n";
        let bare = "def guard(view):\n    def inner(*a, **k):\n        return view(*a, **k)\n    return inner";
        broken("S8", &[&format!("{start}{bare}")]);
        let nested = "def needs(role):\n    def guard(view):\n        def inner(*a):\n            \
                      return view(*a)\n        return inner\n    return guard";
        broken("S8", &[&format!("{start}{nested}")]);
        for line in ["@wraps(view)", "@functools.wraps(view)"] {
            let good = bare.replace("    def inner", &format!("    {line}\n    def inner"));
            kept("S8", &[&format!("{start}{good}")]);
        }
        kept(
            "S8",
            &[
                "import flask\ndef after(step, first):\n    def both(): first(); step()\n    return both",
            ],
        );
        kept(
            "S8",
            &[
                bare,
                "from flask import g\ndef f(x):\n    def key(y): return y\n    return sorted(x, key=key)",
            ],
        );
    }
}
