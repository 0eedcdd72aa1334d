//! Tokens from the command line and from standard input.

use std::io::{self, BufRead, BufReader, Read, Stdin};

use crate::failure::Failure;

/// More than any token has, in bytes. Of what is longer the rest is not read: it is refused for its
/// length anyway.
const LONGEST: u64 = 256 * 1024;

/// Where a token stands.
pub(crate) const STDIN: &str = "-";

/// The token of an argument: itself, or what stands on standard input.
pub(crate) fn read(argument: &str) -> Result<String, Failure> {
    if argument != STDIN {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    io::stdin().take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::input("standard input is not UTF-8: it must be a token"))
}

/// The token alone, as it stands behind `Authorization: Bearer`.
pub(crate) fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("Bearer ").unwrap_or(text).trim()
}

/// A token and the line that it stands on, counted from 1.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) token: String,
}

/// Standard input, one token a line. Empty lines are passed over.
#[derive(Debug)]
pub(crate) struct Lines {
    input: BufReader<Stdin>,
    number: u64,
}

impl Lines {
    pub(crate) fn of_stdin() -> Self {
        Self { input: BufReader::new(io::stdin()), number: 0 }
    }

    /// The next token; none at the end.
    pub(crate) fn next_token(&mut self) -> Result<Option<Line>, Failure> {
        loop {
            let mut line = Vec::new();
            let mut some = (&mut self.input).take(LONGEST);
            if some.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                return Ok(None);
            }
            if line.last() != Some(&b'\n') && line.len() as u64 == LONGEST {
                self.input.skip_until(b'\n').map_err(unreadable)?;
            }
            self.number += 1;
            // What is not UTF-8 is no base64url either, and refused as such.
            let text = String::from_utf8_lossy(&line);
            let token = bare(&text);
            if !token.is_empty() {
                return Ok(Some(Line { number: self.number, token: token.to_owned() }));
            }
        }
    }

    /// Whether the next token may take its time to come.
    pub(crate) fn may_wait(&self) -> bool {
        self.input.buffer().is_empty()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn unreadable(error: io::Error) -> Failure {
    Failure::ours(format!("standard input cannot be read: {error}"))
}
