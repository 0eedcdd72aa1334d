//! T6 to T10: what the claims say, and what they do not.

use serde_json::Value;

use super::Token;
use crate::{
    doctor::{Finding, Rule, Severity, code::rules::personal_data},
    output::printable,
};

pub(super) const NO_AUDIENCE: Rule = Rule {
    id: "T6",
    name: "token-audience-missing",
    title: "the token does not say whom it is for",
    severity: Severity::Warning,
    why: "Every service that trusts the same key must take it: one that gets it can use it against the \
          others.",
    reference: "RFC 8725 3.9; RFC 9068 2.2; ASVS 9.2.3, 9.2.4",
    mend: "Write `aud`, and have each service require its own.",
};

pub(super) const NO_ISSUER: Rule = Rule {
    id: "T7",
    name: "token-issuer-missing",
    title: "the token does not say who made it",
    severity: Severity::Warning,
    why: "A verifier that knows several issuers cannot bind the key to one of them: any of them can \
          speak for the others.",
    reference: "RFC 8725 3.8; RFC 9068 2.2; ASVS 9.1.3",
    mend: "Write `iss`, the URL of the issuer, and require it.",
};

pub(super) const INCOMPLETE: Rule = Rule {
    id: "T8",
    name: "token-claims-missing",
    title: "the token lacks what revocation and audit need",
    severity: Severity::Note,
    why: "Without `jti` it cannot be revoked alone, without `sub` nobody agrees whose it is, without \
          `iat` nobody knows how old it is.",
    reference: "RFC 9068 2.2; RFC 7519 4.1.2, 4.1.7",
    mend: "Write sub (an id, as text), iat and jti (uuid4).",
};

pub(super) const PERSONAL: Rule = Rule {
    id: "T9",
    name: "token-personal-data",
    title: "personal data stands in the token",
    severity: Severity::Warning,
    why: "It is signed, not encrypted: you have just read it, and so does every proxy and log.",
    reference: "RFC 7519 12; RFC 9068 5; ASVS 14.1.1, 14.2.6",
    mend: "Carry the user's id in `sub` and look the rest up.",
};

pub(super) const ROLES: Rule = Rule {
    id: "T10",
    name: "token-roles-frozen",
    title: "rights stand in the token",
    severity: Severity::Note,
    why: "Who loses a right keeps it until the token expires, unless the user's tokens can be revoked.",
    reference: "ASVS 8.3.2; RFC 9700 2.3",
    mend: "Keep tokens short, and revoke by user or generation when rights are taken away.",
};

/// A claim that says which generation of the user's rights it carries lets them be taken away.
const GENERATIONS: [&str; 3] = ["gen", "generation", "token_version"];
const RIGHTS: [&str; 8] =
    ["role", "roles", "is_admin", "admin", "permissions", "groups", "is_superuser", "is_staff"];
/// Claims in claims, as deep as people put them.
const DEEPEST: u32 = 8;

pub(super) fn check(token: &Token, findings: &mut Vec<Finding>) {
    let has = |name: &str| token.claims.get(name).is_some_and(|value| !value.is_null());
    if !has("aud") {
        findings.push(Finding::new(&NO_AUDIENCE, "there is no `aud`"));
    }
    if !has("iss") {
        findings.push(Finding::new(&NO_ISSUER, "there is no `iss`"));
    }
    let missing: Vec<_> = ["sub", "iat", "jti"].into_iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() {
        findings.push(Finding::new(&INCOMPLETE, format!("there is no {}", missing.join(", no "))));
    }
    if token.claims.get("sub").is_some_and(|sub| !sub.is_string()) {
        let message = "`sub` is no text (RFC 7519 4.1.2)";
        findings.push(Finding::new(&INCOMPLETE, message).with_severity(Severity::Warning));
    }
    let generation = GENERATIONS.iter().any(|name| has(name));
    for (name, value) in &token.claims {
        look(name, value, DEEPEST, generation, findings);
    }
}

fn look(name: &str, value: &Value, depth: u32, generation: bool, findings: &mut Vec<Finding>) {
    let shown: String = name.chars().take(64).collect();
    if let Some(severity) = personal_data::severity(name) {
        let message = format!("`{}` can be read by everybody", printable(&shown));
        findings.push(Finding::new(&PERSONAL, message).with_severity(severity));
    }
    if RIGHTS.contains(&name) && !generation {
        let message = format!("`{}` is frozen until it expires", printable(&shown));
        findings.push(Finding::new(&ROLES, message));
    }
    if let (Some(inner), Some(depth)) = (value.as_object(), depth.checked_sub(1)) {
        inner.iter().for_each(|(name, value)| look(name, value, depth, generation, findings));
    }
}
