//! S10: python-jose.

use super::{super::module::Module, Found};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S10",
    name: "python-jose",
    title: "python-jose is imported",
    severity: Severity::Error,
    why: "It is hardly kept, CVE-2024-33663 let a public key pass for an HMAC secret, and it takes \
          whatever algorithm the key allows when none is named.",
    reference: "RFC 8725 2.1, 3.1; CVE-2024-33663, CVE-2024-33664; ASVS 15.2.1",
    mend: "Move to PyJWT, joserfc, or Countersign's `from countersign import jwt`, which has PyJWT's \
           API on a checked core. Of the calls only the names of exceptions change.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for node in module.syntax.nodes() {
        let imported = match node.kind() {
            "import_statement" => node.fields("name").any(|name| is_jose(name.text())),
            "import_from_statement" => {
                node.field("module_name").is_some_and(|name| is_jose(name.text()))
            }
            _ => false,
        };
        if imported {
            found.add(&RULE, node, "this is python-jose");
        }
    }
}

fn is_jose(name: &str) -> bool {
    name.strip_prefix("jose").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn only_python_jose_is_meant() {
        broken("S10", &["from jose import jwt", "import jose.jwt", "import jose as j"]);
        kept("S10", &["import joserfc", "from authlib.jose import jwt", "from .jose import x"]);
    }
}
