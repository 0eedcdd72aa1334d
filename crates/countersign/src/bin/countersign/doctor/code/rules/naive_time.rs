//! S11: an instant without its time zone.

use super::{super::module::Module, Found, quoted};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S11",
    name: "naive-utc-time",
    title: "an instant without a time zone",
    severity: Severity::Warning,
    why: "datetime.utcnow() has no zone: `.timestamp()` takes it for local time, so that off UTC tokens \
          are hours too old or too new. It is deprecated since Python 3.12.",
    reference: "RFC 7519 2 (NumericDate); Python 3.12 What's New",
    mend: "datetime.now(timezone.utc), and datetime.fromtimestamp(seconds, timezone.utc).",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if !module.is_about_tokens() {
        return;
    }
    for node in module.syntax.nodes().filter(|node| node.is("attribute")) {
        let name = node.field("attribute").map_or("", |name| name.text());
        if matches!(name, "utcnow" | "utcfromtimestamp") {
            found.add(&RULE, node, format!("{} answers an instant without its zone", quoted(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn instants_have_zones() {
        broken(
            "S11",
            &[
                "import jwt, datetime\nx = datetime.datetime.utcnow()",
                "import jwt\nf = datetime.utcnow",
            ],
        );
        kept(
            "S11",
            &[
                "import jwt\ndatetime.now(timezone.utc)",
                "import datetime\ndatetime.datetime.utcnow()",
            ],
        );
    }
}
