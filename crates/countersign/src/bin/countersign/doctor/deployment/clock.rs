//! D9: a clock that goes wrong.

use countersign::guard::time::Timestamp;

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "D9",
    name: "clock-behind",
    title: "this machine's clock is behind",
    severity: Severity::Error,
    why: "The database holds what has not happened yet by this clock. Tokens expire too late here and \
          are refused as not yet good elsewhere; keys rotate at the wrong time.",
    reference: "RFC 7519 4.1.4; RFC 8725 3.10; ASVS 16.2.2",
    mend: "Run a time service (chrony, systemd-timesyncd) on every machine, and check again.",
};

/// Clocks of well-kept machines differ by less.
const TOLERATED_SECONDS: u64 = 5;
/// When this was written: no clock that is right shows less.
const WRITTEN: Timestamp = Timestamp::from_seconds(1_763_000_000);

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let now = subject.now;
    if now < WRITTEN {
        findings.push(Finding::new(&RULE, "it shows a time before this program was written"));
        return;
    }
    let newest = subject.readable_database().and_then(|found| found.newest);
    let behind = newest.map(|newest| newest.since(now).as_secs());
    if let Some(seconds) = behind.filter(|seconds| *seconds > TOLERATED_SECONDS) {
        let message = format!("the database's newest row is {seconds} s in its future");
        findings.push(Finding::new(&RULE, message));
    }
}
