//! T3: a secret that everybody has read somewhere.

use aws_lc_rs::hmac;

use super::Token;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const GUESSABLE: Rule = Rule {
    id: "T3",
    name: "token-secret-guessed",
    title: "the secret that signed it is known to everybody",
    severity: Severity::Error,
    why: "It stands in guides, examples and word lists: one token is enough to find it, and then to sign \
          as any user.",
    reference: "RFC 8725 3.5; RFC 7518 3.2; ASVS 11.2.3, 13.3.1",
    mend: "Replace it today by 32 random bytes or more (openssl rand -base64 48), or by a key pair; all \
           tokens so far are worthless, and may have been forged.",
};

/// What guides, documentation and frameworks print, and what people type.
const KNOWN: [&str; 64] = [
    "",
    "secret",
    "your-secret-key",
    "my_secret_key",
    "your_secret_key",
    "secret_key",
    "secret-key",
    "secretkey",
    "SECRET_KEY",
    "SECRET",
    "Secret",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "super-secret",
    "supersecret",
    "super_secret",
    "super-secret-key",
    "super_secret_key",
    "supersecretkey",
    "mysecret",
    "my-secret",
    "my_secret",
    "mysecretkey",
    "my-secret-key",
    "your-secret",
    "your_secret",
    "yoursecretkey",
    "jwt-secret",
    "jwt_secret",
    "JWT_SECRET",
    "jwtsecret",
    "jwt-secret-key",
    "jwt_secret_key",
    "JWT_SECRET_KEY",
    "jwt",
    "key",
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "password",
    "shhhhh",
    "keyboard cat",
    "thisisasecret",
    "this-is-a-secret",
    "topsecret",
    "test",
    "testing",
    "test-secret",
    "dev",
    "development",
    "dev-secret",
    "default",
    "example",
    "flask",
    "fastapi",
    "django",
    "123456",
    "12345678",
    "admin",
    "qwerty",
];

pub(super) fn check(token: &Token, findings: &mut Vec<Finding>) {
    let Some(name) = token.algorithm() else { return };
    let algorithm = match name {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => return,
    };
    let Some((signed, _)) = token.text.rsplit_once('.') else { return };
    let guessed = KNOWN.iter().find(|secret| {
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        hmac::verify(&key, signed.as_bytes(), &token.signature).is_ok()
    });
    if let Some(secret) = guessed {
        let message = format!("it was signed ({name}) with the secret {secret:?}");
        findings.push(Finding::new(&GUESSABLE, message));
    }
}
