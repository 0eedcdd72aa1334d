//! A strict JSON scanner: one pass over the text, no tree, no allocation in the ordinary case.
//!
//! It accepts exactly RFC 8259 and then refuses more: a name twice in one object at any depth,
//! nesting below a limit, lone surrogates, numbers beyond a double. Ordinary parsers keep the last
//! of two equal names, and a second program that keeps the first sees another token (RFC 8725
//! section 2.10 is full of such pairs). It hands each member of the outermost object to the caller
//! as a piece of the text, so that nothing is copied before it is known to be wanted.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::JsonFault;
use crate::json::Text;

/// Names of one object that are compared one by one; an object with more of them uses a set.
const INLINE_NAMES: usize = 32;

/// A scanned value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool,
    Number(&'a str),
    String(Text<'a>),
    Array(Piece<'a>),
    Object,
}

/// A piece of the document and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) raw: &'a str,
    pub(crate) start: usize,
}

impl<'a> Value<'a> {
    pub(crate) fn as_text(self) -> Option<Text<'a>> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        self.as_text().map(Text::value)
    }
}

/// A member of the outermost object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) value: Value<'a>,
    pub(crate) raw: &'a str,
}

/// What receives the members of the outermost object.
pub(crate) trait Visitor<'a> {
    fn member(&mut self, member: Member<'a>);
}

impl<'a, F: FnMut(Member<'a>)> Visitor<'a> for F {
    fn member(&mut self, member: Member<'a>) {
        self(member);
    }
}

struct Ignore;

impl<'a> Visitor<'a> for Ignore {
    fn member(&mut self, _: Member<'a>) {}
}

/// Scans a document that must be one object and hands over its members in order.
///
/// # Errors
/// The first fault found. The visitor may have seen members by then; their owner must be dropped.
pub(crate) fn object<'a>(
    text: &'a str,
    max_depth: usize,
    visitor: &mut impl Visitor<'a>,
) -> Result<(), JsonFault> {
    let mut scanner = Scanner::new(text, max_depth);
    scanner.white_space();
    if scanner.peek() != Some(b'{') {
        // What follows is either another kind of value or no JSON at all.
        scanner.value(0)?;
        scanner.end()?;
        return Err(JsonFault::NotAnObject);
    }
    scanner.object(1, visitor)?;
    scanner.end()
}

/// Finds the member of this name in an object that [`object`] has accepted before.
pub(crate) fn find<'a>(accepted: &'a str, name: &str) -> Option<Member<'a>> {
    let mut found = None;
    let mut look = |member: Member<'a>| {
        if member.name.value() == name {
            found = Some(member);
        }
    };
    object(accepted, usize::MAX, &mut look).ok()?;
    found
}

/// Hands over the elements of an array inside an object that [`object`] has accepted before.
/// Places in the text are counted from the beginning of the array.
pub(crate) fn elements<'a>(array: &'a str, mut each: impl FnMut(Value<'a>, &'a str)) {
    let mut scanner = Scanner::new(array, usize::MAX);
    scanner.position = 1;
    loop {
        scanner.white_space();
        let start = scanner.position;
        let Ok(value) = scanner.value(1) else { return };
        each(value, scanner.slice(start));
        scanner.white_space();
        if scanner.next() != Some(b',') {
            return;
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    max_depth: usize,
    /// Names of the objects that are open, outermost first.
    names: [Text<'a>; INLINE_NAMES],
    names_used: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, max_depth: usize) -> Self {
        let unused = Text { raw: "", start: 0, escaped: false };
        Self {
            text,
            bytes: text.as_bytes(),
            position: 0,
            max_depth,
            names: [unused; INLINE_NAMES],
            names_used: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.position += 1;
        byte
    }

    fn slice(&self, start: usize) -> &'a str {
        self.text.get(start..self.position).unwrap_or("")
    }

    fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    fn end(&mut self) -> Result<(), JsonFault> {
        self.white_space();
        if self.position == self.bytes.len() { Ok(()) } else { Err(JsonFault::Syntax) }
    }

    fn object(&mut self, depth: usize, visitor: &mut impl Visitor<'a>) -> Result<(), JsonFault> {
        self.enter(depth)?;
        let first_name = self.names_used;
        let mut overflow = None;
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(());
        }
        loop {
            self.white_space();
            if self.next() != Some(b'"') {
                return Err(JsonFault::Syntax);
            }
            let name = self.string()?;
            self.remember(first_name, &mut overflow, name)?;
            self.white_space();
            if self.next() != Some(b':') {
                return Err(JsonFault::Syntax);
            }
            self.white_space();
            let start = self.position;
            let value = self.value(depth)?;
            visitor.member(Member { name, value, raw: self.slice(start) });
            self.white_space();
            match self.next() {
                Some(b',') => {}
                Some(b'}') => break,
                _ => return Err(JsonFault::Syntax),
            }
        }
        self.names_used = first_name;
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.enter(depth)?;
        if self.peek() == Some(b']') {
            self.position += 1;
            return Ok(());
        }
        loop {
            self.white_space();
            self.value(depth)?;
            self.white_space();
            match self.next() {
                Some(b',') => {}
                Some(b']') => return Ok(()),
                _ => return Err(JsonFault::Syntax),
            }
        }
    }

    /// Steps over the opening bracket of a container at `depth`; the outermost is at 1.
    fn enter(&mut self, depth: usize) -> Result<(), JsonFault> {
        if depth > self.max_depth {
            return Err(JsonFault::TooDeep);
        }
        self.position += 1;
        self.white_space();
        Ok(())
    }

    /// Scans the value at the position, which is inside a container at `depth`.
    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonFault> {
        let start = self.position;
        match self.peek() {
            Some(b'"') => {
                self.position += 1;
                self.string().map(Value::String)
            }
            Some(b'{') => {
                self.object(depth + 1, &mut Ignore)?;
                Ok(Value::Object)
            }
            Some(b'[') => {
                self.array(depth + 1)?;
                Ok(Value::Array(Piece { raw: self.slice(start), start }))
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.literal("true", Value::Bool),
            Some(b'f') => self.literal("false", Value::Bool),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(JsonFault::Syntax),
        }
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonFault> {
        let start = self.position;
        self.position += word.len();
        if self.slice(start) == word { Ok(value) } else { Err(JsonFault::Syntax) }
    }

    fn number(&mut self) -> Result<&'a str, JsonFault> {
        let start = self.position;
        let mut exponent = false;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            exponent = true;
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.digits()?;
        }
        let number = self.slice(start);
        // Only an exponent or more than 300 digits can leave the range of a double.
        let risky = exponent || number.len() > 300;
        if risky && !number.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(JsonFault::NumberRange);
        }
        Ok(number)
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        if self.position > start { Ok(()) } else { Err(JsonFault::Syntax) }
    }

    /// Scans a string whose opening quote has been read, and reads the closing one.
    fn string(&mut self) -> Result<Text<'a>, JsonFault> {
        let start = self.position;
        let mut escaped = false;
        loop {
            self.plain();
            match self.next() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(JsonFault::Syntax),
            }
        }
        let raw = self.text.get(start..self.position - 1).unwrap_or("");
        Ok(Text { raw, start, escaped })
    }

    /// Steps over bytes that mean themselves, eight at a time: stops at a quote, a backslash, a
    /// control character or the end.
    fn plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.position..).and_then(<[u8]>::first_chunk) {
            let special = special_bytes(u64::from_le_bytes(*chunk));
            self.position += (special.trailing_zeros() / 8) as usize;
            if special != 0 {
                return;
            }
        }
        while let Some(byte) = self.peek() {
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                return;
            }
            self.position += 1;
        }
    }

    /// Checks what follows a backslash.
    fn escape(&mut self) -> Result<(), JsonFault> {
        match self.next() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.code_unit()? {
                0xd800..=0xdbff => {
                    let pair = self.next() == Some(b'\\')
                        && self.next() == Some(b'u')
                        && matches!(self.code_unit()?, 0xdc00..=0xdfff);
                    if pair { Ok(()) } else { Err(JsonFault::Syntax) }
                }
                0xdc00..=0xdfff => Err(JsonFault::Syntax),
                _ => Ok(()),
            },
            _ => Err(JsonFault::Syntax),
        }
    }

    fn code_unit(&mut self) -> Result<u32, JsonFault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or(JsonFault::Syntax)?;
        }
        Ok(unit)
    }

    /// Notes a name of the object whose names begin at `first`, or finds that it was there.
    fn remember(
        &mut self,
        first: usize,
        overflow: &mut Option<HashSet<Cow<'a, str>>>,
        name: Text<'a>,
    ) -> Result<(), JsonFault> {
        if let Some(set) = overflow {
            return if set.insert(name.value()) { Ok(()) } else { Err(JsonFault::DuplicateName) };
        }
        let known = self.names.get(first..self.names_used).unwrap_or(&[]);
        if known.iter().any(|other| other.is(name)) {
            return Err(JsonFault::DuplicateName);
        }
        if self.names_used < INLINE_NAMES {
            if let Some(slot) = self.names.get_mut(self.names_used) {
                *slot = name;
            }
            self.names_used += 1;
        } else {
            // Comparing thousands of names one by one would take milliseconds before any
            // signature was checked.
            let mut set: HashSet<_> = known.iter().map(|known| known.value()).collect();
            set.insert(name.value());
            *overflow = Some(set);
        }
        Ok(())
    }
}

/// Marks the high bit of the first byte of `word` that is a quote, a backslash or below 0x20.
/// Later marks may be wrong (a borrow runs upwards), so only the lowest is used.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & HIGH
}
