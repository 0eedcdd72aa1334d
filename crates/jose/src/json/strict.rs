//! A strict JSON scanner: one pass over the text, no tree, no allocation in the ordinary case.
//!
//! It accepts exactly RFC 8259 and then refuses more: a name twice in one object at any depth,
//! nesting below a limit, lone surrogates, numbers beyond a double. Ordinary parsers keep the last
//! of two equal names, and a second program that keeps the first sees another token. It hands each
//! member of the outermost object to the caller as a place in the text, so that nothing is copied
//! before it is known to be wanted.
//!
//! The `inline(always)` are measured: handed over through memory, these small values made the scan
//! twice as slow.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::JsonFault;
use crate::json::{Kind, Name, Text, Value};

/// Names of one object that are compared one by one; an object with more of them uses a set.
const INLINE_NAMES: usize = 32;

/// A member of the outermost object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) value: Value<'a>,
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
    if scanner.skip_to() != Some(b'{') {
        // What follows is either another kind of value or no JSON at all.
        scanner.value(0)?;
        scanner.end()?;
        return Err(JsonFault::NotAnObject);
    }
    scanner.object(1, visitor)?;
    scanner.end()
}

/// Finds the member of this name in an object that [`object`] has accepted before.
pub(crate) fn find<'a>(accepted: &'a str, name: &str) -> Option<Value<'a>> {
    let mut found = None;
    let mut look = |member: Member<'a>| {
        if member.name.is_str(name) {
            found = Some(member.value);
        }
    };
    object(accepted, usize::MAX, &mut look).ok()?;
    found
}

/// Hands over the elements of an array inside an object that [`object`] has accepted before.
pub(crate) fn elements<'a>(array: Value<'a>, mut each: impl FnMut(Value<'a>)) {
    let mut scanner = Scanner::new(array.document, usize::MAX);
    scanner.position = array.start + 1;
    loop {
        scanner.skip_to();
        let start = scanner.position;
        let Ok(kind) = scanner.value(1) else { return };
        each(scanner.scanned(start, kind));
        if scanner.skip_to() != Some(b',') {
            return;
        }
        scanner.position += 1;
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    max_depth: usize,
    /// Names of the objects that are open, outermost first.
    names: [Slot; INLINE_NAMES],
    names_used: usize,
}

/// A name and where it stands: small, and all zero to begin with.
#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u64,
    start: usize,
    end: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, max_depth: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            position: 0,
            max_depth,
            names: [Slot::default(); INLINE_NAMES],
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

    /// Steps over white space and looks at what follows it.
    #[inline(always)]
    fn skip_to(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.position += 1,
                other => return other,
            }
        }
    }

    fn scanned(&self, start: usize, kind: Kind) -> Value<'a> {
        Value { document: self.text, start, end: self.position, kind }
    }

    fn end(&mut self) -> Result<(), JsonFault> {
        self.skip_to();
        if self.position == self.bytes.len() { Ok(()) } else { Err(JsonFault::Syntax) }
    }

    fn object(&mut self, depth: usize, visitor: &mut impl Visitor<'a>) -> Result<(), JsonFault> {
        self.enter(depth)?;
        let first_name = self.names_used;
        let mut overflow = None;
        if self.skip_to() == Some(b'}') {
            self.position += 1;
            return Ok(());
        }
        loop {
            let name = self.name()?;
            self.remember(first_name, &mut overflow, name)?;
            self.expect(b':')?;
            let (start, kind) = match self.skip_to() {
                // Most values; without a detour through `value`, which is recursive.
                Some(b'"') => (self.position, self.string()?),
                _ => (self.position, self.value(depth)?),
            };
            visitor.member(Member { name, value: self.scanned(start, kind) });
            match self.skip_to() {
                Some(b',') => self.position += 1,
                Some(b'}') => break,
                _ => return Err(JsonFault::Syntax),
            }
        }
        self.position += 1;
        self.names_used = first_name;
        Ok(())
    }

    #[inline(always)]
    fn name(&mut self) -> Result<Name<'a>, JsonFault> {
        if self.skip_to() != Some(b'"') {
            return Err(JsonFault::Syntax);
        }
        let start = self.position;
        let kind = self.string()?;
        let text = self.scanned(start, kind).as_text().ok_or(JsonFault::Syntax)?;
        Ok(Name::new(text))
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.enter(depth)?;
        if self.skip_to() == Some(b']') {
            self.position += 1;
            return Ok(());
        }
        loop {
            self.skip_to();
            self.value(depth)?;
            match self.skip_to() {
                Some(b',') => self.position += 1,
                Some(b']') => break,
                _ => return Err(JsonFault::Syntax),
            }
        }
        self.position += 1;
        Ok(())
    }

    /// Steps over the opening bracket of a container at `depth`; the outermost is at 1.
    fn enter(&mut self, depth: usize) -> Result<(), JsonFault> {
        if depth > self.max_depth {
            return Err(JsonFault::TooDeep);
        }
        self.position += 1;
        Ok(())
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.skip_to() != Some(byte) {
            return Err(JsonFault::Syntax);
        }
        self.position += 1;
        Ok(())
    }

    /// Scans the value at the position, which is inside a container at `depth`.
    fn value(&mut self, depth: usize) -> Result<Kind, JsonFault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(depth + 1, &mut Ignore).map(|()| Kind::Object),
            Some(b'[') => self.array(depth + 1).map(|()| Kind::Array),
            Some(b't') => self.literal("true", Kind::Bool),
            Some(b'f') => self.literal("false", Kind::Bool),
            Some(b'n') => self.literal("null", Kind::Null),
            _ => Err(JsonFault::Syntax),
        }
    }

    fn literal(&mut self, word: &str, kind: Kind) -> Result<Kind, JsonFault> {
        let rest = self.bytes.get(self.position..).unwrap_or(&[]);
        self.position += word.len();
        if rest.starts_with(word.as_bytes()) { Ok(kind) } else { Err(JsonFault::Syntax) }
    }

    fn number(&mut self) -> Result<Kind, JsonFault> {
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
        // Only an exponent or more than 300 digits can leave the range of a double.
        if exponent || self.position - start > 300 {
            let number = self.scanned(start, Kind::Number).raw();
            if !number.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(JsonFault::NumberRange);
            }
        }
        Ok(Kind::Number)
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.position;
        while let Some(chunk) = self.bytes.get(self.position..).and_then(<[u8]>::first_chunk)
            && eight_digits(u64::from_le_bytes(*chunk))
        {
            self.position += 8;
        }
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        if self.position > start { Ok(()) } else { Err(JsonFault::Syntax) }
    }

    /// Scans a string from its opening to its closing quote.
    #[inline(always)]
    fn string(&mut self) -> Result<Kind, JsonFault> {
        self.position += 1;
        let mut kind = Kind::String;
        loop {
            self.plain();
            match self.next() {
                Some(b'"') => return Ok(kind),
                Some(b'\\') => {
                    kind = Kind::EscapedString;
                    self.escape()?;
                }
                _ => return Err(JsonFault::Syntax),
            }
        }
    }

    /// Steps over bytes that mean themselves, eight at a time: stops at a quote, a backslash, a
    /// control character or the end.
    #[inline(always)]
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
    #[inline(always)]
    fn remember(
        &mut self,
        first: usize,
        overflow: &mut Option<HashSet<Cow<'a, str>>>,
        name: Name<'a>,
    ) -> Result<(), JsonFault> {
        if let Some(set) = overflow {
            return if set.insert(name.text.value()) {
                Ok(())
            } else {
                Err(JsonFault::DuplicateName)
            };
        }
        let known = self.names.get(first..self.names_used).unwrap_or(&[]);
        if known.iter().any(|slot| slot.tag == name.tag && self.name_at(slot).is(name)) {
            return Err(JsonFault::DuplicateName);
        }
        if let Some(slot) = self.names.get_mut(self.names_used) {
            let start = name.text.start;
            *slot = Slot { tag: name.tag, start, end: start + name.text.raw.len() };
            self.names_used += 1;
            return Ok(());
        }
        // Comparing thousands of names one by one would take milliseconds before any signature was
        // checked.
        let mut set: HashSet<_> = known_names(self, first);
        set.insert(name.text.value());
        *overflow = Some(set);
        Ok(())
    }

    #[cold]
    fn name_at(&self, slot: &Slot) -> Name<'a> {
        let raw = self.text.get(slot.start..slot.end).unwrap_or("");
        let text = Text { raw, start: slot.start, escaped: raw.contains('\\') };
        Name { text, tag: slot.tag }
    }
}

#[cold]
fn known_names<'a>(scanner: &Scanner<'a>, first: usize) -> HashSet<Cow<'a, str>> {
    let known = scanner.names.get(first..).unwrap_or(&[]);
    known.iter().map(|slot| scanner.name_at(slot).text.value()).collect()
}

/// Whether all bytes are `0` to `9`: all have the high half 3, and still do when 6 is added.
const fn eight_digits(word: u64) -> bool {
    const HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    let sum = word.wrapping_add(0x0606_0606_0606_0606);
    word & HALVES == THREES && sum & HALVES == THREES
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
