//! What names of other modules are called in a file.

use std::collections::BTreeMap;

use super::{node::Node, syntax::Syntax};

/// The imports of a file.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    names: BTreeMap<String, String>,
    modules: Vec<String>,
    /// `from x import *`: anything may be defined.
    pub(crate) wildcard: bool,
}

impl Imports {
    pub(super) fn of(syntax: &Syntax) -> Self {
        let mut imports = Self::default();
        for node in syntax.nodes() {
            match node.kind() {
                "import_statement" => imports.plain(node),
                "import_from_statement" => imports.from(node),
                _ => {}
            }
        }
        imports
    }

    /// `import a.b` binds `a`, `import a.b as c` binds `c`.
    fn plain(&mut self, statement: Node<'_>) {
        for name in statement.fields("name") {
            if let (Some(module), Some(alias)) = (name.field("name"), name.field("alias")) {
                self.names.insert(alias.text().to_owned(), spelled(module));
                self.modules.push(spelled(module));
            } else {
                let module = spelled(name);
                let first = module.split('.').next().unwrap_or_default().to_owned();
                self.names.insert(first.clone(), first);
                self.modules.push(module);
            }
        }
    }

    fn from(&mut self, statement: Node<'_>) {
        let module = statement.field("module_name").map(spelled).unwrap_or_default();
        self.modules.push(module.clone());
        self.wildcard |= statement.children().any(|child| child.is("wildcard_import"));
        for name in statement.fields("name") {
            let (original, bound) = match (name.field("name"), name.field("alias")) {
                (Some(original), Some(alias)) => (spelled(original), alias.text().to_owned()),
                _ => (spelled(name), spelled(name)),
            };
            self.names.insert(bound, format!("{module}.{original}"));
        }
    }

    /// A dotted name with its first part spelled out as it was imported.
    pub(crate) fn resolve(&self, dotted: &str) -> String {
        let (first, rest) = match dotted.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (dotted, None),
        };
        let full = self.names.get(first).map_or(first, String::as_str);
        rest.map_or_else(|| full.to_owned(), |rest| format!("{full}.{rest}"))
    }

    /// Whether a module is imported, or anything of it or below it.
    pub(crate) fn has(&self, module: &str) -> bool {
        self.modules.iter().any(|name| {
            let rest = name.strip_prefix(module);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Whether an import binds this name.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The names that imports bind.
    pub(crate) fn bound(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// A dotted name without the spaces that may stand in it.
fn spelled(name: Node<'_>) -> String {
    name.text()
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '\\')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_out_as_they_were_imported() {
        let text = "import jwt as pyjwt, os.path\nfrom jose import jwt as j, JWTError\n\
                    from ..auth import (tokens)\n";
        let imports = Imports::of(&Syntax::parse("a.py", text.to_owned()).unwrap());
        for (name, full) in [
            ("pyjwt.encode", "jwt.encode"),
            ("j.decode", "jose.jwt.decode"),
            ("JWTError", "jose.JWTError"),
            ("os.path.join", "os.path.join"),
            ("tokens.new", "..auth.tokens.new"),
            ("other.thing", "other.thing"),
        ] {
            assert_eq!(imports.resolve(name), full);
        }
        assert!(imports.has("jose") && imports.has("os") && !imports.has("o") && !imports.wildcard);
    }
}
