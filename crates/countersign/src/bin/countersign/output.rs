//! Printing: tables for people, JSON for programs.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{failure::Failure, paint::Paint};

/// How an answer is printed.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// Print JSON, for programs
    #[arg(long, global = true, help_heading = "Options")]
    pub(crate) json: bool,
}

/// What can be a row.
pub(crate) trait Row: Serialize {
    /// The columns' names.
    const HEADER: &'static [&'static str];
    /// The columns.
    fn cells(&self) -> Vec<String>;
}

impl Output {
    /// Prints one thing: its columns one below the other, or an object.
    pub(crate) fn one<R: Row>(self, row: &R) -> Result<(), Failure> {
        if self.json {
            return json(row);
        }
        let mut table = new_table();
        for (name, cell) in R::HEADER.iter().zip(row.cells()) {
            table.add_row([head(name), Cell::new(printable(&cell))]);
        }
        print(&table)
    }

    /// Prints several: a table, or an array.
    pub(crate) fn many<R: Row>(self, rows: &[R], none: &str) -> Result<(), Failure> {
        if self.json {
            return json(&rows);
        }
        if rows.is_empty() {
            return line(none);
        }
        let mut table = new_table();
        table.set_header(R::HEADER.iter().map(|name| head(name)));
        for row in rows {
            table.add_row(row.cells().iter().map(|cell| printable(cell)));
        }
        print(&table)
    }

    /// Prints what was done: a sentence, or an object.
    pub(crate) fn done(self, sentence: &str, object: &impl Serialize) -> Result<(), Failure> {
        if self.json { json(object) } else { line(sentence) }
    }
}

/// Prints a line.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}

/// Prints a value as indented JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::ours)?;
    line(&text)
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn head(name: &str) -> Cell {
    let cell = Cell::new(name);
    if Paint::stdout().is_on() { cell.add_attribute(Attribute::Bold) } else { cell }
}

fn print(table: &Table) -> Result<(), Failure> {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    line(&lines.join("\n"))
}

/// What others wrote must not move the cursor, start a line, or turn the reading direction round.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_direction(character) {
            clean.extend(character.escape_debug());
        } else {
            clean.push(character);
        }
    }
    clean
}

/// The controls of Unicode's bidirectional algorithm (UAX 9): with one of them a text can show
/// something else than it says.
const fn is_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
