//! `countersign token`: tokens decoded, verified and signed by the real program.

mod batch;
mod decode;
mod guide;
mod jwks_url;
mod sign;
mod verify;

use std::{
    io::Write,
    process::{Output, Stdio},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::server::{Place, text};

/// An instant that all these tests judge by: 2027-01-15 08:00:00 UTC.
const NOW: &str = "1800000000";
const ISSUER: &str = "https://issuer.example";
/// A secret as random ones are.
const SECRET: &str = "u0cGZ5Dq1mLxv3nT8yWb7RkPj2Hs6Ff4";

/// A folder with `private.jwk`, `public.jwks` (ES256) and the variable `SECRET`.
fn place() -> Place {
    let place = Place::new().with_env("SECRET", SECRET);
    let made =
        place.run(&["keys", "generate", "--out", "private.jwk", "--public-out", "public.jwks"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    place
}

/// Signs with the folder's key at [`NOW`]; good for 15 minutes unless `more` says something else.
fn sign(place: &Place, more: &[&str]) -> String {
    let own = ["token", "sign", "--key", "private.jwk", "--at", NOW];
    let expiry: &[&str] =
        if more.iter().any(|arg| arg.contains("exp")) { &[] } else { &["--expires-in", "15m"] };
    answer(&place.run(&[&own, expiry, more].concat()))
}

/// A token for the audience `api` of [`ISSUER`].
fn good(place: &Place) -> String {
    sign(place, &["--issuer", ISSUER, "--audience", "api", "--subject", "ada"])
}

/// Checks it for the audience `api` of [`ISSUER`] at [`NOW`].
fn verify(place: &Place, token: &str, more: &[&str]) -> Output {
    let mut args = vec!["token", "verify", "-"];
    for (any, own) in [
        (
            &["--key", "--jwks", "--secret-env", "--secret-file", "--key-env"][..],
            ["--jwks", "public.jwks"],
        ),
        (&["--issuer", "--any-issuer"], ["--issuer", ISSUER]),
        (&["--audience", "--any-audience", "--no-audience"], ["--audience", "api"]),
        (&["--at"], ["--at", NOW]),
    ] {
        if !more.iter().any(|arg| any.contains(arg)) {
            args.extend(own);
        }
    }
    place.run_with_input(&[&args, more].concat(), token)
}

/// What it printed; it must have ended well.
fn answer(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).trim_end().to_owned()
}

/// What it printed as JSON, and its exit code.
fn json(output: &Output) -> (i32, Value) {
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
    });
    (output.status.code().unwrap(), value)
}

/// The line that says why it does nothing; nothing else may stand on standard output.
fn failure(output: &Output, code: i32) -> String {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    assert!(!error.contains("panicked"), "{error}");
    error
}

/// Runs with bytes on standard input that need not be text.
fn run_with_bytes(place: &Place, args: &[&str], input: &[u8]) -> Output {
    let mut command = place.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses early does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// A token with this header and these claims, and a signature that is none.
fn forged(header: &str, claims: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 64]))
}
