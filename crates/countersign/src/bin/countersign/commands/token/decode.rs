//! `countersign token decode`

use clap::Args;
use serde_json::json;

use crate::{
    doctor::{Finding, Format, Report, token},
    failure::Failure,
    output,
    paint::Paint,
    tokens::{clock::Clock, explained, input, verdict::Refusal},
};

/// Show what a token says and what each part means. No key is needed, and nothing is verified.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  pbpaste | countersign token decode -
  countersign token decode - --json < token.txt | jq .claims.sub

Below the claims stands which rules the token breaks, with the RFC that says so and what mends it.
The signature is not shown: with it the token could be used.

Exit codes: 0 it can be read, 1 it is no token, 2 the machine or the program failed.")]
pub(crate) struct Decode {
    /// The token; `-` reads it from standard input
    #[arg(value_name = "TOKEN|-")]
    token: String,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
    /// Tell times from this one [default: now]
    #[arg(long, value_name = "TIME", value_parser = Clock::parse)]
    at: Option<Clock>,
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let now = self.at.unwrap_or_default().now()?;
        let text = input::read(&self.token)?;
        let checked = token::check(&text, now);
        match &checked.shown {
            Some(shown) if self.json => print_json(shown, &checked.findings, now),
            Some(shown) => print(shown, &checked.findings, now),
            None => self.refuse(&Refusal::unreadable(input::bare(&text)), &checked.findings),
        }
    }

    /// It is no token.
    fn refuse(&self, refusal: &Refusal, findings: &[Finding]) -> Result<(), Failure> {
        let code = refusal.code.as_str();
        let report = report(findings);
        if self.json {
            let findings = report.findings_json();
            output::json(&json!({"verified": false, "error": code, "findings": findings}))?;
        } else {
            output::line(&format!("{}  {code}", Paint::stdout().bad("no token")))?;
            report.print(Format::People)?;
        }
        Err(Failure::found())
    }
}

fn print_json(shown: &token::Shown, findings: &[Finding], now: i64) -> Result<(), Failure> {
    output::json(&json!({
        "verified": false,
        "header": shown.header,
        "claims": shown.claims,
        "signature_bytes": shown.signature_bytes,
        "explained": {
            "header": explained::header(&shown.header),
            "claims": explained::claims(&shown.claims, now),
        },
        "findings": report(findings).findings_json(),
    }))
}

fn print(shown: &token::Shown, findings: &[Finding], now: i64) -> Result<(), Failure> {
    let paint = Paint::stdout();
    let warning = paint.warning("NOT VERIFIED");
    let mut text = format!(
        "{warning}: anybody can have written this; `countersign token verify` checks it\n\n"
    );
    explained::write(&mut text, paint, "header", &explained::header(&shown.header));
    text.push('\n');
    explained::write(&mut text, paint, "claims", &explained::claims(&shown.claims, now));
    let signature = match shown.signature_bytes {
        0 => "none: it is not signed".to_owned(),
        1 => "1 byte, not shown".to_owned(),
        bytes => format!("{bytes} bytes, not shown"),
    };
    output::line(&format!("{text}\n{}\n  {signature}\n", paint.bold("signature")))?;
    report(findings).print(Format::People)
}

fn report(findings: &[Finding]) -> Report {
    Report { subject: "the token".to_owned(), findings: findings.to_vec(), shown: None }
}
