//! Where the strings of a text can end: found for the whole text at once, by vector instructions.

use wide::u8x16;

/// Bytes that are looked at together.
const BLOCK: usize = 64;
/// Blocks of a text of a usual length, for which nothing is allocated.
const USUAL: usize = 16;

/// Room for marks, which come and go with a scan.
pub(super) struct Room {
    usual: [u64; USUAL],
    many: Vec<u64>,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self { usual: [0; USUAL], many: Vec::new() }
    }

    /// Marks a text.
    pub(super) fn mark(&mut self, text: &[u8]) -> Marks<'_> {
        let blocks = text.len() / BLOCK + 1;
        self.many.resize(if blocks > USUAL { blocks } else { 0 }, 0);
        let all = self.usual.get_mut(..blocks).unwrap_or(&mut self.many);
        let (whole, rest) = text.as_chunks();
        if let Some((last, others)) = all.split_last_mut() {
            for (marks, block) in others.iter_mut().zip(whole) {
                *marks = marks_of(block);
            }
            *last = marks_of_rest(text, rest);
        }
        Marks(all)
    }
}

/// One bit for each byte of a text: set for quotes, backslashes and control characters, and for
/// whatever is behind its end.
#[derive(Clone, Copy)]
pub(super) struct Marks<'a>(&'a [u64]);

impl Marks<'_> {
    /// The first marked place from `at` on, which must not be behind the end of the text.
    #[inline(always)]
    pub(super) fn next(self, mut at: usize) -> usize {
        while let Some(marks) = self.0.get(at / BLOCK) {
            let ahead = marks >> (at % BLOCK);
            if ahead != 0 {
                return at + ahead.trailing_zeros() as usize;
            }
            at = (at / BLOCK + 1) * BLOCK;
        }
        at
    }
}

/// How many bytes of a text would be marked.
pub(super) fn count(text: &[u8]) -> usize {
    let (whole, rest) = text.as_chunks();
    let ends = [marks_of_rest(text, rest) & !(u64::MAX << rest.len())];
    whole.iter().map(marks_of).chain(ends).map(|marks| marks.count_ones() as usize).sum()
}

/// Of what is left behind the last whole block of the text.
#[inline]
fn marks_of_rest(text: &[u8], rest: &[u8]) -> u64 {
    let behind = u64::MAX << rest.len();
    if let (Some(block), 1..) = (text.last_chunk(), rest.len()) {
        return marks_of(block) >> (BLOCK - rest.len()) | behind;
    }
    let mut block = [0; BLOCK];
    for (byte, of_text) in block.iter_mut().zip(rest) {
        *byte = *of_text;
    }
    marks_of(&block) | behind
}

#[inline]
fn marks_of(block: &[u8; BLOCK]) -> u64 {
    let sixteens = block.as_chunks().0.iter().rev();
    sixteens.fold(0, |marks, &sixteen| {
        let bytes = u8x16::new(sixteen);
        let control = bytes.simd_lt(u8x16::splat(0x20));
        let quote = bytes.simd_eq(u8x16::splat(b'"'));
        let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
        marks << 16 | u64::from((control | quote | backslash).to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_special(byte: u8) -> bool {
        byte < 0x20 || byte == b'"' || byte == b'\\'
    }

    #[test]
    fn every_byte_is_marked_as_it_should_be() {
        for special in 0..=255_u8 {
            for place in 0..BLOCK {
                let mut block = [b'x'; BLOCK];
                block[place] = special;
                let marked = u64::from(is_special(special)) << place;
                assert_eq!(marks_of(&block), marked, "{special} at {place}");
            }
        }
        assert_eq!(marks_of(&[b'"'; BLOCK]), u64::MAX);
    }

    #[test]
    fn the_next_mark_is_found_in_texts_of_any_length() {
        for length in (0..3 * BLOCK).chain((USUAL - 1) * BLOCK..(USUAL + 2) * BLOCK) {
            for special in [b'x', b'"', b'\\', 0, 0x1f] {
                for step in [1, 7, 100] {
                    let byte = |at| if at % step == 0 { special } else { b'x' };
                    let text: Vec<u8> = (0..length).map(byte).collect();
                    let mut room = Room::new();
                    let marks = room.mark(&text);
                    let specials = text.iter().filter(|byte| is_special(**byte));
                    assert_eq!(count(&text), specials.count());
                    let mut expected = length;
                    for at in (0..=length).rev() {
                        if text.get(at).is_some_and(|byte| is_special(*byte)) {
                            expected = at;
                        }
                        assert_eq!(marks.next(at), expected, "from {at} of {length}");
                    }
                }
            }
        }
    }
}
