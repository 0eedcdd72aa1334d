//! A scanned value: which kind it is and where it stands in the document.

use std::borrow::Cow;

use crate::json::Text;

/// The kinds of values that need to be told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    /// A number written with digits alone.
    Digits,
    String,
    EscapedString,
    Array,
    Object,
}

/// A value of a document that the scanner has been over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) document: &'a str,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
}

impl<'a> Value<'a> {
    /// The value as it is written.
    pub(crate) fn raw(self) -> &'a str {
        self.document.get(self.start..self.end).unwrap_or("")
    }

    #[inline(always)]
    pub(crate) fn as_text(self) -> Option<Text<'a>> {
        let escaped = match self.kind {
            Kind::String => false,
            Kind::EscapedString => true,
            _ => return None,
        };
        Some(Text { document: self.document, start: self.start + 1, end: self.end - 1, escaped })
    }

    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        self.as_text().map(Text::value)
    }

    /// The number, to the nearest double.
    #[inline(always)]
    pub(crate) fn as_f64(self) -> Option<f64> {
        match self.kind {
            Kind::Digits => match self.few_digits() {
                Some(digits) => Some(digits as f64),
                None => parse(self.document, self.start, self.end),
            },
            Kind::Number => parse(self.document, self.start, self.end),
            _ => None,
        }
    }

    /// Up to fifteen digits, all of which a double has; eight at a time. `None` when there are more,
    /// or so near to the beginning of the document that eight cannot be read.
    #[inline(always)]
    fn few_digits(self) -> Option<u64> {
        let document = self.document.as_bytes();
        let eight_before = |end: usize| document.get(..end)?.last_chunk().copied();
        let low = u64::from_le_bytes(eight_before(self.end)?);
        match self.end - self.start {
            length @ ..9 => Some(decimal(low, length)),
            length @ ..16 => {
                let high = u64::from_le_bytes(eight_before(self.end - 8)?);
                Some(decimal(high, length - 8) * 100_000_000 + decimal(low, 8))
            }
            _ => None,
        }
    }

    pub(crate) fn as_array(self) -> Option<Self> {
        (self.kind == Kind::Array).then_some(self)
    }
}

/// Takes the fields one by one: with all of `Value` the caller would keep it in memory.
#[cold]
fn parse(document: &str, start: usize, end: usize) -> Option<f64> {
    document.get(start..end)?.parse().ok()
}

/// The number that the last `count` (1 to 8) of these characters write.
const fn decimal(characters: u64, count: usize) -> u64 {
    let others = 8 * (8 - count);
    let ones = (characters >> others << others) & 0x0f0f_0f0f_0f0f_0f0f;
    // The first character stands in the lowest byte. Each step adds ten, a hundred, ten thousand
    // times a part to its neighbour.
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_an_ordinary_parser_does() {
        for number in (0..18).map(|length| 1_234_567_890_987_654_321_u64 / 10_u64.pow(length)) {
            for padding in ["", "{\"exp\":"] {
                let text = format!("{padding}{number}");
                let (start, end) = (padding.len(), text.len());
                let value = Value { document: &text, start, end, kind: Kind::Digits };
                assert_eq!(value.as_f64(), number.to_string().parse().ok(), "{text}");
            }
        }
    }
}
