//! S28: one name for two things.

use std::collections::HashMap;

use super::{
    super::{function::Function, module::Module, node::Node},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S28",
    name: "defined-twice",
    title: "a function or a route is defined twice",
    severity: Severity::Warning,
    why: "Flask stops at the second one (\"View function mapping is overwriting an existing endpoint \
          function\"), FastAPI answers with the first and never with the second: a guarded and an \
          unguarded log-in, and nobody knows which.",
    reference: "Flask API, URL Route Registrations",
    mend: "Keep one, or give the second another name and another path.",
};

/// Decorators that take a name over on purpose.
const MEANT: [&str; 8] =
    ["overload", "setter", "getter", "deleter", "register", "validator", "field_validator", "when"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if !module.is_about_tokens() && !module.imports.has("flask") && !module.imports.has("fastapi") {
        return;
    }
    let mut names: HashMap<(usize, &str), &Function<'_>> = HashMap::new();
    let mut routes: HashMap<(&str, &str), Node<'_>> = HashMap::new();
    for function in &module.functions {
        let scope = scope(function);
        let first = names.insert((scope.start(), function.name), function);
        let clash = |first: &&Function<'_>| !is_meant(first) && !is_meant(function);
        if let Some(first) = first.filter(clash).filter(|_| is_whole(scope, function)) {
            let line = first.title().place().line;
            let message = format!("{} was defined in line {line} already", quoted(function.name));
            found.add(&RULE, function.title(), message);
            continue;
        }
        let Some(route) = &function.route else { continue };
        for method in &route.methods {
            if let Some(first) = routes.insert((&route.path, method), function.title()) {
                let line = first.place().line;
                let message =
                    format!("{method} {} is answered in line {line} already", quoted(&route.path));
                found.add(&RULE, function.title(), message);
            }
        }
    }
}

/// The block that it stands in.
fn scope<'s>(function: &Function<'s>) -> Node<'s> {
    let holds = |node: &Node<'_>| matches!(node.kind(), "block" | "module");
    function.node.ancestors().find(holds).unwrap_or(function.node)
}

/// Whether both are there at once: not in the branches of an `if` or a `try`.
fn is_whole(scope: Node<'_>, function: &Function<'_>) -> bool {
    let whole = ["class_definition", "function_definition"];
    let around = scope.parent().is_some_and(|parent| whole.contains(&parent.kind()));
    (scope.is("module") || around) && function.name != "_"
}

fn is_meant(function: &Function<'_>) -> bool {
    function.decorators.iter().any(|decorator| MEANT.contains(&decorator.method.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn one_name_is_for_one_thing() {
        broken(
            "S28",
            &[
                "import jwt\ndef authenticate(f): pass\n@app.before_request\ndef authenticate(): pass",
                "import flask\n@app.post('/login')\ndef a(): pass\n@app.post('/login')\ndef b(): pass",
            ],
        );
        kept(
            "S28",
            &[
                "import flask\n@app.get('/login')\ndef a(): pass\n@app.post('/login')\ndef b(): pass",
                "import jwt\nif x:\n    def f(): pass\nelse:\n    def f(): pass",
                "import jwt\nclass A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass",
                "import jwt\n@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): pass",
                "import jwt\nclass A:\n    def f(self): pass\nclass B:\n    def f(self): pass",
                "def f(): pass\ndef f(): pass",
            ],
        );
    }
}
