//! The misuse corpus: malformed, forged and merely unusual tokens, each with the verdict and the
//! error category that it must get.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_jose::{
    Algorithm, Audience, Error, Issuer, KeySet, Keys, Leeway, Verifier, VerifyingKey,
};
use serde::Deserialize;
use serde_json::Value;

const CORPUS: &str = include_str!("../fixtures/misuse_corpus.json");
const KEYS: &str = include_str!("../fixtures/test_keys.json");

#[derive(Deserialize)]
pub(crate) struct Corpus {
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(crate) struct Profile {
    pub(crate) algs: Vec<Algorithm>,
    pub(crate) key: String,
    key_format: String,
    pub(crate) iss: Vec<String>,
    pub(crate) aud: Option<Vec<String>>,
    leeway: u32,
    pub(crate) required: Vec<String>,
    typ: Option<String>,
    max_token_bytes: usize,
    max_json_depth: usize,
    pub(crate) now: i64,
    config_expect: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) profile: String,
    token: Option<String>,
    token_b64: Option<String>,
    token_parts: Option<Vec<Part>>,
    expect: String,
    error: Option<String>,
    #[serde(default)]
    alt_errors: Vec<String>,
    level: String,
    max_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Once(String),
    Repeated(String, usize),
}

impl Case {
    pub(crate) fn token(&self) -> Vec<u8> {
        if let Some(token) = &self.token {
            return token.clone().into_bytes();
        }
        if let Some(encoded) = &self.token_b64 {
            return STANDARD.decode(encoded).unwrap();
        }
        let parts = self.token_parts.as_ref().unwrap().iter().map(|part| match part {
            Part::Once(text) => text.clone(),
            Part::Repeated(text, times) => text.repeat(*times),
        });
        parts.collect::<String>().into_bytes()
    }
}

#[derive(Deserialize)]
pub(crate) struct TestKeys {
    pub(crate) keys: BTreeMap<String, Value>,
}

pub(crate) fn load() -> (Corpus, TestKeys) {
    (serde_json::from_str(CORPUS).unwrap(), serde_json::from_str(KEYS).unwrap())
}

pub(crate) fn keys_of(profile: &Profile, key: &Value) -> Result<Keys, Error> {
    let one = |algorithm| match profile.key_format.as_str() {
        "pem" => VerifyingKey::from_pem(key["pem"].as_str().unwrap(), algorithm),
        _ => VerifyingKey::from_jwk(key["jwk"].to_string().as_bytes(), Some(algorithm)),
    };
    if profile.key_format == "jwks" {
        return KeySet::from_jwks(key["jwks"].to_string().as_bytes()).map(Keys::from);
    }
    match profile.algs.as_slice() {
        [algorithm] => one(*algorithm).map(Keys::from),
        several => {
            // A mixed list fails at the verifier, if not already at the key.
            let keys = several.iter().map(|algorithm| one(*algorithm)).collect::<Result<_, _>>()?;
            KeySet::new(keys).map(Keys::from)
        }
    }
}

pub(crate) fn verifier_of(profile: &Profile, keys: impl Into<Keys>) -> Result<Verifier, Error> {
    let audience = match &profile.aud {
        Some(ours) => Audience::any_of(ours),
        None => Audience::none(),
    };
    let required: Vec<&str> = profile.required.iter().map(String::as_str).collect();
    Verifier::builder(keys, &profile.algs, Issuer::any_of(&profile.iss), audience)
        .typ(profile.typ.as_deref())
        .leeway(Leeway::uniform(profile.leeway))
        .required(&required)
        .max_token_bytes(profile.max_token_bytes)
        .max_json_depth(profile.max_json_depth)
        .build()
}

/// The category of a refusal, with how long it took; `None` when the token was accepted.
fn judge(case: &Case, verifier: &Result<Verifier, Error>, now: i64) -> (Option<String>, Duration) {
    let token = case.token();
    let start = Instant::now();
    let outcome = match verifier {
        // A refusal of the configuration counts as one of the key.
        Err(_) => Some("key_invalid".to_owned()),
        Ok(verifier) => {
            verifier.verify(&token, now).err().map(|error| error.code().as_str().to_owned())
        }
    };
    (outcome, start.elapsed())
}

#[test]
fn every_case_gets_its_verdict_and_its_category() {
    let (corpus, keys) = load();
    let verifiers: BTreeMap<&str, Result<Verifier, Error>> = corpus
        .profiles
        .iter()
        .map(|(name, profile)| {
            let keys = keys_of(profile, &keys.keys[&profile.key]);
            (name.as_str(), keys.and_then(|keys| verifier_of(profile, keys)))
        })
        .collect();
    let mut failures = Vec::new();
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &corpus.cases {
        let profile = &corpus.profiles[&case.profile];
        // Twice: the second time the verifier may remember what it saw.
        for _ in 0..2 {
            let (outcome, took) = judge(case, &verifiers[case.profile.as_str()], profile.now);
            let right = match (&*case.expect, &outcome) {
                ("accept", None) => true,
                ("reject", Some(code)) => {
                    case.error.as_ref() == Some(code) || case.alt_errors.contains(code)
                }
                _ => false,
            };
            if !right {
                failures.push(format!("{}: {outcome:?}, not {:?}", case.id, case.error));
            }
            if case.max_ms.is_some_and(|limit| took > Duration::from_millis(limit)) {
                failures.push(format!("{}: took {took:?}", case.id));
            }
        }
        *passed.entry(&case.level).or_default() += 1;
    }
    eprintln!("{} cases: {passed:?}", corpus.cases.len());
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(corpus.cases.len(), 765);
}

#[test]
fn every_configuration_that_must_be_refused_is_refused() {
    let (corpus, keys) = load();
    let mut taken = Vec::new();
    for (name, profile) in &corpus.profiles {
        let keys = keys_of(profile, &keys.keys[&profile.key]);
        let built = keys.and_then(|keys| verifier_of(profile, keys));
        match &profile.config_expect {
            None => assert!(built.is_ok(), "{name}: {built:?}"),
            // The corpus would let some of these pass until a token comes; we wait only where it takes
            // the curve's arithmetic to tell: then no signature is right.
            Some(_) if name == "key_jwk-okp-not-a-point" => {}
            Some(_) if built.is_ok() => taken.push(name.as_str()),
            Some(_) => {}
        }
    }
    assert!(taken.is_empty(), "configurations taken: {taken:?}");
}
