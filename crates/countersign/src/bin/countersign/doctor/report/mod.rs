//! How findings are told: to people, as JSON, as SARIF.

mod people;
mod sarif;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Finding, Place, Severity};
use crate::{failure::Failure, output};

/// How findings are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// For people.
    People,
    /// For programs.
    Json,
    /// For code scanners (SARIF 2.1.0).
    Sarif,
}

/// What was checked, and what was found.
#[derive(Debug)]
pub(crate) struct Report {
    /// What was checked, in a few words: `3 files`.
    pub(crate) subject: String,
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// What the subject says, for `--token`.
    pub(crate) shown: Option<Value>,
}

#[derive(Serialize)]
struct Told<'f> {
    rule: &'static str,
    name: &'static str,
    severity: Severity,
    message: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'f Place>,
    why: &'static str,
    reference: &'static str,
    mend: &'static str,
}

impl Report {
    /// Leaves out what is less bad than `least`, and what is known.
    pub(crate) fn keep(&mut self, least: Severity, known: &[&str]) {
        self.findings
            .retain(|finding| finding.severity <= least && !known.contains(&finding.rule.id));
    }

    /// Prints it.
    pub(crate) fn print(&self, format: Format) -> Result<(), Failure> {
        match format {
            Format::People => people::print(self),
            Format::Json => output::json(&self.json()),
            Format::Sarif => output::json(&sarif::log(&self.findings)),
        }
    }

    fn json(&self) -> Value {
        let mut value = json!({
            "checked": self.subject,
            "findings": self.findings_json(),
            "counts": {
                "error": self.count(Severity::Error),
                "warning": self.count(Severity::Warning),
                "note": self.count(Severity::Note),
            },
        });
        if let (Some(object), Some(shown)) = (value.as_object_mut(), &self.shown) {
            object.insert("token".to_owned(), shown.clone());
        }
        value
    }

    /// The findings alone, for programs.
    pub(crate) fn findings_json(&self) -> Value {
        json!(self.findings.iter().map(told).collect::<Vec<_>>())
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

fn told(finding: &Finding) -> Told<'_> {
    let rule = finding.rule;
    Told {
        rule: rule.id,
        name: rule.name,
        severity: finding.severity,
        message: &finding.message,
        place: finding.place.as_ref(),
        why: rule.why,
        reference: rule.reference,
        mend: rule.mend,
    }
}
