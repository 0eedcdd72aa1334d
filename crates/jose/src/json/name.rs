//! The name of a member, with a tag that makes comparing it cheap.

use crate::json::Text;
use crate::json::text::unescape;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) text: Text<'a>,
    pub(crate) tag: u64,
}

impl<'a> Name<'a> {
    #[inline(always)]
    pub(crate) fn new(text: Text<'a>) -> Self {
        let tag = if text.escaped { escaped_tag(text.raw) } else { tag(text.raw) };
        Self { text, tag }
    }

    pub(crate) fn is(self, other: Self) -> bool {
        self.tag == other.tag && (is_exact(self.tag) || self.text.value() == other.text.value())
    }

    pub(crate) fn is_str(self, other: &str) -> bool {
        self.tag == tag(other) && self.text.value() == other
    }
}

/// Takes no more than it needs: with all of `Text` the caller would keep it in memory.
#[cold]
fn escaped_tag(raw: &str) -> u64 {
    tag(&unescape(raw))
}

/// The first seven bytes and, in the highest byte, the length (255 for all that are longer). Two
/// names of at most seven bytes are equal exactly if their tags are, and every name that matters
/// is that short.
#[inline(always)]
pub(crate) const fn tag(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let length = if bytes.len() < 255 { bytes.len() } else { 255 };
    (length as u64) << 56 | first_seven(bytes)
}

#[inline(always)]
const fn first_seven(bytes: &[u8]) -> u64 {
    const LOW_SEVEN: u64 = 0x00ff_ffff_ffff_ffff;
    match bytes {
        [a, b, c] => u64::from_le_bytes([*a, *b, *c, 0, 0, 0, 0, 0]),
        [a, b, c, d] => u64::from_le_bytes([*a, *b, *c, *d, 0, 0, 0, 0]),
        [a, b, c, d, e] => u64::from_le_bytes([*a, *b, *c, *d, *e, 0, 0, 0]),
        [a, b, c, d, e, f] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]),
        [a, b, c, d, e, f, g] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, 0]),
        [a, b, c, d, e, f, g, h, ..] => {
            u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) & LOW_SEVEN
        }
        [a, b] => u64::from_le_bytes([*a, *b, 0, 0, 0, 0, 0, 0]),
        [a] => *a as u64,
        [] => 0,
    }
}

const fn is_exact(tag: u64) -> bool {
    tag >> 56 < 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_tell_short_names_apart() {
        let names = ["", "a", "b", "ab", "a\0", "abc", "abcd", "abcde", "abcdef", "abcdefg", "\0"];
        for (at, left) in names.iter().enumerate() {
            for (other, right) in names.iter().enumerate() {
                assert_eq!(tag(left) == tag(right), at == other, "{left:?} {right:?}");
                assert!(is_exact(tag(left)));
            }
        }
        assert_eq!(tag("abcdefgh"), tag("abcdefgi"));
        assert!(!is_exact(tag("abcdefgh")));
        assert_ne!(tag("abcdefgh"), tag("abcdefghi"));
        assert_eq!(tag(&"x".repeat(255)), tag(&"x".repeat(300)));
    }
}
