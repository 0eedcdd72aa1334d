//! S27: a name that nothing defines.

use std::collections::HashSet;

use super::{
    super::{module::Module, node::Node},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S27",
    name: "undefined-name",
    title: "a name that is never defined or imported",
    severity: Severity::Error,
    why: "The code cannot run as it stands: NameError, at the latest when somebody logs in. Copied code \
          often leaves out what matters, such as the check of the password.",
    reference: "Python Language Reference 4.2.2",
    mend: "Import or write it; what verifies a password above all.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if module.imports.wildcard || !module.is_about_tokens() || module.syntax.error().is_some() {
        return;
    }
    let bound = bound(module);
    let mut told: HashSet<&str> = HashSet::new();
    for node in module.syntax.nodes().filter(|node| is_use(*node)) {
        let name = node.text();
        if !bound.contains(name) && !is_builtin(name) && told.insert(name) {
            found.add(&RULE, node, format!("{} is nowhere defined or imported", quoted(name)));
        }
    }
}

/// Every name that anything in the file binds, wherever: what is left is bound nowhere.
fn bound<'m>(module: &'m Module<'_>) -> HashSet<&'m str> {
    let mut names: HashSet<&str> = module.imports.bound().collect();
    for node in module.syntax.nodes() {
        match node.kind() {
            "function_definition" | "class_definition" => {
                names.extend(node.field("name").map(Node::text));
            }
            "parameters" | "lambda_parameters" => {
                names.extend(parameter_names(node));
            }
            "type_parameter"
            | "global_statement"
            | "nonlocal_statement"
            | "as_pattern_target"
            | "case_pattern"
            | "type_alias_statement" => names.extend(identifiers(node)),
            "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
                names.extend(node.fields("left").flat_map(identifiers));
            }
            "named_expression" => names.extend(node.field("name").map(Node::text)),
            _ => {}
        }
    }
    names
}

/// The names of a parameter list, not those in annotations and defaults: `a`, `b: int = 1`, `*c: int`.
fn parameter_names<'s>(list: Node<'s>) -> impl Iterator<Item = &'s str> {
    list.children().flat_map(|parameter| {
        let named = parameter.field("name").unwrap_or(parameter);
        let (kind, value) = (named.field("type"), named.field("value"));
        named
            .all()
            .filter(|node| node.is("identifier"))
            .filter(move |node| ![kind, value].into_iter().flatten().any(|part| part.holds(*node)))
            .map(Node::text)
    })
}

fn identifiers<'s>(node: Node<'s>) -> impl Iterator<Item = &'s str> {
    node.all().filter(|node| node.is("identifier")).map(Node::text)
}

/// Whether an identifier is a name that is looked up.
fn is_use(node: Node<'_>) -> bool {
    if !node.is("identifier") {
        return false;
    }
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "attribute" => parent.field("attribute") != Some(node),
        "keyword_argument" => parent.field("name") != Some(node),
        "dotted_name"
        | "aliased_import"
        | "import_statement"
        | "import_from_statement"
        | "keyword_pattern"
        | "relative_import" => false,
        _ => true,
    }
}

/// The names of the `builtins` module and those that every module has.
fn is_builtin(name: &str) -> bool {
    let special = name.starts_with("__") && name.ends_with("__");
    special || BUILTINS.contains(&name) || EXCEPTIONS.contains(&name)
}

const EXCEPTIONS: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "Warning",
    "WindowsError",
    "ValueError",
    "ZeroDivisionError",
];

const BUILTINS: &[&str] = &[
    "Ellipsis",
    "False",
    "None",
    "NotImplemented",
    "True",
    "_",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn what_is_used_is_defined() {
        broken(
            "S27",
            &[
                "import jwt\ndef login(form: OAuth2PasswordRequestForm = None): return form",
                "import jwt\ndef login(u):\n    return authenticate_user(u) or authenticate_user(u)",
            ],
        );
        kept(
            "S27",
            &[
                "import jwt\nfrom os import *\nx = anything()",
                "x = anything()",
                "import jwt\nfor a, (b, *c) in []: print(a, b, c)\nwith open('x') as f: f.read()\n\
                 try: pass\nexcept ValueError as e: print(e)\n[y for y in [] if (z := y)]\nprint(z)\n\
                 def g[T](x: T, *args, k=1, **kw) -> T: return lambda q: (q, args, k, kw)\n\
                 match x1.y:\n    case {'a': w, **rest}: print(w, rest)\nx1 = __name__",
                "import jwt\nclass A:\n    x: int = 1\nA(x=1).y\nimport a.b.c\na.b",
            ],
        );
    }
}
