//! D1 to D3: settings that are refused, missing, or still somebody's example.

use countersign::ConfigError;

use super::Subject;
use crate::doctor::{Finding, Place, Rule, Severity};

pub(super) const REFUSED: Rule = Rule {
    id: "D1",
    name: "configuration-refused",
    title: "the configuration is refused",
    severity: Severity::Error,
    why: "`countersign serve` does not start with it.",
    reference: "",
    mend: "Do what the message says; `countersign config --explain` shows every setting and where it \
           comes from.",
};

pub(super) const ISSUER: Rule = Rule {
    id: "D2",
    name: "issuer-missing",
    title: "the issuer is missing or a placeholder",
    severity: Severity::Error,
    why: "`iss` of every token and the base of the metadata: with another deployment's, or nobody's, \
          verifiers take tokens that are not yours, or refuse those that are.",
    reference: "RFC 8414 2; RFC 8725 3.8; RFC 9068 2.2",
    mend: "Set issuer to the public https URL of this service. It cannot be changed later without \
           ending all sessions.",
};

pub(super) const AUDIENCE: Rule = Rule {
    id: "D3",
    name: "audience-missing",
    title: "the audience is missing or a placeholder",
    severity: Severity::Error,
    why: "Without a name of its own an API cannot tell tokens that are for it from tokens that are for \
          another.",
    reference: "RFC 9068 4; RFC 8725 3.9; ASVS 9.2.3",
    mend: "Set audience to the name or URL of the API that takes the tokens, one for each API.",
};

/// What examples call the host; RFC 2606, RFC 6761.
const PLACEHOLDER_HOSTS: [&str; 8] = [
    "example.com",
    "example.org",
    "example.net",
    "example",
    "invalid",
    "test",
    "yourdomain.com",
    "your-domain.com",
];
const PLACEHOLDER_AUDIENCES: [&str; 12] = [
    "dev",
    "test",
    "example",
    "audience",
    "your-audience",
    "your-api",
    "my-api",
    "changeme",
    "change-me",
    "todo",
    "xxx",
    "none",
];

pub(super) fn refused(error: &ConfigError) -> Finding {
    let place = error.place.as_deref().and_then(|place| {
        let (file, line) = place.rsplit_once(':')?;
        Some(Place::line(file, line.parse().ok()?))
    });
    Finding::new(&REFUSED, error.to_string()).at(place)
}

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    if let Err(error) = &subject.config {
        findings.push(refused(error));
    }
    issuer(subject, findings);
    audience(subject, findings);
}

fn issuer(subject: &Subject, findings: &mut Vec<Finding>) {
    let issuer = subject.value("issuer");
    let host = host(issuer);
    let placeholder = PLACEHOLDER_HOSTS.iter().any(|known| {
        host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
    });
    let message = if issuer.is_empty() {
        "it is not set".to_owned()
    } else if placeholder {
        format!("{issuer} is a placeholder")
    } else if issuer.starts_with("http://") && subject.listens_outside() {
        format!("{issuer} is this machine, but others are served too")
    } else {
        return;
    };
    findings.push(Finding::new(&ISSUER, message).at(subject.place("issuer")));
}

fn host(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn audience(subject: &Subject, findings: &mut Vec<Finding>) {
    let audiences = subject.value("audience");
    let place = subject.place("audience");
    if audiences.is_empty() {
        findings.push(Finding::new(&AUDIENCE, "it is not set").at(place));
        return;
    }
    let placeholder = audiences
        .split(", ")
        .find(|audience| PLACEHOLDER_AUDIENCES.contains(&audience.to_ascii_lowercase().as_str()));
    if let Some(audience) = placeholder.filter(|_| subject.is_public()) {
        let message = format!("`{audience}` is a placeholder");
        findings.push(Finding::new(&AUDIENCE, message).at(place).with_severity(Severity::Warning));
    }
}
