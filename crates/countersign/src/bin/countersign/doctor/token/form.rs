//! T1, T15, T16: whether it is a token at all, how large it is, whether it says one thing only.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use countersign_jose::{Error, dangerous};
use serde_json::{Map, Value};

use super::Token;
use crate::{
    doctor::{Finding, Rule, Severity},
    tokens::input,
};

pub(super) const NO_TOKEN: Rule = Rule {
    id: "T1",
    name: "no-token",
    title: "this is no signed token",
    severity: Severity::Error,
    why: "A JWT in its compact form is three parts of base64url with dots between them: header, claims, \
          signature.",
    reference: "RFC 7515 3.1; RFC 7519 7.2",
    mend: "Give the token alone, as it stands behind `Authorization: Bearer`.",
};

pub(super) const TOO_LARGE: Rule = Rule {
    id: "T15",
    name: "token-too-large",
    title: "the token is large",
    severity: Severity::Warning,
    why: "It goes with every request; proxies and servers refuse headers beyond 4 to 8 KiB, and then \
          nothing works for some users only.",
    reference: "RFC 6750 2.1; RFC 9110 5.4",
    mend: "Carry ids, not data: look the rest up.",
};

pub(super) const AMBIGUOUS: Rule = Rule {
    id: "T16",
    name: "token-ambiguous",
    title: "the token can be read in two ways",
    severity: Severity::Error,
    why: "Two programs may read two things out of it: one checks the first of two equal names, the other \
          uses the second.",
    reference: "RFC 7515 4; RFC 7519 4; RFC 8725 2.4",
    mend: "Issue tokens with a library that writes strict JSON, and refuse others.",
};

/// No header takes more.
const LARGEST: usize = 128 * 1024;
/// Where trouble begins.
const COMFORTABLE: usize = 4 * 1024;

/// Takes a token apart. What is none is a finding.
pub(super) fn read(text: &str, findings: &mut Vec<Finding>) -> Option<Token> {
    match parse(input::bare(text)) {
        Ok(token) => Some(token),
        Err(problem) => {
            findings.push(Finding::new(&NO_TOKEN, problem));
            None
        }
    }
}

fn parse(text: &str) -> Result<Token, String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if text.len() > LARGEST {
        return Err("it is larger than 128 KiB".into());
    }
    if text.starts_with("cs_rt_") {
        return Err(
            "it is a refresh token of Countersign: it is opaque, and only its server reads it. \
                    Whoever has it has the session: end that if it was seen"
                .into(),
        );
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = match parts.as_slice() {
        [header, claims, signature] => [*header, *claims, *signature],
        [_, _, _, _, _] => {
            return Err("it has five parts: it is encrypted (JWE), not signed".into());
        }
        parts => return Err(format!("it has not three parts but {}", parts.len())),
    };
    Ok(Token {
        text: text.to_owned(),
        header: object("header", header)?,
        claims: object("claims", claims)?,
        signature: decode("signature", signature)?,
    })
}

fn decode(what: &str, part: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| {
        let standard = STANDARD_NO_PAD.decode(part.trim_end_matches('=')).is_ok();
        let why = if standard { "base64, not base64url without padding" } else { "no base64url" };
        format!("the {what} part is {why}")
    })
}

fn object(what: &str, part: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_slice(&decode(what, part)?)
        .map_err(|_| format!("the {what} part is no JSON object"))
}

pub(super) fn check(token: &Token, findings: &mut Vec<Finding>) {
    let bytes = token.text.len();
    if bytes > COMFORTABLE {
        findings.push(Finding::new(&TOO_LARGE, format!("it has {bytes} bytes")));
    }
    let header = dangerous::decode_header_unverified(&token.text).err();
    let claims = dangerous::decode_claims_unverified(&token.text).err();
    // Members of a wrong type have rules of their own.
    let ambiguous = [header, claims].into_iter().flatten().find(|error| {
        matches!(error, Error::MalformedHeader { .. } | Error::MalformedClaims { .. })
    });
    if let Some(error) = ambiguous {
        findings.push(Finding::new(&AMBIGUOUS, format!("a strict parser refuses it: {error}")));
    }
}
