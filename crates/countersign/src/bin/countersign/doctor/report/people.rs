//! For people: one block a rule, the worst first, with its places, its reason and its mend.

use std::fmt::Write;

use serde_json::Value;

use super::Report;
use crate::{
    doctor::{Finding, Rule, Severity},
    failure::Failure,
    output::{self, printable},
    paint::Paint,
};

const WIDTH: usize = 96;

pub(super) fn print(report: &Report) -> Result<(), Failure> {
    let paint = Paint::stdout();
    let mut text = String::new();
    if let Some(shown) = &report.shown {
        token(&mut text, shown);
    }
    for (rule, findings) in grouped(&report.findings) {
        block(&mut text, paint, rule, &findings);
    }
    text.push_str(&summary(report));
    output::line(&text)
}

/// The findings of each rule together; the rules with the worst first, then by number.
fn grouped(findings: &[Finding]) -> Vec<(&'static Rule, Vec<&Finding>)> {
    let mut groups: Vec<(&'static Rule, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|(rule, _)| rule.id == finding.rule.id) {
            Some((_, group)) => group.push(finding),
            None => groups.push((finding.rule, vec![finding])),
        }
    }
    // A stable sort: within a severity the order stays that of the checks, which is that of the ids.
    groups.sort_by_key(|(rule, group)| (worst(group), order(rule)));
    groups
}

fn worst(group: &[&Finding]) -> Severity {
    group.iter().map(|finding| finding.severity).min().unwrap_or(Severity::Note)
}

fn order(rule: &Rule) -> usize {
    crate::doctor::all().position(|other| other.id == rule.id).unwrap_or(usize::MAX)
}

fn block(text: &mut String, paint: Paint, rule: &Rule, findings: &[&Finding]) {
    let (severity, title) = (worst(findings), paint.bold(rule.title));
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{} {}  {title}", painted(paint, severity), rule.id);
    for finding in findings {
        let message = printable(&finding.message);
        let _ = match &finding.place {
            Some(place) => writeln!(text, "  {}  {message}", printable(&place.to_string())),
            None => writeln!(text, "  {message}"),
        };
    }
    paragraph(text, "why ", rule.why);
    if !rule.reference.is_empty() {
        paragraph(text, "see ", rule.reference);
    }
    paragraph(text, "mend", rule.mend);
    text.push('\n');
}

fn painted(paint: Paint, severity: Severity) -> String {
    match severity {
        Severity::Error => paint.bad(severity.as_str()),
        Severity::Warning => paint.warning(severity.as_str()),
        Severity::Note => paint.note(severity.as_str()),
    }
}

/// Text in lines, each indented behind a label.
fn paragraph(text: &mut String, label: &str, words: &str) {
    let mut line = format!("    {label}");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(8);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

fn token(text: &mut String, shown: &Value) {
    for part in ["header", "claims"] {
        let Some(value) = shown.get(part).filter(|value| !value.is_null()) else { continue };
        let json = serde_json::to_string_pretty(value).unwrap_or_default();
        let lines: Vec<_> = json.lines().map(printable).collect();
        let _ = writeln!(text, "{part} (not verified)\n{}\n", lines.join("\n"));
    }
}

fn summary(report: &Report) -> String {
    let counted: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (report.count(severity), severity))
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {severity}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let subject = printable(&report.subject);
    if counted.is_empty() {
        format!("{subject}: nothing was found")
    } else {
        format!("{subject}: {}", counted.join(", "))
    }
}
