//! Many tokens: one line each, as soon as it is known, and the counts at the end.

use std::{
    collections::BTreeMap,
    io::{self, BufWriter, StdoutLock, Write},
};

use serde_json::json;

use crate::{
    failure::Failure,
    output::printable,
    paint::Paint,
    tokens::{
        clock::Clock,
        input::{Line, Lines},
        policy::Policy,
        verdict::Verdict,
    },
};

/// How many came to what.
#[derive(Default)]
struct Counts {
    valid: u64,
    refused: BTreeMap<&'static str, u64>,
}

/// Checks the tokens that were read ahead, and then the others.
pub(super) fn run(
    policy: &Policy,
    clock: Clock,
    ahead: &[Line],
    mut lines: Lines,
    json: bool,
) -> Result<(), Failure> {
    let mut batch = Batch {
        policy,
        clock,
        json,
        paint: Paint::stdout(),
        out: BufWriter::new(io::stdout().lock()),
        counts: Counts::default(),
    };
    for line in ahead {
        batch.judge(line)?;
    }
    while let Some(line) = lines.next_token()? {
        batch.judge(&line)?;
        // Somebody may be waiting for this verdict before the next token comes.
        if lines.may_wait() {
            batch.out.flush()?;
        }
    }
    batch.finish()
}

struct Batch<'a> {
    policy: &'a Policy,
    clock: Clock,
    json: bool,
    paint: Paint,
    out: BufWriter<StdoutLock<'static>>,
    counts: Counts,
}

impl Batch<'_> {
    fn judge(&mut self, line: &Line) -> Result<(), Failure> {
        let verdict = self.policy.judge(&line.token, self.clock.now()?);
        match &verdict {
            Verdict::Valid(_) => self.counts.valid += 1,
            Verdict::Refused(refusal) => {
                *self.counts.refused.entry(refusal.code.as_str()).or_default() += 1;
            }
        }
        if self.json {
            let mut value = verdict.json();
            if let Some(object) = value.as_object_mut() {
                object.insert("line".to_owned(), json!(line.number));
            }
            return Ok(writeln!(self.out, "{value}")?);
        }
        let number = line.number;
        match &verdict {
            Verdict::Valid(verified) => {
                let subject = printable(verified.claims().sub().unwrap_or("no subject"));
                writeln!(self.out, "{number}\t{}\t{subject}", self.paint.good("valid"))?;
            }
            Verdict::Refused(refusal) => {
                let (code, message) = (refusal.code, printable(&refusal.message));
                let refused = self.paint.bad("refused");
                writeln!(self.out, "{number}\t{refused}\t{code}\t{message}")?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        let Counts { valid, refused } = &self.counts;
        let refusals: u64 = refused.values().sum();
        if self.json {
            let summary = json!({"valid": valid, "refused": refusals, "by_error": refused});
            writeln!(self.out, "{}", json!({"summary": summary}))?;
        } else {
            writeln!(self.out, "{}", summary(*valid, refusals, refused))?;
        }
        self.out.flush()?;
        if refusals == 0 { Ok(()) } else { Err(Failure::found()) }
    }
}

fn summary(valid: u64, refusals: u64, refused: &BTreeMap<&str, u64>) -> String {
    let tokens = valid + refusals;
    let noun = if tokens == 1 { "token" } else { "tokens" };
    let by_code: Vec<_> = refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
    let why = if by_code.is_empty() { String::new() } else { format!(" ({})", by_code.join(", ")) };
    format!("{tokens} {noun}: {valid} valid, {refusals} refused{why}")
}
