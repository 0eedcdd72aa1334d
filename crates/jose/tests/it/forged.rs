//! Signatures that are nearly right (fixtures/forged_signatures.py makes them): other encodings,
//! numbers out of range, other paddings, salts, digests and messages. None but the controls is one.

use countersign_jose::{Algorithm, Audience, Issuer, Verifier, VerifyingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::support::{AUDIENCE, ISSUER, NOW};

#[derive(Deserialize)]
struct Forged {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    alg: Algorithm,
    jwk: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    token: String,
    accept: bool,
}

/// Judges the cases of these algorithms whose name `fits`, and says how many there were.
pub(crate) fn judge(algorithms: &[Algorithm], fits: impl Fn(&str) -> bool) -> usize {
    let Forged { groups } =
        serde_json::from_str(include_str!("../fixtures/forged_signatures.json")).unwrap();
    let mut judged = 0;
    for group in groups.iter().filter(|group| algorithms.contains(&group.alg)) {
        let key = VerifyingKey::from_jwk(group.jwk.to_string().as_bytes(), Some(group.alg));
        let (issuer, audience) = (Issuer::one(ISSUER), Audience::one(AUDIENCE));
        let verifier =
            Verifier::builder(key.unwrap(), &[group.alg], issuer, audience).build().unwrap();
        for case in group.cases.iter().filter(|case| fits(&case.name)) {
            let code = verifier.verify(&case.token, NOW).map_err(|error| error.code().as_str());
            let expected = if case.accept { Ok(()) } else { Err("signature_invalid") };
            assert_eq!(code.map(drop), expected, "{}: {}", group.alg, case.name);
            judged += 1;
        }
    }
    judged
}

#[test]
fn no_signature_that_is_nearly_right_is_accepted() {
    let judged = judge(&Algorithm::ALL, |_| true);
    assert!(judged > 400, "{judged}");
}
