//! The name of a member, with a tag that makes comparing it cheap.

use crate::json::Text;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) text: Text<'a>,
    pub(crate) tag: u64,
}

impl<'a> Name<'a> {
    #[inline(always)]
    pub(crate) fn new(text: Text<'a>) -> Self {
        let onwards = text.document.as_bytes().get(text.start..);
        let tag = match onwards.and_then(<[u8]>::first_chunk) {
            Some(eight) if !text.escaped => {
                tag_of(u64::from_le_bytes(*eight), text.end - text.start)
            }
            _ => slow_tag(text.document, text.start, text.end, text.escaped),
        };
        Self { text, tag }
    }

    /// One of 64 bits; equal names have the same.
    #[inline(always)]
    pub(crate) const fn kind(self) -> u64 {
        // Any odd factor that spreads its bits will do; this one was looked for until it told the
        // names apart that tokens usually have.
        1 << (self.tag.wrapping_mul(0xc5ca_6ddb_100f_de03) >> 58)
    }

    pub(crate) fn is(self, other: Self) -> bool {
        self.tag == other.tag && (is_exact(self.tag) || self.text.value() == other.text.value())
    }

    pub(crate) fn is_str(self, other: &str) -> bool {
        self.tag == tag(other) && self.text.value() == other
    }
}

/// Of a name with escapes, or at the very end of a document. Takes the fields one by one: with all
/// of `Text` the caller would keep it in memory.
#[cold]
fn slow_tag(document: &str, start: usize, end: usize, escaped: bool) -> u64 {
    tag(&Text { document, start, end, escaped }.value())
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

/// The tag of a name whose first eight bytes, or those and what follows them, are these.
#[inline(always)]
fn tag_of(eight: u64, length: usize) -> u64 {
    let shown = if length < 255 { length } else { 255 };
    let own = match LOW_BYTES.get(length) {
        Some(low) => *low,
        None => LOW_SEVEN,
    };
    (shown as u64) << 56 | eight & own
}

#[inline(always)]
const fn first_seven(bytes: &[u8]) -> u64 {
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

const LOW_SEVEN: u64 = 0x00ff_ffff_ffff_ffff;
const LOW_BYTES: [u64; 8] =
    [0, 0xff, 0xffff, 0x00ff_ffff, 0xffff_ffff, 0x00ff_ffff_ffff, 0xffff_ffff_ffff, LOW_SEVEN];

const fn is_exact(tag: u64) -> bool {
    tag >> 56 < 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_of_different_kinds() {
        let usual = [
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "client_id",
            "scope",
            "scp",
            "sid",
            "gen",
            "auth_time",
            "roles",
            "role",
            "groups",
            "preferred_username",
            "azp",
            "nonce",
            "acr",
            "amr",
            "email",
            "name",
        ];
        let kind = |name: &str| {
            let text = Text { document: name, start: 0, end: name.len(), escaped: false };
            Name::new(text).kind()
        };
        assert_eq!(usual.iter().fold(0, |kinds, name| kinds | kind(name)).count_ones(), 23);
    }

    #[test]
    fn a_name_has_the_same_tag_wherever_it_stands() {
        for length in 0..300 {
            let name = "nam\u{e9}d".chars().cycle().take(length).collect::<String>();
            for document in [name.clone(), format!("{name}\":"), format!("{name}\":1234567890")] {
                let text = Text { document: &document, start: 0, end: name.len(), escaped: false };
                assert_eq!(Name::new(text).tag, tag(&name));
            }
        }
    }

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
