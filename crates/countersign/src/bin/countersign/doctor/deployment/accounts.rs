//! D13, D14, D23: passwords.

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const COST: Rule = Rule {
    id: "D13",
    name: "password-cost-low",
    title: "password hashes are too cheap",
    severity: Severity::Error,
    why: "A stolen database is guessed at so much faster.",
    reference: "RFC 9106 4; OWASP Password Storage; ASVS 11.4.2",
    mend: "Leave passwords.* out: the default is 19 MiB in two passes. allow_weak_cost is for tests.",
};

pub(super) const PASSWORD_GRANT: Rule = Rule {
    id: "D14",
    name: "password-grant-beside-clients",
    title: "the password grant is on, and there are other parties' clients",
    severity: Severity::Warning,
    why: "It is for your own front ends. Beside clients of others it teaches users to type their \
          password into whatever asks, and goes past every second factor.",
    reference: "RFC 9700 2.4; ASVS 10.4.4",
    mend: "Set accounts.password_grant = false; your own front ends use POST /login.",
};

pub(super) const FOREIGN_HASHES: Rule = Rule {
    id: "D23",
    name: "foreign-password-hashes",
    title: "some passwords are still hashed as another system did",
    severity: Severity::Note,
    why: "They are replaced by Argon2id at each owner's next log-in. Who never comes back keeps the \
          older, perhaps cheaper hash.",
    reference: "ASVS 11.4.2",
    mend: "Nothing for a while after an import; then remove the hashes of accounts that nobody uses.",
};

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    let cost = config.engine.accounts.argon2;
    if cost.is_weak() {
        let message = format!(
            "memory {} KiB, passes {}: below every row of OWASP's table",
            cost.memory_kib(),
            cost.passes()
        );
        let place = subject.place("passwords.memory_kib");
        let place = place.or_else(|| subject.place("passwords.allow_weak_cost"));
        findings.push(Finding::new(&COST, message).at(place));
    } else if subject.value("passwords.allow_weak_cost") == "true" {
        let message = "passwords.allow_weak_cost is on, though the cost is not weak";
        let finding = Finding::new(&COST, message).at(subject.place("passwords.allow_weak_cost"));
        findings.push(finding.with_severity(Severity::Note));
    }
    let Some(database) = subject.readable_database() else { return };
    if config.engine.accounts.password_grant && database.clients > 0 {
        let message = format!("{} clients that are not your own are registered", database.clients);
        let finding = Finding::new(&PASSWORD_GRANT, message);
        findings.push(finding.at(subject.place("accounts.password_grant")));
    }
    if database.foreign_hashes > 0 {
        let message = format!("{} users", database.foreign_hashes);
        findings.push(Finding::new(&FOREIGN_HASHES, message));
    }
}
