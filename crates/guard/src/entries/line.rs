//! A cache line of tags, looked at as a whole and without a branch for each.
//!
//! A branch for each slot would be guessed wrong half of the time, and the right way would be known
//! only when memory has answered: three looks would wait one after the other.

use std::sync::atomic::{AtomicU64, Ordering};

/// The slots of a line.
pub(super) const LANES: usize = 32;
const WORDS: usize = 8;
const LANES_A_WORD: usize = LANES / WORDS;

/// Sixteen bits that say what a slot holds.
pub(super) mod tag {
    /// Nothing yet: what is looked for does not stand behind it.
    pub(in crate::entries) const FREE: u16 = 0;
    /// Nothing any more.
    pub(in crate::entries) const REMOVED: u16 = 1;

    /// From sixteen bits of a hash.
    #[inline]
    pub(in crate::entries) fn of(bits: u16) -> u16 {
        bits.max(REMOVED + 1)
    }
}

#[derive(Default)]
#[repr(align(64))]
pub(super) struct Line([AtomicU64; WORDS]);

/// What a look at a line says.
pub(super) struct Seen {
    pub(super) has_tag: bool,
    /// As [`Line::has_room`].
    pub(super) has_room: bool,
}

impl Line {
    #[inline]
    pub(super) fn look(&self, tag: u16) -> Seen {
        let wanted = u64::from(tag) * LOWEST;
        let (mut others, mut last) = (HIGHEST, 0);
        for word in &self.0 {
            last = word.load(Ordering::Acquire);
            others &= not_zero(last ^ wanted);
        }
        // Lanes are filled in their order.
        Seen {
            has_tag: others & HIGHEST != HIGHEST,
            has_room: last >> shift(LANES - 1) == u64::from(tag::FREE),
        }
    }

    /// Nothing stands behind this line that would have its home here.
    pub(super) fn has_room(&self) -> bool {
        self.tag(LANES - 1) == tag::FREE
    }

    /// The lanes in which the tag stands.
    pub(super) fn lanes(&self, tag: u16) -> Lanes {
        let wanted = u64::from(tag) * LOWEST;
        let mut lanes = 0;
        for (number, word) in self.0.iter().enumerate() {
            let zero = !not_zero(word.load(Ordering::Acquire) ^ wanted) & HIGHEST;
            lanes |= zero >> (LANE_BITS - 1 - number);
        }
        Lanes(lanes)
    }

    /// The first lane that was never filled.
    pub(super) fn free(&self) -> Option<usize> {
        (0..LANES).find(|lane| self.tag(*lane) == tag::FREE)
    }

    pub(super) fn tag(&self, lane: usize) -> u16 {
        let word = self.0.get(lane / LANES_A_WORD).map_or(0, |word| word.load(Ordering::Acquire));
        let [low, high, ..] = (word >> shift(lane)).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// For one writer at a time.
    pub(super) fn set(&self, lane: usize, tag: u16) {
        if let Some(word) = self.0.get(lane / LANES_A_WORD) {
            let others = word.load(Ordering::Acquire) & !(0xffff << shift(lane));
            word.store(others | u64::from(tag) << shift(lane), Ordering::Release);
        }
    }
}

/// Some lanes of a line: bit `16 * l + w` is the lane `l` of the word `w`.
pub(super) struct Lanes(u64);

impl Iterator for Lanes {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let bit = self.0.checked_ilog2()? as usize;
        self.0 ^= 1 << bit;
        Some(bit % LANE_BITS * LANES_A_WORD + bit / LANE_BITS)
    }
}

const LANE_BITS: usize = 64 / LANES_A_WORD;

const fn shift(lane: usize) -> usize {
    LANE_BITS * (lane % LANES_A_WORD)
}

const LOWEST: u64 = 0x0001_0001_0001_0001;
const HIGHEST: u64 = LOWEST << (LANE_BITS - 1);

/// The highest bit of each lane says whether anything in it is set; the others say nothing.
#[inline]
const fn not_zero(word: u64) -> u64 {
    // No sum of 15 bits reaches the next lane.
    ((word & !HIGHEST) + !HIGHEST) | word
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: [u16; 6] = [2, 3, 0x7fff, 0x8000, 0x8001, 0xffff];

    #[test]
    fn a_tag_is_seen_in_every_lane_and_only_there() {
        for lane in 0..LANES {
            let line = Line::default();
            for tag in TAGS {
                line.set(lane, tag);
                assert_eq!(line.tag(lane), tag);
                assert!(line.look(tag).has_tag);
                assert_eq!(line.lanes(tag).collect::<Vec<_>>(), [lane]);
                for other in [tag ^ 1, tag ^ 0x8000, tag.wrapping_add(0x100)] {
                    assert!(other <= tag::REMOVED || !line.look(other).has_tag);
                    assert!(other <= tag::REMOVED || line.lanes(other).next().is_none());
                }
            }
        }
    }

    #[test]
    fn a_tag_is_told_from_those_that_differ_in_a_bit_in_the_lanes_beside() {
        for tag in TAGS {
            for other in (0..16).map(|bit| tag ^ 1 << bit) {
                let line = Line::default();
                (0..LANES).for_each(|lane| line.set(lane, if lane % 3 == 0 { tag } else { other }));
                let mut lanes: Vec<_> = line.lanes(tag).collect();
                lanes.sort_unstable();
                assert_eq!(lanes, (0..LANES).step_by(3).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_line_has_room_until_its_last_lane_is_filled() {
        let line = Line::default();
        for lane in 0..LANES {
            assert!(line.look(2).has_room);
            assert_eq!(line.free(), Some(lane));
            line.set(lane, if lane % 2 == 0 { 0xffff } else { 2 });
        }
        assert_eq!(line.free(), None);
        assert!(!line.look(2).has_room);
        (0..LANES).for_each(|lane| line.set(lane, tag::REMOVED));
        assert!(!line.look(2).has_room, "what was removed leaves no room");
        assert!(!line.look(2).has_tag && !line.look(0xffff).has_tag);
    }
}
