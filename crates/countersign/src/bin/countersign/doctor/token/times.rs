//! T4, T5, T12, T17: how long it lives.

use serde_json::Value;

use super::Token;
use crate::{
    doctor::{Finding, Rule, Severity},
    tokens::words::spelled,
};

pub(super) const NO_EXPIRY: Rule = Rule {
    id: "T4",
    name: "token-never-expires",
    title: "the token never expires",
    severity: Severity::Error,
    why: "Whoever gets hold of it once is that user for ever.",
    reference: "RFC 9068 2.2; RFC 9700 4.10; ASVS 9.2.1",
    mend: "Give access tokens an `exp` minutes away, and refresh them.",
};

pub(super) const LONG_LIFE: Rule = Rule {
    id: "T5",
    name: "token-lives-long",
    title: "the token lives long",
    severity: Severity::Warning,
    why: "For so long a stolen token works, and what it says about rights stays as it is.",
    reference: "RFC 9700 4.10; ASVS 7.4.1, 8.3.2",
    mend: "15 minutes, and a rotating refresh token beside it.",
};

pub(super) const NO_DATE: Rule = Rule {
    id: "T12",
    name: "token-time-malformed",
    title: "a time is not written as one",
    severity: Severity::Error,
    why: "Times are numbers of seconds. A text is refused by strict verifiers and ignored by careless \
          ones; milliseconds lie fifty thousand years ahead, so that the token never expires.",
    reference: "RFC 7519 2, 4.1.4",
    mend: "Write seconds since 1970 as a number: int(instant.timestamp()).",
};

pub(super) const NOT_NOW: Rule = Rule {
    id: "T17",
    name: "token-not-now",
    title: "the token is not good now",
    severity: Severity::Note,
    why: "This is why it is refused, if it is.",
    reference: "RFC 7519 4.1.4, 4.1.5",
    mend: "Get another by refreshing or logging in; check the clocks if it should be good.",
};

const DAY: i64 = 24 * 3_600;
/// The year 5138: seconds never, milliseconds always.
const ABSURD: f64 = 1e11;

pub(super) fn check(token: &Token, now: i64, findings: &mut Vec<Finding>) {
    let mut instant = |name: &str| read(token, name, findings);
    let (expiry, start, issued) = (instant("exp"), instant("nbf"), instant("iat"));
    if !token.claims.contains_key("exp") {
        findings.push(Finding::new(&NO_EXPIRY, "there is no `exp`"));
    }
    if let Some(expiry) = expiry {
        let life = expiry.saturating_sub(issued.unwrap_or(now));
        if life > DAY {
            let severity = if life > 30 * DAY { Severity::Error } else { Severity::Warning };
            let message = format!("it lives for {}", spelled(life));
            findings.push(Finding::new(&LONG_LIFE, message).with_severity(severity));
        }
        if expiry <= now {
            let message = format!("it expired {} ago", spelled(now - expiry));
            findings.push(Finding::new(&NOT_NOW, message));
        }
    }
    for (name, instant) in [("nbf", start), ("iat", issued)] {
        if let Some(ahead) = instant.map(|instant| instant - now).filter(|ahead| *ahead > 60) {
            let message =
                format!("its `{name}` is {} ahead of this machine's clock", spelled(ahead));
            findings.push(Finding::new(&NOT_NOW, message));
        }
    }
}

fn read(token: &Token, name: &str, findings: &mut Vec<Finding>) -> Option<i64> {
    let value = token.claims.get(name)?;
    let problem = match value.as_f64() {
        None => format!("`{name}` is {}, no number", kind(value)),
        Some(number) if number > ABSURD => format!("`{name}` is in milliseconds"),
        Some(number) if number < 0.0 => format!("`{name}` is negative"),
        Some(_) => return seconds(value),
    };
    findings.push(Finding::new(&NO_DATE, problem));
    None
}

/// Whole seconds; a fraction says nothing here.
fn seconds(value: &Value) -> Option<i64> {
    let text = value.to_string();
    value.as_i64().or_else(|| text.split('.').next()?.parse().ok())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Bool(_) => "a truth value",
        Value::Null => "null",
        _ => "a list or object",
    }
}
