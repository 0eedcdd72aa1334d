//! T2, T11, T13, T14: what the header says.

use std::str::FromStr;

use countersign_jose::Algorithm;
use serde_json::Value;

use super::Token;
use crate::{
    doctor::{Finding, Rule, Severity},
    output::printable,
};

pub(super) const NOT_SIGNED: Rule = Rule {
    id: "T2",
    name: "token-not-signed",
    title: "the token is not signed",
    severity: Severity::Error,
    why: "Anybody can write it. A verifier that takes `none`, or does not know the algorithm and goes on, \
          takes everything.",
    reference: "RFC 8725 2.1, 3.2; ASVS 9.1.2",
    mend: "Sign with ES256 or EdDSA, and verify with that one algorithm.",
};

pub(super) const NO_TYPE: Rule = Rule {
    id: "T11",
    name: "token-type-missing",
    title: "the header does not say what kind of token it is",
    severity: Severity::Note,
    why: "An ID token, a password-reset link or another service's token passes for an access token where \
          all that is asked is whether the signature is right.",
    reference: "RFC 8725 3.11; RFC 9068 2.1; ASVS 9.2.2",
    mend: "Write typ: at+jwt into access tokens, and require it.",
};

pub(super) const DANGEROUS: Rule = Rule {
    id: "T13",
    name: "token-header-dangerous",
    title: "the header tells the verifier where to find the key",
    severity: Severity::Error,
    why: "Whoever writes the token writes its header: a verifier that follows it takes the attacker's \
          key, calls an address inside your network, or runs what stands in `kid`.",
    reference: "RFC 8725 3.9, 3.10; RFC 7515 4.1; ASVS 9.1.3",
    mend: "Take keys from a configured JWKS only, look `kid` up as an exact text, and refuse jku, x5u, \
           jwk and unknown `crit`.",
};

pub(super) const SYMMETRIC: Rule = Rule {
    id: "T14",
    name: "token-symmetric",
    title: "whoever can verify the token can also make one",
    severity: Severity::Note,
    why: "HMAC has one secret for both: each service that checks tokens can forge them, and one that is \
          broken into gives all of them away.",
    reference: "RFC 8725 3.2, 3.5; ASVS 11.1.1",
    mend: "Sign with a key pair (ES256, EdDSA) as soon as a second service verifies.",
};

pub(super) fn check(token: &Token, findings: &mut Vec<Finding>) {
    algorithm(token, findings);
    let kind = token.header.get("typ").and_then(Value::as_str);
    match kind {
        None => findings.push(Finding::new(&NO_TYPE, "there is no `typ`")),
        Some(kind) if kind.eq_ignore_ascii_case("JWT") => {
            findings.push(Finding::new(&NO_TYPE, "`typ` is JWT, which every kind is"));
        }
        Some(_) => {}
    }
    for name in ["jku", "x5u", "jwk", "x5c"] {
        if token.header.contains_key(name) {
            findings.push(Finding::new(&DANGEROUS, format!("`{name}` brings or names a key")));
        }
    }
    if token.header.contains_key("crit") {
        let message = "`crit` names extensions that a verifier must know or refuse";
        findings.push(Finding::new(&DANGEROUS, message));
    }
    key_id(token, findings);
}

fn algorithm(token: &Token, findings: &mut Vec<Finding>) {
    let message = match token.algorithm() {
        None => "there is no `alg`".to_owned(),
        Some(name) if name.eq_ignore_ascii_case("none") => format!("`alg` is {}", printable(name)),
        Some(name) => match Algorithm::from_str(name) {
            Ok(_) if token.signature.is_empty() => "the signature is empty".to_owned(),
            Ok(_) if name.starts_with("HS") => {
                findings.push(Finding::new(&SYMMETRIC, format!("`alg` is {name}")));
                return;
            }
            Ok(_) => return,
            Err(_) => {
                let name: String = name.chars().take(32).collect();
                format!("`alg` is {}, which is no signature that anybody knows", printable(&name))
            }
        },
    };
    findings.push(Finding::new(&NOT_SIGNED, message));
}

fn key_id(token: &Token, findings: &mut Vec<Finding>) {
    let Some(kid) = token.header.get("kid") else { return };
    let problem = match kid.as_str() {
        None => "`kid` is no text",
        Some(kid) if kid.contains("..") || kid.starts_with('/') => "`kid` is written like a path",
        Some(kid) if kid.contains(['\'', '"', ';', '|', '`', '$', '\0']) => {
            "`kid` has signs in it that databases and shells act on"
        }
        Some(_) => return,
    };
    findings.push(Finding::new(&DANGEROUS, problem));
}
