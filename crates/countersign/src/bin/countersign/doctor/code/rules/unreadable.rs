//! F1 to F3: what could not be checked, or not whole.

use super::{super::syntax::Syntax, Found};
use crate::doctor::{Finding, Rule, Severity};

/// It could not be read.
pub(in crate::doctor) const NOT_READ: Rule = Rule {
    id: "F1",
    name: "file-not-read",
    title: "a file could not be read",
    severity: Severity::Warning,
    why: "What was not read was not checked.",
    reference: "PEP 263",
    mend: "Make the file readable and save it as UTF-8, or leave it out.",
};

/// It is no Python.
pub(in crate::doctor) const NO_PYTHON: Rule = Rule {
    id: "F2",
    name: "syntax-error",
    title: "a file is no Python",
    severity: Severity::Warning,
    why: "What stands around a syntax error may not have been understood; the rest was checked.",
    reference: "Python Language Reference 10",
    mend: "Mend the syntax, and check again.",
};

/// It is more than can be looked at.
pub(in crate::doctor) const TOO_LARGE: Rule = Rule {
    id: "F3",
    name: "file-too-large",
    title: "a file is too large or nested too deeply",
    severity: Severity::Note,
    why: "What was left out was not checked.",
    reference: "",
    mend: "Split the file; leave generated ones out.",
};

/// What the parser could not take.
pub(in crate::doctor::code) fn check_syntax(syntax: &Syntax, found: &mut Found<'_>) {
    if let Some(place) = syntax.error() {
        let finding = Finding::new(&NO_PYTHON, "the syntax is wrong here or before");
        found.push(finding.at(Some(place)));
    }
    if let Some(place) = syntax.cut() {
        let finding = Finding::new(&TOO_LARGE, "it is nested too deeply here to be looked at");
        found.push(finding.at(Some(place)));
    }
}
