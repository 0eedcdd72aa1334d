//! `countersign token verify`

use clap::Args;
use serde_json::{Value, json};

use super::batch;
use crate::{
    failure::Failure,
    keys::{refused, verifying::VerifyingKeyArgs},
    output::{self, printable},
    paint::Paint,
    tokens::{
        clock::Clock,
        explained,
        input::{self, Line, Lines, STDIN},
        policy::{Policy, PolicyArgs},
        verdict::{self, Verdict},
    },
};

/// Check tokens: form, algorithm, key, signature, issuer, audience, dates. Revocation is not asked
/// for: only the service knows it.
#[derive(Args, Debug)]
#[command(override_usage = "\
countersign token verify <TOKEN|-> <KEY> <ISSUER> <AUDIENCE> [OPTIONS]
       countersign token verify --batch <KEY> <ISSUER> <AUDIENCE> [OPTIONS] < FILE")]
#[command(after_help = "\
Examples:
  pbpaste | countersign token verify - --jwks https://auth.example.com/.well-known/jwks.json \\
      --issuer https://auth.example.com --audience api
  countersign token verify \"$TOKEN\" --key public.pem --any-issuer --audience api
  JWT_SECRET=... countersign token verify - --secret-env JWT_SECRET --algorithm HS256 \\
      --any-issuer --any-audience < token.txt
  countersign token verify --batch --json --jwks jwks.json --any-issuer --audience api < tokens.txt

With --batch, or with - and several lines, standard input has one token a line, and each gets one
line; the counts come last. docs/tokens-on-the-command-line.md lists the codes.

Exit codes: 0 every token is good, 1 one is refused or your input must change, 2 the machine, the
network or the program failed.")]
pub(crate) struct Verify {
    /// The token; `-` reads it from standard input
    #[arg(value_name = "TOKEN|-", required_unless_present = "batch")]
    token: Option<String>,
    /// Read one token a line from standard input
    #[arg(long, conflicts_with = "token")]
    batch: bool,
    #[command(flatten)]
    key: VerifyingKeyArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// Judge by this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = Clock::parse, help_heading = "Options")]
    at: Option<Clock>,
    /// Print JSON, for programs; with several tokens one line each
    #[arg(long, help_heading = "Options")]
    json: bool,
}

impl Verify {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let clock = self.at.unwrap_or_default();
        let reads_stdin = self.batch || self.token.as_deref() == Some(STDIN);
        if reads_stdin && self.key.is_stdin() {
            return Err(Failure::input("key and token cannot both stand on standard input"));
        }
        let named = self.policy.algorithms.named();
        let named = named.map_err(|error| refused("--algorithm", &error))?.unwrap_or_default();
        let trusted = self.key.read(&named).await?;
        let policy = self.policy.policy(trusted)?;
        match self.given()? {
            Given::One(token) => one(&policy, input::bare(&token), clock.now()?, self.json),
            Given::Many(ahead, lines) => batch::run(&policy, clock, &ahead, lines, self.json),
        }
    }

    /// What there is to check. Behind `-` one token is told at length, several in a line each.
    fn given(&self) -> Result<Given, Failure> {
        let mut lines = Lines::of_stdin();
        match &self.token {
            None => return Ok(Given::Many(Vec::new(), lines)),
            Some(token) if token != STDIN => return Ok(Given::One(token.clone())),
            Some(_) => {}
        }
        let Some(first) = lines.next_token()? else {
            return Err(Failure::input("there is no token on standard input"));
        };
        Ok(match lines.next_token()? {
            None => Given::One(first.token),
            Some(second) => Given::Many(vec![first, second], lines),
        })
    }
}

/// Tokens to check.
enum Given {
    One(String),
    /// Those that were read already, and the others.
    Many(Vec<Line>, Lines),
}

/// One token, told at length.
fn one(policy: &Policy, token: &str, now: i64, json: bool) -> Result<(), Failure> {
    let verdict = policy.judge(token, now);
    if json {
        output::json(&told(&verdict, now))?;
    } else {
        output::line(text(&verdict, now).trim_end())?;
    }
    match verdict {
        Verdict::Valid(_) => Ok(()),
        Verdict::Refused(_) => Err(Failure::found()),
    }
}

fn told(verdict: &Verdict, now: i64) -> Value {
    let mut value = verdict.json();
    if let (Verdict::Valid(verified), Some(object)) = (verdict, value.as_object_mut()) {
        let (header, claims) = (verdict::header(verified), verdict::claims(verified));
        let explained = json!({
            "header": explained::header(&header),
            "claims": explained::claims(&claims, now),
        });
        object.insert("explained".to_owned(), explained);
    }
    value
}

fn text(verdict: &Verdict, now: i64) -> String {
    let paint = Paint::stdout();
    match verdict {
        Verdict::Valid(verified) => {
            let algorithm = verified.header().algorithm();
            let kid = printable(verified.key().kid());
            let valid = paint.good("valid");
            let mut text = format!("{valid}  signed with {algorithm} by the key {kid}\n\n");
            let (header, claims) = (verdict::header(verified), verdict::claims(verified));
            explained::write(&mut text, paint, "header", &explained::header(&header));
            text.push('\n');
            explained::write(&mut text, paint, "claims", &explained::claims(&claims, now));
            text
        }
        Verdict::Refused(refusal) => {
            let (refused, code) = (paint.bad("refused"), refusal.code);
            let message = printable(&refusal.message);
            let (see, mend) = (paint.faint("see "), paint.faint("mend"));
            let rule = format!("  {see} {}\n  {mend} {}\n", refusal.reference, refusal.mend);
            format!("{refused}  {code}: {message}\n{rule}")
        }
    }
}
