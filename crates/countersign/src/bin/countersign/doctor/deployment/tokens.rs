//! D15, D21, D24: how tokens are made.

use std::time::Duration;

use countersign::engine::keys::{KeyState, state};

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const LONG_LIFE: Rule = Rule {
    id: "D15",
    name: "access-tokens-live-long",
    title: "access tokens live long",
    severity: Severity::Warning,
    why: "Services that follow the revocations refuse a revoked token at once; all others take it until \
          it expires.",
    reference: "RFC 9700 4.10; ASVS 7.4.1, 8.3.2",
    mend: "Set tokens.access_ttl to 15 minutes or less; refreshing costs little.",
};

pub(super) const SYMMETRIC: Rule = Rule {
    id: "D21",
    name: "symmetric-signing",
    title: "tokens are signed with a shared secret",
    severity: Severity::Warning,
    why: "Whoever verifies can forge, and the JWKS is empty: no other service can verify at all without \
          being given the secret.",
    reference: "RFC 8725 3.5; ASVS 11.1.1",
    mend: "Set tokens.algorithm = \"ES256\" and rotate the keys.",
};

pub(super) const KEY_RING: Rule = Rule {
    id: "D24",
    name: "key-ring-not-kept",
    title: "nobody has kept the signing keys up to date",
    severity: Severity::Warning,
    why: "A running server publishes the next key before it signs. Without one for long, the first start \
          signs with a key that verifiers have not seen.",
    reference: "ASVS 11.1.1, 13.3.4",
    mend: "Run a server on this database; `countersign keys list` shows the ring.",
};

/// ASVS names no number; longer than this is nobody's default.
const LONGEST: Duration = Duration::from_secs(3_600);

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    let tokens = &config.engine.tokens;
    if tokens.access_ttl > LONGEST {
        let message = format!("tokens.access_ttl is {}", subject.value("tokens.access_ttl"));
        findings.push(Finding::new(&LONG_LIFE, message).at(subject.place("tokens.access_ttl")));
    }
    if tokens.algorithm.as_str().starts_with("HS") {
        let message = format!("tokens.algorithm is {}", tokens.algorithm.as_str());
        findings.push(Finding::new(&SYMMETRIC, message).at(subject.place("tokens.algorithm")));
    }
    key_ring(subject, tokens.rotate_keys_every, findings);
}

fn key_ring(subject: &Subject, rotate_every: Duration, findings: &mut Vec<Finding>) {
    let Some(found) = subject.readable_database() else { return };
    let signing =
        found.keys.iter().find(|key| state(key, &found.keys, subject.now) == KeyState::Signing);
    let Some(signing) = signing else {
        if !found.keys.is_empty() {
            findings.push(Finding::new(&KEY_RING, "no key signs at the moment"));
        }
        return;
    };
    let age = subject.now.since(signing.signs_from);
    if age > rotate_every + rotate_every / 2 {
        let days = age.as_secs() / 86_400;
        let message = format!("the signing key has signed for {days} days");
        findings.push(Finding::new(&KEY_RING, message));
    }
}
