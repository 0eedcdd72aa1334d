//! D18: limits that are off.

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "D18",
    name: "limits-off",
    title: "guessing is not limited",
    severity: Severity::Error,
    why: "Without these, passwords are guessed at the speed of the machine, and each guess costs a hash.",
    reference: "ASVS 6.3.1, 2.4.1; RFC 6749 10.10",
    mend: "Leave limits.* out for the defaults, or choose others.",
};

/// Each setting, and how bad it is to go without.
const LIMITS: [(&str, Severity); 5] = [
    ("limits.account_network", Severity::Error),
    ("limits.account_unknown", Severity::Error),
    ("limits.login_address", Severity::Warning),
    ("limits.register_address", Severity::Warning),
    ("limits.failures_address", Severity::Warning),
];

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    for (setting, severity) in LIMITS {
        if subject.value(setting) == "none" {
            let finding = Finding::new(&RULE, format!("{setting} is off"));
            findings.push(finding.at(subject.place(setting)).with_severity(severity));
        }
    }
}
