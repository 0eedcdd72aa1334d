//! Cutting a stream into rows, each of bounded length, whatever is in it.
//!
//! In CSV a quoted field may hold line ends, so a quote that is never closed would swallow the rest
//! of the file. Where that shows, only the line with the quote is refused, and the next line begins
//! a row again.

use std::io::{self, Read};

/// The longest row in bytes.
pub(super) const LONGEST: usize = 64 * 1_024;
const CHUNK: usize = 16 * 1_024;

/// A row as it stands in the stream, without its line end.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct RawRow {
    /// The line in which it begins, from 1.
    pub(super) line: u64,
    /// Its bytes, or why they are none.
    pub(super) bytes: Result<Vec<u8>, BadRow>,
}

/// Why there is no row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BadRow {
    /// It is longer than [`LONGEST`].
    TooLong,
    /// A quote is not closed, or something stands behind one that is.
    Quote,
}

/// The rows of a stream.
#[derive(Debug)]
pub(super) struct Rows<R> {
    stream: R,
    /// Whether quotes hold line ends.
    quotes: bool,
    buffer: Vec<u8>,
    /// Where in the buffer begins what no row was made of.
    start: usize,
    ended: bool,
    line: u64,
    consumed: u64,
}

/// Where the scan stands within a row.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
}

enum Scan {
    /// A row ends before this byte.
    End(usize),
    /// Nothing ends it yet.
    Open(State),
    /// Something stands behind a closed quote.
    Broken,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(stream: R, quotes: bool) -> Self {
        Self { stream, quotes, buffer: Vec::new(), start: 0, ended: false, line: 1, consumed: 0 }
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// How many bytes of the stream have been made rows of.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The next row; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<RawRow>> {
        loop {
            let held = self.held().len();
            match scan(self.held(), self.quotes) {
                Scan::End(end) if end <= LONGEST => return Ok(Some(self.row(end))),
                Scan::Broken => return Ok(Some(self.first_line(BadRow::Quote))),
                Scan::Open(_) if held <= LONGEST && !self.ended => self.fill()?,
                Scan::Open(_) if held == 0 => return Ok(None),
                Scan::Open(State::Quoted) if self.ended => {
                    return Ok(Some(self.first_line(BadRow::Quote)));
                }
                Scan::Open(_) if held <= LONGEST => return Ok(Some(self.row(held))),
                Scan::End(_) | Scan::Open(_) => return self.too_long().map(Some),
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        let chunk = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        self.stream.by_ref().take(chunk).read_to_end(&mut self.buffer)?;
        self.ended = self.buffer.len() == held;
        Ok(())
    }

    fn row(&mut self, end: usize) -> RawRow {
        let line = self.line;
        let mut bytes = self.take(end);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        RawRow { line, bytes: Ok(bytes) }
    }

    /// Refuses the first line of what is held; the next one begins a row.
    fn first_line(&mut self, why: BadRow) -> RawRow {
        let line = self.line;
        let held = self.held();
        let end = held.iter().position(|byte| *byte == b'\n').unwrap_or(held.len());
        self.take(end);
        RawRow { line, bytes: Err(why) }
    }

    /// Refuses the first line, however long it is, without holding it.
    fn too_long(&mut self) -> io::Result<RawRow> {
        while !self.held().contains(&b'\n') && !self.ended {
            self.consumed += u64::try_from(self.held().len()).unwrap_or(u64::MAX);
            self.start = self.buffer.len();
            self.fill()?;
        }
        Ok(self.first_line(BadRow::TooLong))
    }

    /// Takes the bytes before `end`, and the line end there.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let held = self.held();
        let mut taken = held.get(..=end).unwrap_or(held).to_vec();
        self.start += taken.len();
        self.consumed += u64::try_from(taken.len()).unwrap_or(u64::MAX);
        let lines = taken.iter().filter(|byte| **byte == b'\n').count();
        self.line += u64::try_from(lines).unwrap_or(u64::MAX);
        if taken.last() == Some(&b'\n') {
            taken.pop();
        }
        taken
    }
}

fn scan(bytes: &[u8], quotes: bool) -> Scan {
    let mut state = State::FieldStart;
    for (index, byte) in bytes.iter().enumerate() {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::AfterQuote,
            (State::Quoted, _) => State::Quoted,
            (_, b'\n') => return Scan::End(index),
            (State::FieldStart, b'"') if quotes => State::Quoted,
            (State::AfterQuote, b'"') => State::Quoted,
            (State::AfterQuote, b'\r') => State::AfterQuote,
            (_, b',') => State::FieldStart,
            (State::AfterQuote, _) => return Scan::Broken,
            _ => State::Plain,
        };
    }
    Scan::Open(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, as a slow pipe does.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let (Some(first), Some(space)) = (self.0.first(), buffer.first_mut()) else {
                return Ok(0);
            };
            *space = *first;
            self.0 = self.0.get(1..).unwrap_or_default();
            Ok(1)
        }
    }

    fn all(text: &str, quotes: bool) -> Vec<(u64, Result<String, BadRow>)> {
        let collect = |mut next: Box<dyn FnMut() -> Option<RawRow> + '_>| {
            let mut rows = Vec::new();
            while let Some(row) = next() {
                rows.push((row.line, row.bytes.map(|bytes| String::from_utf8(bytes).unwrap())));
            }
            rows
        };
        let mut fast = Rows::new(text.as_bytes(), quotes);
        let rows = collect(Box::new(|| fast.next().unwrap()));
        assert_eq!(fast.consumed(), text.len() as u64);
        let mut slow = Rows::new(Slow(text.as_bytes()), quotes);
        assert_eq!(collect(Box::new(|| slow.next().unwrap())), rows);
        rows
    }

    fn good(line: u64, text: &str) -> (u64, Result<String, BadRow>) {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn rows_have_their_lines_whatever_ends_them() {
        assert_eq!(all("", true), []);
        assert_eq!(all("a\n\r\nb", true), [good(1, "a"), good(2, ""), good(3, "b")]);
        let quoted = "a,\"b\nc \"\"d\"\"\"\r\ne,5\" pipe\n";
        assert_eq!(all(quoted, true), [good(1, "a,\"b\nc \"\"d\"\"\""), good(3, "e,5\" pipe")]);
        assert_eq!(all("{\"a\": \"b\n", false), [good(1, "{\"a\": \"b")]);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_one_line() {
        for text in ["a,\"b\nc,d\ne,f\n", "a,\"b\" x\nc,d\ne,f\n"] {
            assert_eq!(
                all(text, true),
                [(1, Err(BadRow::Quote)), good(2, "c,d"), good(3, "e,f")],
                "{text}"
            );
        }
        let far = format!("a,\"b\n{}\n", "c,d\n".repeat(LONGEST / 2));
        let rows = all(&far, true);
        assert_eq!((&rows[0], &rows[1]), (&(1, Err(BadRow::TooLong)), &good(2, "c,d")));
        assert_eq!(rows.len(), LONGEST / 2 + 2);
    }

    #[test]
    fn a_row_that_is_too_long_is_not_held() {
        let (fits, long) = ("x".repeat(LONGEST), "x".repeat(LONGEST * 5 + 1));
        let text = format!("{fits}\n{long}\nafter\n");
        let rows = all(&text, true);
        assert_eq!(rows[0], good(1, &fits));
        assert_eq!(rows[1..], [(2, Err(BadRow::TooLong)), good(3, "after")]);
        assert_eq!(all(&long, false), [(1, Err(BadRow::TooLong))]);
    }
}
