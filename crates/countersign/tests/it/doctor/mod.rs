//! `countersign doctor`: what it finds, what it does not, and that it changes nothing.

mod code;
mod deployment;
mod token;

use std::{collections::BTreeSet, process::Output};

use serde_json::Value;

use crate::server::{Place, text};

/// Runs it with `--json`; its exit code and what it printed.
fn doctor(place: &Place, args: &[&str]) -> (i32, Value) {
    let output = place.run(&[&["doctor", "--json"], args].concat());
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (code(&output), json)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// The ids of the rules that were found broken.
fn rules(found: &Value) -> BTreeSet<String> {
    let findings = found["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// The messages of a rule's findings.
fn messages(found: &Value, rule: &str) -> Vec<String> {
    let findings = found["findings"].as_array().unwrap().iter();
    let of_rule = findings.filter(|finding| finding["rule"] == rule);
    of_rule.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
}
