//! The claims of a token to be: from flags and a file, each from one place only.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;
use countersign::config::parse_duration;
use countersign_jose::{Claims, Error, dangerous};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::clock::Clock;
use crate::{
    failure::Failure,
    keys::{refused, source::Text},
};

/// Claims as they were written: a number of many digits stays what it is.
pub(crate) type Written = BTreeMap<String, Box<RawValue>>;

/// What the token is to say.
#[derive(Args, Debug)]
#[command(next_help_heading = "What it says")]
pub(crate) struct ClaimArgs {
    /// Who makes it (`iss`)
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Whom it is for (`aud`); may be repeated
    #[arg(long, value_name = "NAME")]
    audience: Vec<String>,
    /// Whom it is about (`sub`)
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How long it is good, such as 15m (`exp`)
    #[arg(long, value_name = "DURATION", value_parser = lifetime)]
    expires_in: Option<Duration>,
    /// Until when it is good (`exp`)
    #[arg(long, value_name = "TIME", value_parser = Clock::parse, conflicts_with = "expires_in")]
    expires_at: Option<Clock>,
    /// Let it never expire
    #[arg(long, conflicts_with_all = ["expires_in", "expires_at"])]
    no_expiry: bool,
    /// One more claim; its value is JSON, or else text; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// More claims: a JSON object; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) claims_file: Option<PathBuf>,
}

impl ClaimArgs {
    /// The claims of a token that is made at the instant `now`, in Unix seconds.
    pub(crate) fn claims(&self, now: i64) -> Result<Written, Failure> {
        let mut claims = self.file()?;
        for pair in &self.claim {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Failure::input("--claim: write NAME=VALUE, such as 'roles=[\"editor\"]'")
            })?;
            match serde_json::from_str::<Box<RawValue>>(value) {
                Ok(json) => add(&mut claims, name, &json)?,
                Err(_) => add(&mut claims, name, &value)?,
            }
        }
        if let Some(issuer) = &self.issuer {
            add(&mut claims, "iss", &issuer)?;
        }
        match self.audience.as_slice() {
            [] => {}
            [one] => add(&mut claims, "aud", &one)?,
            several => add(&mut claims, "aud", &several)?,
        }
        if let Some(subject) = &self.subject {
            add(&mut claims, "sub", &subject)?;
        }
        self.expiry(&mut claims, now)?;
        if !claims.contains_key("iat") {
            add(&mut claims, "iat", &now)?;
        }
        if !claims.contains_key("jti") {
            add(&mut claims, "jti", &random_id()?)?;
        }
        Ok(claims)
    }

    fn file(&self) -> Result<Written, Failure> {
        let Some(path) = &self.claims_file else { return Ok(Written::new()) };
        let text = Text::of_file(path)?;
        // The parser of tokens is the strict one: equal names, nesting, numbers.
        let empty = BASE64_URL_SAFE_NO_PAD.encode("{}");
        let payload = BASE64_URL_SAFE_NO_PAD.encode(&text.bytes);
        let read = dangerous::decode_claims_unverified(format!("{empty}.{payload}.AA"));
        let claims = read.map_err(|error| refused(&text.name, &error))?;
        claims.deserialize().map_err(|error| refused(&text.name, &error))
    }

    fn expiry(&self, claims: &mut Written, now: i64) -> Result<(), Failure> {
        let seconds = |lifetime: Duration| i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expiry = match (self.expires_in, self.expires_at) {
            (Some(lifetime), _) => Some(now.saturating_add(seconds(lifetime))),
            (_, Some(clock)) => Some(clock.now()?),
            _ => None,
        };
        match expiry {
            Some(expiry) => add(claims, "exp", &expiry),
            None if self.no_expiry && claims.contains_key("exp") => {
                Err(Failure::input("--no-expiry: but there is an `exp` among the claims"))
            }
            None if self.no_expiry || claims.contains_key("exp") => Ok(()),
            None => Err(Failure::input(
                "the token would never expire: say --expires-in 15m, or --no-expiry if that is \
                 meant (missing_claim)",
            )),
        }
    }
}

/// Refuses claims that no verifier here would take.
pub(crate) fn check(read: &Result<Claims, Error>) -> Result<(), Failure> {
    match read {
        Ok(_) => Ok(()),
        Err(error) => Err(refused("the token cannot be signed", error)),
    }
}

fn add(claims: &mut Written, name: &str, value: &impl Serialize) -> Result<(), Failure> {
    let value = to_raw_value(value).map_err(Failure::ours)?;
    match claims.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(Failure::input(format!("the claim {name:?} is given twice"))),
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = parse_duration(text.trim()).filter(|lifetime| lifetime.as_secs() > 0);
    lifetime.ok_or_else(|| "write it as 15m, 1h30m or 90 (seconds)".to_owned())
}

/// 128 random bits.
fn random_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Failure::ours("the machine has no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
