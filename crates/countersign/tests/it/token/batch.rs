//! `token verify` over many tokens: one verdict a line, as it is known, and the counts at the end.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::Value;

use super::{ISSUER, NOW, answer, good, place, run_with_bytes, sign};
use crate::server::text;

const ARGS: [&str; 11] = [
    "token",
    "verify",
    "--batch",
    "--jwks",
    "public.jwks",
    "--issuer",
    ISSUER,
    "--audience",
    "api",
    "--at",
    NOW,
];

#[test]
fn each_token_gets_a_line_and_the_counts_come_last() {
    let place = place();
    let token = good(&place);
    let foreign = sign(&place, &["--issuer", ISSUER, "--audience", "web"]);
    let mut input = format!("{token}\r\n\n  Bearer {token}  \n{foreign}\n").into_bytes();
    input.extend_from_slice(b"\xff\xfe\x00.a.b\n");
    input.extend_from_slice(&[b'x'; 1_000_000]);
    input.extend_from_slice(format!("\n{token}").as_bytes());

    let output = run_with_bytes(&place, &ARGS, &input);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let lines: Vec<&str> = shown.lines().collect();
    let begin = [
        "1\tvalid\tada",
        "3\tvalid\tada",
        "4\trefused\taud_mismatch\t",
        "5\trefused\tmalformed_base64\t",
        "6\trefused\ttoken_too_large\t",
        "7\tvalid\tada",
    ];
    for (line, begin) in lines.iter().zip(begin) {
        assert!(line.starts_with(begin), "{line}");
    }
    let summary =
        "6 tokens: 3 valid, 3 refused (1 aud_mismatch, 1 malformed_base64, 1 token_too_large)";
    assert_eq!(lines[6..], [summary]);

    let output = run_with_bytes(&place, &[&ARGS[..], &["--json"]].concat(), &input);
    let values: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((values.len(), &values[0]["claims"]["sub"]), (7, &"ada".into()));
    assert_eq!((&values[2]["line"], &values[2]["error"]), (&4.into(), &"aud_mismatch".into()));
    assert_eq!(values[6]["summary"]["by_error"]["token_too_large"], 1);
    assert!(!text(&output.stdout).contains(token.rsplit_once('.').unwrap().1), "a signature");
}

#[test]
fn a_dash_takes_one_token_or_many() {
    let place = place();
    let token = good(&place);
    let args: Vec<&str> =
        ARGS.iter().map(|arg| if *arg == "--batch" { "-" } else { arg }).collect();
    let one = answer(&place.run_with_input(&args, &format!("{token}\n\n")));
    assert!(one.starts_with("valid  signed with ES256"), "{one}");
    let two = answer(&place.run_with_input(&args, &format!("{token}\n{token}\n")));
    assert!(two.ends_with("2 tokens: 2 valid, 0 refused"), "{two}");
    let none = answer(&place.run_with_input(&ARGS, ""));
    assert_eq!(none, "0 tokens: 0 valid, 0 refused");
}

#[test]
fn a_verdict_does_not_wait_for_the_next_token() {
    let place = place();
    let token = good(&place);
    let mut child =
        place.command(&ARGS).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 1..=3 {
        writeln!(stdin, "{token}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), format!("{number}\tvalid\tada"));
    }
    drop(stdin);
    assert!(lines.next().unwrap().unwrap().starts_with("3 tokens"));
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = place();
    let many = format!("{}\n", good(&place)).repeat(5_000);
    let mut command = place.command(&ARGS);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        // It is not read to its end.
        let _ = stdin.write_all(many.as_bytes());
    });
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    writing.join().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(line, "1\tvalid\tada\n");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}
