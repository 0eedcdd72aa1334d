//! `countersign doctor`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    doctor::{self, Format, Report, Severity, code, deployment, token},
    failure::Failure,
    source::Source,
    tokens::{clock::Clock, input},
};

/// Find what is wrong with a deployment, with Python code, or with a token.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign doctor                              this deployment, configured as `serve` has it
  countersign doctor --code app.py src/           Flask and FastAPI code, without running it
  pbpaste | countersign doctor --token -          a token: what it says, and what is wrong with it
  countersign doctor --code . --sarif > doctor.sarif

Nothing is changed. A finding in code is accepted with a comment on its line or the line above:
  # countersign: allow S17 -- the gateway limits log-ins

Exit codes: 0 nothing was found, 1 something was, 2 the machine or the program failed.")]
pub(crate) struct Doctor {
    /// Check these Python files and folders (tests in folders are left out)
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "token")]
    code: Vec<PathBuf>,
    /// Check this token; `-` reads it from standard input
    #[arg(long, value_name = "TOKEN|-")]
    token: Option<String>,
    /// Only what is at least this bad
    #[arg(long, value_name = "SEVERITY", default_value = "note")]
    severity: Severity,
    /// Leave this rule out, such as S17; may be repeated
    #[arg(long, value_name = "RULE")]
    ignore: Vec<String>,
    /// Print JSON, for programs
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// Print SARIF 2.1.0, for code scanners
    #[arg(long)]
    sarif: bool,
    #[command(flatten)]
    source: Source,
}

impl Doctor {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let known = self.known()?;
        let format = match (self.json, self.sarif) {
            (true, _) => Format::Json,
            (_, true) => Format::Sarif,
            _ => Format::People,
        };
        let mut report = self.report().await?;
        report.keep(self.severity, &known);
        report.print(format)?;
        if report.findings.is_empty() { Ok(()) } else { Err(Failure::found()) }
    }

    async fn report(&self) -> Result<Report, Failure> {
        if let Some(token) = &self.token {
            let checked = token::check(&input::read(token)?, Clock::Machine.now()?);
            let subject = "the token".to_owned();
            let shown = checked.shown;
            let shown = shown.map(|shown| json!({"header": shown.header, "claims": shown.claims}));
            return Ok(Report { subject, findings: checked.findings, shown });
        }
        if self.code.is_empty() {
            let checked = deployment::check(&self.source).await;
            return Ok(Report {
                subject: checked.subject,
                findings: checked.findings,
                shown: None,
            });
        }
        let checked = code::check(&self.code)?;
        let files = checked.files;
        let subject = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        Ok(Report { subject, findings: checked.findings, shown: None })
    }

    /// The rules to leave out.
    fn known(&self) -> Result<Vec<&'static str>, Failure> {
        let find = |id: &String| {
            let rule = doctor::named(id).ok_or_else(|| {
                Failure::input(format!("--ignore: there is no rule {id:?}: write it like S17"))
            });
            rule.map(|rule| rule.id)
        };
        self.ignore.iter().map(find).collect()
    }
}
