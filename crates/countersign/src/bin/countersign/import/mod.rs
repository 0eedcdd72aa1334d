//! `countersign users import`: users of another system, read row by row and written in batches.
//!
//! Rows are cut off the stream one at a time ([`rows`]), read by the format ([`csv`], [`json_lines`])
//! into what the engine takes, and what is wrong with one is told with its line ([`refusals`]). A
//! batch is one transaction; an import that was interrupted is run again and finds its own work.

mod cells;
mod csv;
mod json_lines;
mod refusals;
mod rows;
mod run;

use std::path::{Path, PathBuf};

use ::countersign::engine::{Engine, ops::import_users::ImportUser};
use clap::{Args, ValueEnum};

use self::{refusals::Problem, run::Import};
use crate::{failure::Failure, output::Output};

/// What `users import` is given.
#[derive(Args, Debug)]
#[command(after_help = "\
Columns, or members: username, password_hash (or password), email, roles, scopes, claims, disabled,
created_at, id. Only username is needed.

Hashes: Argon2, bcrypt, and scrypt and PBKDF2 as Werkzeug, Django and passlib write them. They are
verified as they are and replaced by Argon2id at the owner's next log-in.

Examples:
  countersign users import users.csv --dry-run
  countersign users import users.jsonl --report refused.jsonl
  pg_dump ... | ./to_jsonl | countersign users import - --format jsonl

An import that was interrupted is run again: who is there and the same is left alone.")]
pub(crate) struct ImportArgs {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What it is, where the name does not say it
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write nothing, and say what would be
    #[arg(long)]
    dry_run: bool,
    /// Change users who are there and differ; what the file does not say stays
    #[arg(long)]
    update: bool,
    /// Write what was refused into this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// Comma-separated values with a header (RFC 4180)
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// A row as far as it was understood.
#[derive(Debug)]
struct Row {
    /// The line in which it begins.
    line: u64,
    /// The user's name, where there is one.
    name: Option<String>,
    /// The user, or what is wrong.
    user: Result<ImportUser, Problem>,
}

impl ImportArgs {
    /// Imports; fails when anything was refused, after it was told.
    pub(crate) async fn run(self, engine: &Engine, output: Output) -> Result<(), Failure> {
        let format = self.format.map_or_else(|| format_of(&self.file), Ok)?;
        Import::new(engine, &self, format)?.run(output).await
    }
}

fn format_of(file: &Path) -> Result<Format, Failure> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "csv" => Ok(Format::Csv),
        "jsonl" | "ndjson" => Ok(Format::Jsonl),
        _ => Err(Failure::input(format!(
            "{}: the name does not say what it is: give --format csv, or --format jsonl for one \
             JSON object a line",
            file.display()
        ))),
    }
}
