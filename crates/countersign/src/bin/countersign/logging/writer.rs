//! One event is one line, whatever stands in its values.

use std::io::{self, Stderr, Write};

/// Passes lines on with control characters written out. Inside JSON strings, the only place where
/// they can stand there, the escape is JSON's own.
#[derive(Debug)]
pub(super) struct OneLine<W>(W);

impl OneLine<Stderr> {
    pub(super) fn stderr() -> Self {
        Self(io::stderr())
    }
}

impl<W: Write> Write for OneLine<W> {
    /// An event comes whole, in one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut clean = escaped(line);
        clean.push('\n');
        self.0.write_all(clean.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escaped(line: &str) -> String {
    let mut clean = String::with_capacity(line.len() + 1);
    for character in line.chars() {
        if moves_the_cursor(character) {
            clean.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            clean.push(character);
        }
    }
    clean
}

/// Control characters, line ends of Unicode, and what turns the direction of text round.
fn moves_the_cursor(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let mut out = OneLine(Vec::new());
        out.write_all("a\nb\u{1b}[2J\u{9b}1m\u{202e}\u{7f}c\n".as_bytes()).unwrap();
        let written = String::from_utf8(out.0).unwrap();
        assert_eq!(written, "a\\u000ab\\u001b[2J\\u009b1m\\u202e\\u007fc\n");
        assert!(serde_json::from_str::<String>(&format!("\"{}\"", written.trim_end())).is_ok());
    }
}
