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
use crate::json::marks::{Marks, Room};
use crate::json::{Kind, Name, Text, Value};

/// Names of one object that are compared one by one; an object with more of them uses a set.
const INLINE_NAMES: usize = 24;

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
    let mut room = Room::new();
    let mut scanner = Scanner::new(text, room.mark(text.as_bytes()), max_depth);
    let (first, start) = scanner.token(0);
    if first != Some(b'{') {
        // What follows is either another kind of value or no JSON at all.
        let (_, end) = scanner.value(start, 0)?;
        scanner.end(end)?;
        return Err(JsonFault::NotAnObject);
    }
    let end = scanner.object(start, 1, visitor)?;
    scanner.end(end)
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
    let mut room = Room::new();
    let marks = room.mark(array.document.as_bytes());
    let mut scanner = Scanner::new(array.document, marks, usize::MAX);
    let mut at = array.start;
    loop {
        let (_, start) = scanner.token(at + 1);
        let Ok((kind, end)) = scanner.value(start, 1) else { return };
        each(scanner.scanned(start, end, kind));
        let (Some(b','), comma) = scanner.token(end) else { return };
        at = comma;
    }
}

/// What is known of the text while it is scanned. The position is not in here: it goes from
/// function to function, so that the compiler keeps it in a register.
struct Scanner<'a, 'm> {
    text: &'a str,
    max_depth: usize,
    /// Where strings end or do not simply go on.
    marks: Marks<'m>,
    /// Names of the objects that are open, outermost first.
    names: [Slot; INLINE_NAMES],
    names_used: usize,
}

/// A name: its tag, and where its text begins. Small, and all zero to begin with.
#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u64,
    start: usize,
}

/// The names of one object so far.
struct Names<'a> {
    /// Where they begin among those of all open objects.
    first: usize,
    /// One bit for each of 64 kinds of tags: a name of a kind not seen yet is certainly new.
    kinds: u64,
    /// All of them, once there are too many.
    overflow: Option<HashSet<Cow<'a, str>>>,
}

impl<'a, 'm> Scanner<'a, 'm> {
    fn new(text: &'a str, marks: Marks<'m>, max_depth: usize) -> Self {
        let names = [Slot::default(); INLINE_NAMES];
        Self { text, marks, max_depth, names, names_used: 0 }
    }

    #[inline(always)]
    fn peek(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// What follows the white space, and where. Between what programs write there hardly ever is any.
    #[inline(always)]
    fn token(&self, at: usize) -> (Option<u8>, usize) {
        match self.peek(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => self.behind_space(at),
            other => (other, at),
        }
    }

    #[cold]
    fn behind_space(&self, mut at: usize) -> (Option<u8>, usize) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek(at) {
            at += 1;
        }
        (self.peek(at), at)
    }

    /// Where this byte stands, with nothing but white space before it.
    #[inline(always)]
    fn expect(&self, byte: u8, at: usize) -> Result<usize, JsonFault> {
        if self.peek(at) == Some(byte) {
            return Ok(at);
        }
        match self.token(at) {
            (Some(found), there) if found == byte => Ok(there),
            _ => Err(JsonFault::Syntax),
        }
    }

    #[inline(always)]
    fn scanned(&self, start: usize, end: usize, kind: Kind) -> Value<'a> {
        Value { document: self.text, start, end, kind }
    }

    fn end(&self, at: usize) -> Result<(), JsonFault> {
        if let (None, _) = self.token(at) { Ok(()) } else { Err(JsonFault::Syntax) }
    }

    fn object(
        &mut self,
        at: usize,
        depth: usize,
        visitor: &mut impl Visitor<'a>,
    ) -> Result<usize, JsonFault> {
        let mut at = self.enter(at, depth)?;
        if let (Some(b'}'), brace) = self.token(at) {
            return Ok(brace + 1);
        }
        let mut names = Names { first: self.names_used, kinds: 0, overflow: None };
        loop {
            let (name, after) = self.name(at)?;
            self.remember(&mut names, name)?;
            let colon = self.expect(b':', after)?;
            let mut start = colon + 1;
            let (kind, end) = match self.peek(start) {
                // Most values; without a detour through `value`, which is recursive.
                Some(b'"') => self.string(start)?,
                Some(b'0'..=b'9') => self.number(start)?,
                _ => {
                    (_, start) = self.token(start);
                    self.value(start, depth)?
                }
            };
            visitor.member(Member { name, value: self.scanned(start, end, kind) });
            match self.peek(end) {
                Some(b',') => at = end + 1,
                _ => match self.token(end) {
                    (Some(b','), comma) => at = comma + 1,
                    (Some(b'}'), brace) => {
                        self.names_used = names.first;
                        return Ok(brace + 1);
                    }
                    _ => return Err(JsonFault::Syntax),
                },
            }
        }
    }

    #[inline(always)]
    fn name(&mut self, at: usize) -> Result<(Name<'a>, usize), JsonFault> {
        let start = self.expect(b'"', at)?;
        let (kind, end) = self.string(start)?;
        let text = self.scanned(start, end, kind).as_text().ok_or(JsonFault::Syntax)?;
        Ok((Name::new(text), end))
    }

    fn array(&mut self, at: usize, depth: usize) -> Result<usize, JsonFault> {
        let mut at = self.enter(at, depth)?;
        if let (Some(b']'), bracket) = self.token(at) {
            return Ok(bracket + 1);
        }
        loop {
            let (_, start) = self.token(at);
            let (_, end) = self.value(start, depth)?;
            match self.token(end) {
                (Some(b','), comma) => at = comma + 1,
                (Some(b']'), bracket) => return Ok(bracket + 1),
                _ => return Err(JsonFault::Syntax),
            }
        }
    }

    /// Steps over the opening bracket of a container at `depth`; the outermost is at 1.
    #[inline(always)]
    fn enter(&self, at: usize, depth: usize) -> Result<usize, JsonFault> {
        if depth > self.max_depth {
            return Err(JsonFault::TooDeep);
        }
        Ok(at + 1)
    }

    /// Scans the value at the position, which is inside a container at `depth`.
    fn value(&mut self, at: usize, depth: usize) -> Result<(Kind, usize), JsonFault> {
        match self.peek(at) {
            Some(b'"') => self.string(at),
            Some(b'-' | b'0'..=b'9') => self.number(at),
            Some(b'{') => Ok((Kind::Object, self.object(at, depth + 1, &mut Ignore)?)),
            Some(b'[') => Ok((Kind::Array, self.array(at, depth + 1)?)),
            Some(b't') => self.literal(at, "true", Kind::Bool),
            Some(b'f') => self.literal(at, "false", Kind::Bool),
            Some(b'n') => self.literal(at, "null", Kind::Null),
            _ => Err(JsonFault::Syntax),
        }
    }

    fn literal(&self, at: usize, word: &str, kind: Kind) -> Result<(Kind, usize), JsonFault> {
        let rest = self.text.as_bytes().get(at..).unwrap_or(&[]);
        if rest.starts_with(word.as_bytes()) {
            Ok((kind, at + word.len()))
        } else {
            Err(JsonFault::Syntax)
        }
    }

    #[inline(always)]
    fn number(&self, start: usize) -> Result<(Kind, usize), JsonFault> {
        let first = if self.peek(start) == Some(b'-') { start + 1 } else { start };
        let at = if self.peek(first) == Some(b'0') { first + 1 } else { self.digits(first)? };
        if let Some(b'.' | b'e' | b'E') = self.peek(at) {
            return Ok((Kind::Number, self.fraction(start, at)?));
        }
        // Only an exponent or more than 300 digits can leave the range of a double.
        if at - start > 300 {
            self.in_range(start, at)?;
        }
        Ok((if first == start { Kind::Digits } else { Kind::Number }, at))
    }

    /// Scans what follows the whole part of the number that begins at `start`.
    #[cold]
    fn fraction(&self, start: usize, mut at: usize) -> Result<usize, JsonFault> {
        if self.peek(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.peek(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.peek(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        self.in_range(start, at)?;
        Ok(at)
    }

    #[cold]
    fn in_range(&self, start: usize, end: usize) -> Result<(), JsonFault> {
        let number = self.scanned(start, end, Kind::Number).raw();
        let finite = number.parse::<f64>().is_ok_and(f64::is_finite);
        if finite { Ok(()) } else { Err(JsonFault::NumberRange) }
    }

    #[inline(always)]
    fn digits(&self, start: usize) -> Result<usize, JsonFault> {
        let mut at = start;
        while let Some(chunk) = self.text.as_bytes().get(at..).and_then(<[u8]>::first_chunk)
            && eight_digits(u64::from_le_bytes(*chunk))
        {
            at += 8;
        }
        while let Some(b'0'..=b'9') = self.peek(at) {
            at += 1;
        }
        if at > start { Ok(at) } else { Err(JsonFault::Syntax) }
    }

    /// Scans a string from its opening quote to behind its closing one.
    #[inline(always)]
    fn string(&mut self, start: usize) -> Result<(Kind, usize), JsonFault> {
        let at = self.plain(start + 1);
        match self.peek(at) {
            Some(b'"') => Ok((Kind::String, at + 1)),
            Some(b'\\') => self.escaped_string(at),
            _ => Err(JsonFault::Syntax),
        }
    }

    /// Scans the rest of a string from its first backslash on.
    #[cold]
    fn escaped_string(&mut self, mut at: usize) -> Result<(Kind, usize), JsonFault> {
        loop {
            match self.peek(at) {
                Some(b'"') => return Ok((Kind::EscapedString, at + 1)),
                Some(b'\\') => at = self.escape(at + 1)?,
                _ => return Err(JsonFault::Syntax),
            }
            at = self.plain(at);
        }
    }

    /// Steps over bytes that mean themselves: stops at a quote, a backslash, a control character or
    /// the end.
    #[inline(always)]
    fn plain(&self, at: usize) -> usize {
        self.marks.next(at)
    }

    /// Checks what follows a backslash.
    fn escape(&self, at: usize) -> Result<usize, JsonFault> {
        match self.peek(at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
            Some(b'u') => match self.code_unit(at + 1)? {
                0xd800..=0xdbff => {
                    let pair = self.peek(at + 5) == Some(b'\\')
                        && self.peek(at + 6) == Some(b'u')
                        && matches!(self.code_unit(at + 7)?, 0xdc00..=0xdfff);
                    if pair { Ok(at + 11) } else { Err(JsonFault::Syntax) }
                }
                0xdc00..=0xdfff => Err(JsonFault::Syntax),
                _ => Ok(at + 5),
            },
            _ => Err(JsonFault::Syntax),
        }
    }

    fn code_unit(&self, at: usize) -> Result<u32, JsonFault> {
        let mut unit = 0;
        for place in at..at + 4 {
            let digit = self.peek(place).and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or(JsonFault::Syntax)?;
        }
        Ok(unit)
    }

    /// Notes a name of an object, or finds that it was there.
    #[inline(always)]
    fn remember(&mut self, names: &mut Names<'a>, name: Name<'a>) -> Result<(), JsonFault> {
        let kind = name.kind();
        let certainly_new = names.kinds & kind == 0;
        names.kinds |= kind;
        let Text { start, end, escaped, .. } = name.text;
        if !certainly_new && self.knows(names, start, end, escaped) {
            return Err(JsonFault::DuplicateName);
        }
        if let Some(slot) = self.names.get_mut(self.names_used) {
            *slot = Slot { tag: name.tag, start: name.text.start };
            self.names_used += 1;
            return Ok(());
        }
        self.overflow(names, start, end, escaped);
        Ok(())
    }

    /// Whether the object has the name that stands here already.
    #[cold]
    fn knows(&self, names: &Names<'a>, start: usize, end: usize, escaped: bool) -> bool {
        let name = Name::new(Text { document: self.text, start, end, escaped });
        if let Some(all) = &names.overflow {
            return all.contains(&name.text.value());
        }
        let known = self.names.get(names.first..self.names_used).unwrap_or(&[]);
        known.iter().any(|slot| slot.tag == name.tag && self.name_at(slot).is(name))
    }

    /// Notes a name for which there is no slot. Comparing thousands of names one by one would take
    /// milliseconds before any signature was checked.
    #[cold]
    fn overflow(&self, names: &mut Names<'a>, start: usize, end: usize, escaped: bool) {
        let name = Text { document: self.text, start, end, escaped };
        let known = self.names.get(names.first..).unwrap_or(&[]);
        let all = names.overflow.get_or_insert_with(|| {
            known.iter().map(|slot| self.name_at(slot).text.value()).collect()
        });
        all.insert(name.value());
    }

    /// The name in a slot, read again.
    fn name_at(&self, slot: &Slot) -> Name<'a> {
        let mut end = slot.start;
        let mut escaped = false;
        loop {
            match self.peek(end) {
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(b'"') | None => break,
                Some(_) => end += 1,
            }
        }
        let text = Text { document: self.text, start: slot.start, end, escaped };
        Name { text, tag: slot.tag }
    }
}

/// Whether all bytes are `0` to `9`: all have the high half 3, and still do when 6 is added.
const fn eight_digits(word: u64) -> bool {
    const HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const THREES: u64 = 0x3030_3030_3030_3030;
    let sum = word.wrapping_add(0x0606_0606_0606_0606);
    word & HALVES == THREES && sum & HALVES == THREES
}
