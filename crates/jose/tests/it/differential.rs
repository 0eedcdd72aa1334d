//! Beside another verifier, the crate `jsonwebtoken` on the same cryptography, over the corpus and over
//! tokens made at random. Where the two disagree there is a rule that says why. A disagreement without
//! a rule fails the tests, and so does a rule that nothing needs.

use std::collections::BTreeSet;

use countersign_jose::{Error, JsonFault, Verified, Verifier};
use jsonwebtoken::{DecodingKey, Validation};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::corpus::{Profile, keys_of, load, verifier_of};
use crate::support::{AUDIENCE, ISSUER, NOW, SECRET, hs256, hs256_token, verifier};

/// Why we refuse what the peer accepts. It reads the system's clock, so it is told to leave dates
/// alone, and they are a rule here and a subject of the other tests.
fn stricter(refusal: &Error) -> Option<&'static str> {
    Some(match refusal {
        Error::Expired { .. } | Error::NotYetValid { .. } => "dates are compared by us only",
        Error::IssuedInFuture { .. } => "iat is not in the future (our policy)",
        Error::ClaimType { claim: "exp" } => "exp is before the year 10000 (our policy)",
        Error::ClaimType { claim: "sub" } => "sub is a string without tricks (RFC 7519 4.1.2)",
        Error::ClaimType { .. } => "registered claims have their types (RFC 7519 4.1)",
        Error::MalformedClaims { fault: JsonFault::DuplicateName }
        | Error::MalformedHeader { fault: JsonFault::DuplicateName } => {
            "names are unique (RFC 7515 4, RFC 7519 4)"
        }
        Error::MalformedHeader { fault: JsonFault::TooDeep }
        | Error::MalformedClaims { fault: JsonFault::TooDeep } => "nesting has a limit",
        Error::TokenTooLarge { .. } => "a token has a limit",
        Error::CriticalUnsupported => "critical extensions are understood (RFC 7515 4.1.11)",
        Error::HeaderInvalid { parameter: "typ" | "kid" } => {
            "typ and kid are strings (RFC 7515 4.1)"
        }
        Error::HeaderInvalid { parameter: "zip" } => "zip is for encryption (RFC 7516 4.1.3)",
        Error::HeaderInvalid { parameter: "b64" } => "a payload is encoded (RFC 7797 7)",
        Error::HeaderInvalid { parameter: "cty" } => "cty is a string, and not JWT (RFC 7519 5.2)",
        Error::TypMismatch => "typ says which kind of token (RFC 8725 3.11)",
        _ => return None,
    })
}

/// Parameters that we do not look at.
const UNUSED: [&str; 3] = ["\"x\"", "\"jwk\"", "\"jku\""];

/// Why the peer refuses what we accept.
fn laxer(refusal: &jsonwebtoken::errors::Error, token: &[u8]) -> Option<&'static str> {
    use jsonwebtoken::errors::ErrorKind;
    let header = String::from_utf8_lossy(token.split(|byte| *byte == b'.').next()?);
    let header = String::from_utf8(crate::support::decode(&header)).ok()?;
    Some(match refusal.kind() {
        // Its header has a type for the parameters of encryption and of embedded keys, and for others.
        ErrorKind::Json(_) if UNUSED.iter().any(|name| header.contains(name)) => {
            "parameters that are not used may be anything (RFC 7515 4)"
        }
        _ => return None,
    })
}

/// The name of the rule by which they disagree; nothing when they agree.
fn disagreement<T>(
    token: &[u8],
    ours: Result<Verified<T>, Error>,
    theirs: jsonwebtoken::errors::Result<Value>,
) -> Option<String> {
    match (ours.map(drop), theirs) {
        (Ok(()), Ok(_)) | (Err(_), Err(_)) => None,
        (Err(refusal), Ok(_)) => {
            Some(stricter(&refusal).map_or(format!("NO RULE, ours: {refusal}"), str::to_owned))
        }
        (Ok(()), Err(refusal)) => Some(
            laxer(&refusal, token).map_or(format!("NO RULE, theirs: {refusal}"), str::to_owned),
        ),
    }
}

fn decode(
    token: &[u8],
    key: &DecodingKey,
    policy: &Validation,
) -> jsonwebtoken::errors::Result<Value> {
    jsonwebtoken::decode::<Value>(token, key, policy).map(|decoded| decoded.claims)
}

/// The peer with the policy of a profile; nothing where it has no such algorithm or key.
fn peer(profile: &Profile, key: &Value) -> Option<(DecodingKey, Validation)> {
    let [algorithm] = profile.algs.as_slice() else { return None };
    let mut policy = Validation::new(algorithm.as_str().parse().ok()?);
    (policy.validate_exp, policy.validate_nbf) = (false, false);
    policy.set_issuer(&profile.iss);
    policy.aud = profile.aud.as_ref().map(|ours| ours.iter().cloned().collect());
    policy.set_required_spec_claims(&profile.required);
    let jwk = serde_json::from_value(key["jwk"].clone()).ok()?;
    Some((DecodingKey::from_jwk(&jwk).ok()?, policy))
}

#[test]
fn over_the_corpus_each_disagreement_with_jsonwebtoken_has_a_rule() {
    let (corpus, keys) = load();
    let mut rules = BTreeSet::new();
    let mut compared = 0;
    for case in &corpus.cases {
        let profile = &corpus.profiles[&case.profile];
        let key = &keys.keys[&profile.key];
        let ours = keys_of(profile, key).and_then(|keys| verifier_of(profile, keys));
        let (Ok(verifier), Some((key, policy))) = (ours, peer(profile, key)) else { continue };
        let token = case.token();
        let rule = disagreement(
            &token,
            verifier.verify(&token, profile.now),
            decode(&token, &key, &policy),
        );
        compared += 1;
        if let Some(rule) = rule {
            assert!(!rule.starts_with("NO RULE"), "{}: {rule}", case.id);
            rules.insert(rule);
        }
    }
    assert!(compared > 600, "{compared}");
    assert_eq!(
        rules.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "a token has a limit",
            "critical extensions are understood (RFC 7515 4.1.11)",
            "dates are compared by us only",
            "exp is before the year 10000 (our policy)",
            "iat is not in the future (our policy)",
            "names are unique (RFC 7515 4, RFC 7519 4)",
            "nesting has a limit",
            "registered claims have their types (RFC 7519 4.1)",
            "sub is a string without tricks (RFC 7519 4.1.2)",
            "typ and kid are strings (RFC 7515 4.1)",
            "typ says which kind of token (RFC 8725 3.11)",
        ]
    );
}

/// A piece of JSON that is often right.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "\"HS256\"",
        "\"none\"",
        "\"JWT\"",
        "\"at+jwt\"",
        "\"k\"",
        "1800000600",
        "1799999999",
        "1e10",
        "-1",
        "1.5",
        "null",
        "true",
        "[]",
        "{}",
        "[\"x\"]",
        "[\"https://api.example\"]",
        "\"user\"",
        "\"https://issuer.example\"",
        "\"https://api.example\"",
        "\"\\u0061\"",
        "\"\"",
        "\"\\ud800\"",
        "01",
        "tru",
        "{\"a\":1,\"a\":2}",
        "[[[[1]]]]",
    ];
    prop::sample::select(KNOWN).prop_map(str::to_owned)
}

fn object(names: &'static [&'static str], right: &'static str) -> impl Strategy<Value = String> {
    let member = (prop::sample::select(names), piece())
        .prop_map(|(name, value)| format!(",\"{name}\":{value}"));
    vec(member, 0..4).prop_map(move |members| format!("{{{right}{}}}", members.concat()))
}

fn header() -> impl Strategy<Value = String> {
    const NAMES: &[&str] =
        &["alg", "typ", "kid", "cty", "crit", "b64", "zip", "x", "\\u0061lg", "jwk", "jku"];
    object(NAMES, r#""alg":"HS256""#)
}

fn payload() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "x", "s\\u0075b"];
    const RIGHT: &str =
        r#""iss":"https://issuer.example","aud":"https://api.example","exp":1800000600"#;
    prop_oneof![
        object(NAMES, RIGHT),
        object(NAMES, r#""exp":1800000600"#),
        object(NAMES, r#""n":1"#),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn over_random_tokens_each_disagreement_with_jsonwebtoken_has_a_rule(
        header in header(),
        payload in payload(),
        noise in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut token = hs256_token(header, payload).into_bytes();
        if let Some((place, byte)) = noise {
            let at = place.index(token.len() * 4);
            if let Some(target) = token.get_mut(at) {
                *target = byte;
            }
        }
        let mut policy = Validation::new(jsonwebtoken::Algorithm::HS256);
        (policy.validate_exp, policy.validate_nbf) = (false, false);
        policy.set_issuer(&[ISSUER]);
        policy.set_audience(&[AUDIENCE]);
        policy.set_required_spec_claims(&["exp", "iss", "aud"]);
        let ours: &Verifier = &verifier(&hs256());
        let theirs = decode(&token, &DecodingKey::from_secret(SECRET), &policy);
        let rule = disagreement(&token, ours.verify(&token, NOW), theirs);
        prop_assert!(!rule.as_ref().is_some_and(|rule| rule.starts_with("NO RULE")), "{:?}", rule);
    }
}
