//! RFC 8725 and its successor, line by line: `jNN` is line NN of the project's checklist of it.

mod algorithms;
mod claims;
mod form;
mod keys;

use crate::support::{NOW, claims, hs256, hs256_token, verifier};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn outcome(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> &'static str {
    let token = hs256_token(header, payload);
    match verifier(&hs256()).verify(&token, NOW) {
        Ok(_) => "accepted",
        Err(error) => error.code().as_str(),
    }
}

fn with_header(header: &str) -> &'static str {
    outcome(header, claims().to_string())
}

fn with_payload(payload: impl AsRef<[u8]>) -> &'static str {
    outcome(HEADER, payload)
}

#[test]
fn every_line_has_a_test() {
    let all = [
        include_str!("algorithms.rs"),
        include_str!("claims.rs"),
        include_str!("form.rs"),
        include_str!("keys.rs"),
    ]
    .concat();
    for line in 1..=30 {
        assert_eq!(all.matches(&format!("fn j{line:02}_")).count(), 1, "J{line}");
    }
}
