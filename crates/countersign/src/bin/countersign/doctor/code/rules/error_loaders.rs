//! S31: errors in two shapes.

use super::{super::module::Module, Found};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S31",
    name: "error-handlers-incomplete",
    title: "only some failures have an error handler",
    severity: Severity::Note,
    why: "An expired token is answered in one shape, a missing or wrong one in another, so clients need \
          both; and Flask-JWT-Extended answers 422 for wrong tokens, which no client refreshes at.",
    reference: "RFC 6750 3.1; RFC 9110 15.5.2",
    mend: "Write expired_token_loader, invalid_token_loader, unauthorized_loader and \
           revoked_token_loader, all with 401 and one shape.",
};

const LOADERS: [&str; 3] = ["expired_token_loader", "invalid_token_loader", "unauthorized_loader"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    let missing: Vec<_> = LOADERS.into_iter().filter(|name| !found.project.knows(name)).collect();
    if missing.is_empty() {
        return;
    }
    for function in &module.functions {
        if let Some(loader) = function
            .decorators
            .iter()
            .find(|decorator| LOADERS.contains(&decorator.method.as_str()))
        {
            let message = format!("there is no {}", missing.join(", no "));
            found.add(&RULE, loader.node, message);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn all_or_none() {
        let one = |name| format!("@jwt.{name}\ndef f_{name}(*a): pass\n");
        broken("S31", &[&one("expired_token_loader")]);
        let all: String = super::LOADERS.map(one).concat();
        kept("S31", &[&all, "x = 1"]);
    }
}
