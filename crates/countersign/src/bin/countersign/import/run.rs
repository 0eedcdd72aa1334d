//! The import itself: rows into batches, batches into transactions, and what came of it.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use ::countersign::engine::{
    Engine,
    names::Username,
    ops::{
        actor::Actor,
        import_users::{BATCH, ImportMode, ImportUser, ImportUsersRequest, Imported},
    },
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::{
    Format, ImportArgs, Row,
    csv::Header,
    json_lines,
    refusals::{Problem, Refusals},
    rows::{RawRow, Rows},
};
use crate::{
    failure::Failure,
    output::{self, Output},
};

/// Hashing a password takes longer than writing a hundred rows.
const BATCH_OF_PASSWORDS: usize = 50;

/// An import under way.
pub(super) struct Import<'e> {
    engine: &'e Engine,
    rows: Rows<Box<dyn Read + Send>>,
    header: Option<Header>,
    format: Format,
    mode: ImportMode,
    source: String,
    seen: Seen,
    counts: Counts,
    refusals: Refusals,
    progress: ProgressBar,
}

#[derive(Default)]
struct Counts {
    read: u64,
    added: u64,
    same: u64,
    updated: u64,
}

/// In which line each name and id stood first.
#[derive(Default)]
struct Seen {
    names: HashMap<String, u64>,
    ids: HashMap<String, u64>,
}

impl<'e> Import<'e> {
    pub(super) fn new(
        engine: &'e Engine,
        args: &ImportArgs,
        format: Format,
    ) -> Result<Self, Failure> {
        let (stream, size) = open(&args.file)?;
        let refusals = Refusals::new(args.report.as_deref())?;
        let mode = match (args.dry_run, args.update) {
            (false, false) => ImportMode::Add,
            (false, true) => ImportMode::Update,
            (true, false) => ImportMode::TryAdd,
            (true, true) => ImportMode::TryUpdate,
        };
        let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.filter(|name| name != "-").unwrap_or_else(|| "standard input".into());
        Ok(Self {
            engine,
            rows: Rows::new(stream, format == Format::Csv),
            header: None,
            format,
            mode,
            source: name.chars().filter(|character| !character.is_control()).take(128).collect(),
            seen: Seen::default(),
            counts: Counts::default(),
            refusals,
            progress: progress(size),
        })
    }

    pub(super) async fn run(mut self, output: Output) -> Result<(), Failure> {
        let result = self.import().await;
        self.progress.finish_and_clear();
        // What was found stands in the report, whatever ended the import.
        self.refusals.flush()?;
        result?;
        self.tell(output)?;
        if self.refusals.count() > 0 { Err(Failure::found()) } else { Ok(()) }
    }

    async fn import(&mut self) -> Result<(), Failure> {
        let mut batch: Vec<Row> = Vec::new();
        let mut passwords = 0;
        while let Some(row) = self.next_row()? {
            self.counts.read += 1;
            let row = self.checked(row);
            passwords += usize::from(row.user.as_ref().is_ok_and(|user| user.password.is_some()));
            batch.push(row);
            if batch.len() >= BATCH || passwords >= BATCH_OF_PASSWORDS {
                self.write(std::mem::take(&mut batch)).await?;
                passwords = 0;
            }
        }
        self.write(batch).await
    }

    /// The next row that is not empty.
    fn next_row(&mut self) -> Result<Option<Row>, Failure> {
        loop {
            let unreadable =
                |error: io::Error| Failure::input(format!("the file cannot be read on: {error}"));
            let Some(RawRow { line, bytes }) = self.rows.next().map_err(unreadable)? else {
                return Ok(None);
            };
            self.progress.set_position(self.rows.consumed());
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(bad) => return Ok(Some(Row::bad(line, Problem::bad_row(bad)))),
            };
            if self.format == Format::Csv && self.header.is_none() {
                self.header = Some(Header::read(line, &bytes)?);
                continue;
            }
            let read = match (std::str::from_utf8(&bytes), &self.header) {
                (Err(_), _) => {
                    let mend = "Save the file as UTF-8.";
                    Err(Problem::of_row("the row is no UTF-8", mend))
                }
                (Ok(text), Some(header)) => header.user(text),
                (Ok(text), None) => json_lines::user(text),
            };
            match read {
                Ok(None) => {}
                Ok(Some(user)) => return Ok(Some(Row::good(line, user))),
                Err(problem) => return Ok(Some(Row::bad(line, problem))),
            }
        }
    }

    /// The row, refused when its name or id stood before.
    fn checked(&mut self, mut row: Row) -> Row {
        let Ok(user) = &row.user else { return row };
        // A name that is none the engine refuses.
        let usernames = self.engine.config().accounts.usernames;
        let name = Username::parse(&user.username, usernames).map(String::from).ok();
        let problem = if let Some(first) = name.and_then(|name| self.seen.name(name, row.line)) {
            Problem::twice("username", first)
        } else if let Some(first) = user.id.clone().and_then(|id| self.seen.id(id, row.line)) {
            Problem::twice("id", first)
        } else {
            return row;
        };
        row.user = Err(problem);
        row
    }

    /// One transaction; then what was refused is told in the order of the lines.
    async fn write(&mut self, batch: Vec<Row>) -> Result<(), Failure> {
        let users = batch.iter().filter_map(|row| row.user.clone().ok()).collect();
        let mut answers = self.ask(users, batch.first().map_or(0, |row| row.line)).await?;
        for row in batch {
            let problem = match row.user {
                Err(problem) => Some(problem),
                Ok(_) => answers.next().and_then(|answer| self.counts.take(&answer)),
            };
            if let Some(problem) = problem {
                self.refusals.add(row.line, row.name, problem)?;
            }
        }
        self.refusals.flush()
    }

    async fn ask(
        &self,
        users: Vec<ImportUser>,
        line: u64,
    ) -> Result<std::vec::IntoIter<Imported>, Failure> {
        if users.is_empty() {
            return Ok(Vec::new().into_iter());
        }
        let request = ImportUsersRequest { users, mode: self.mode, source: self.source.clone() };
        let answers = self.engine.import_users(request, &Actor::cli()).await;
        answers.map(Vec::into_iter).map_err(|error| {
            Failure::ours(format!(
                "the import stopped at line {line}: {error}. What stands before is written; run it \
                 again, and it goes on"
            ))
        })
    }

    fn tell(&self, output: Output) -> Result<(), Failure> {
        let Counts { read, added, same, updated } = self.counts;
        let refused = self.refusals.count();
        let dry_run = matches!(self.mode, ImportMode::TryAdd | ImportMode::TryUpdate);
        if output.json {
            return output::json(&json!({
                "dry_run": dry_run, "read": read, "added": added, "same": same,
                "updated": updated, "refused": refused, "refusals": self.refusals.json(),
            }));
        }
        self.refusals.show()?;
        let would = if dry_run { "would be " } else { "" };
        output::line(&format!(
            "{read} rows: {added} {would}added, {same} there already and the same, {updated} \
             {would}updated, {refused} refused"
        ))
    }
}

impl Counts {
    /// Counts an answer; the problem when it is a refusal.
    fn take(&mut self, answer: &Imported) -> Option<Problem> {
        match answer {
            Imported::Added(_) => self.added += 1,
            Imported::Same(_) => self.same += 1,
            Imported::Updated(_) => self.updated += 1,
            _ => {}
        }
        answer.refusal().map(|refusal| Problem::refused(refusal, answer))
    }
}

impl Row {
    fn good(line: u64, user: ImportUser) -> Self {
        Self { line, name: Some(user.username.clone()), user: Ok(user) }
    }

    fn bad(line: u64, problem: Problem) -> Self {
        Self { line, name: None, user: Err(problem) }
    }
}

impl Seen {
    /// The line in which the name stood before.
    fn name(&mut self, name: String, line: u64) -> Option<u64> {
        let first = *self.names.entry(name).or_insert(line);
        (first != line).then_some(first)
    }

    /// The line in which the id stood before.
    fn id(&mut self, id: String, line: u64) -> Option<u64> {
        let first = *self.ids.entry(id).or_insert(line);
        (first != line).then_some(first)
    }
}

/// The stream, and its size where it is known.
fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let refuse =
        |error: io::Error| Failure::input(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if metadata.is_dir() {
        return Err(Failure::input(format!("{} is a folder: name a file", path.display())));
    }
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

/// A bar on a terminal, and nothing anywhere else.
fn progress(size: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match size {
        Some(size) => (ProgressBar::new(size), "{bar:40} {percent:>3} %  {bytes}  {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} read"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    // A template that cannot be read would leave the plain bar.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
