//! What was refused, why, and what to do: for people, and for `--report`.

use std::{
    fs::OpenOptions,
    io::{BufWriter, Write},
    path::Path,
};

use ::countersign::engine::ops::import_users::{ImportRefusal, Imported};
use serde::Serialize;

use super::rows::BadRow;
use crate::{
    failure::Failure,
    output::{self, printable},
};

/// So many are shown to people; `--report` has all.
const SHOWN: usize = 20;
/// So many are in the JSON answer.
const TOLD: usize = 1_000;

/// What is wrong with a row. It repeats no password and no hash.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) struct Problem {
    /// Which column, where it is one's fault.
    pub(super) field: Option<String>,
    /// What is wrong.
    pub(super) reason: String,
    /// What to do.
    pub(super) mend: &'static str,
}

impl Problem {
    pub(super) fn new(field: &str, reason: impl Into<String>, mend: &'static str) -> Self {
        Self { field: Some(field.to_owned()), reason: reason.into(), mend }
    }

    pub(super) fn of_row(reason: impl Into<String>, mend: &'static str) -> Self {
        Self { field: None, reason: reason.into(), mend }
    }

    /// The engine refuses it.
    pub(super) fn refused(refusal: ImportRefusal, answer: &Imported) -> Self {
        let mend = match (answer, refusal.field) {
            (Imported::Different(..), _) => {
                "Import with --update to change it, or take the row out."
            }
            (Imported::Taken(_), Some("username")) => {
                "Take the id out to mean the user of this name, or rename one of them."
            }
            (Imported::Taken(_), _) => "Leave the id out, or give another.",
            (_, field) => mend(field),
        };
        let ImportRefusal { field, reason } = refusal;
        Self { field: field.map(str::to_owned), reason, mend }
    }

    pub(super) fn twice(field: &'static str, line: u64) -> Self {
        let reason = format!("it stands in line {line} already");
        Self::new(field, reason, "Keep one of the two rows; spellings of one name are one name.")
    }

    pub(super) fn bad_row(bad: BadRow) -> Self {
        match bad {
            BadRow::TooLong => Self::of_row(
                "the row is longer than 64 KiB",
                "Shorten it, or close the quote that makes it so long.",
            ),
            BadRow::Quote => Self::of_row(
                "a quote is not closed, or something stands behind one that is",
                "Write a field with quotes as \"...\", and each quote in it twice.",
            ),
        }
    }
}

/// What to do about a member that cannot be taken.
fn mend(field: Option<&str>) -> &'static str {
    match field {
        Some("username") => {
            "Rename the user, or import with accounts.usernames = \"email\" if names are addresses."
        }
        Some("id") => "Use 1 to 128 of A-Z a-z 0-9 . _ ~ : @ -, or leave the id out.",
        Some("email") => "Correct the address, or leave it empty.",
        Some("roles" | "scopes") => {
            "Separate them by spaces; none has spaces, quotes or backslashes."
        }
        Some("claims") => "Take registered names out, and keep it under 1 KiB.",
        Some("password") => "Let the user choose another, or give the hash.",
        Some("password_hash") => {
            "Leave it empty and let the user set a password, or export the hash as the other system keeps it."
        }
        Some("created_at") => "Give the time at which the account was made, or leave it empty.",
        _ => "Correct the row, and import again.",
    }
}

/// A row that was refused.
#[derive(Debug, Serialize)]
struct Refusal {
    line: u64,
    username: Option<String>,
    #[serde(flatten)]
    problem: Problem,
}

/// All of them: counted, the first ones kept, all written.
#[derive(Debug)]
pub(super) struct Refusals {
    count: u64,
    kept: Vec<Refusal>,
    report: Option<BufWriter<std::fs::File>>,
}

impl Refusals {
    /// With a report in this file, which only its owner may read: names stand in it.
    pub(super) fn new(report: Option<&Path>) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path).map(BufWriter::new).map_err(|error| {
                let path = path.display();
                Failure::input(format!("the report {path} cannot be written: {error}"))
            })
        };
        Ok(Self { count: 0, kept: Vec::new(), report: report.map(open).transpose()? })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn add(
        &mut self,
        line: u64,
        username: Option<String>,
        problem: Problem,
    ) -> Result<(), Failure> {
        self.count += 1;
        let refusal = Refusal { line, username, problem };
        if let Some(report) = &mut self.report {
            serde_json::to_writer(&mut *report, &refusal).map_err(Failure::ours)?;
            report.write_all(b"\n")?;
        }
        if self.kept.len() < TOLD {
            self.kept.push(refusal);
        }
        Ok(())
    }

    /// Brings the report to its file.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.report.as_mut().map_or(Ok(()), Write::flush)?)
    }

    /// Shows the first ones to people.
    pub(super) fn show(&self) -> Result<(), Failure> {
        for refusal in self.kept.iter().take(SHOWN) {
            let Problem { field, reason, mend } = &refusal.problem;
            let field = field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
            let name = refusal.username.as_ref().map(|name| format!(" ({name})"));
            let who = printable(&name.unwrap_or_default());
            let reason = printable(&format!("{field}{reason}"));
            output::line(&format!("line {}{who}: {reason}\n    {mend}", refusal.line))?;
        }
        let shown = u64::try_from(SHOWN).unwrap_or(u64::MAX);
        if self.count > shown {
            let more = self.count - shown;
            output::line(&format!("... and {more} more; --report FILE writes all of them"))?;
        }
        Ok(())
    }

    /// The same for programs.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!(self.kept)
    }
}
