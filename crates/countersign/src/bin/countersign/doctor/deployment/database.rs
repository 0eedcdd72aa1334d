//! D22: a database that this program cannot use.

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "D22",
    name: "database-unusable",
    title: "the database is missing, unusable, or another configuration's",
    severity: Severity::Error,
    why: "`countersign serve` does not start on it, or makes or changes one at the start.",
    reference: "RFC 8414 2",
    mend: "Do what the message says; a backup comes first.",
};

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let mut report = |severity, message: String| {
        findings.push(Finding::new(&RULE, message).with_severity(severity));
    };
    let found = match &subject.database {
        None => {
            let path = subject.path().display();
            let message = format!("there is none at {path} yet: the first start makes it");
            return report(Severity::Note, message);
        }
        Some(Err(error)) => return report(Severity::Error, error.to_string()),
        Some(Ok(found)) => found,
    };
    if found.schema < found.needed {
        let message = format!(
            "its schema is version {}, this program's is {}: `countersign migrate` before the start",
            found.schema, found.needed
        );
        report(Severity::Warning, message);
    }
    let issuer = subject.value("issuer");
    if let Some(meta) =
        found.meta.as_ref().filter(|meta| !issuer.is_empty() && meta.issuer != issuer)
    {
        let message = format!("it belongs to the issuer {}, not to {issuer}", meta.issuer);
        report(Severity::Error, message);
    }
    if found.log_ignored {
        let message = "a write-ahead log stands beside it without its index: what is in the log was \
                       not looked at";
        report(Severity::Note, message.to_owned());
    }
}
