//! A JSON string inside a document: where it stands, and what it says once unescaped.

use std::borrow::Cow;

/// A string of a validated document, without its quotes and not yet unescaped. It is cut out of the
/// document only when somebody asks what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) document: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    /// The string as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or("")
    }

    /// The same as bytes.
    #[inline(always)]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.document.as_bytes().get(self.start..self.end).unwrap_or(&[])
    }

    /// What the string says. Borrows unless it is written with escapes.
    pub(crate) fn value(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw())) } else { Cow::Borrowed(self.raw()) }
    }
}

/// Writes a string with its quotes.
pub(crate) fn quote(value: &str, out: &mut String) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control @ '\0'..='\u{1f}' => {
                out.push_str("\\u00");
                for digit in [u32::from(control) >> 4, u32::from(control) & 15] {
                    out.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Resolves the escapes of a string whose escapes the scanner has already checked.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut characters = escape.chars();
        match characters.next() {
            Some('u') => {
                let (character, after) = unicode_escape(characters.as_str());
                out.push(character);
                rest = after;
                continue;
            }
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(itself) => out.push(itself),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out
}

/// Reads the digits after `\u`, and the second half when they begin a surrogate pair.
fn unicode_escape(digits: &str) -> (char, &str) {
    let unit = |text: &str| text.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let first = unit(digits).unwrap_or(0xfffd);
    let after = digits.get(4..).unwrap_or("");
    if let Some(character) = char::from_u32(first) {
        return (character, after);
    }
    let second = after.get(2..).and_then(unit).unwrap_or(0xdc00);
    let point = 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), after.get(6..).unwrap_or(""))
}
