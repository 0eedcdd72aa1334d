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
    /// Nothing, ever: what is looked for does not stand behind it.
    pub(in crate::entries) const FREE: u16 = 0;
    /// Nothing any more.
    pub(in crate::entries) const REMOVED: u16 = 1;

    /// Of a name. The line is chosen by its highest bits, the tag by its lowest.
    #[inline]
    pub(in crate::entries) fn of(name: u64) -> u16 {
        let [low, high, ..] = name.to_le_bytes();
        u16::from_le_bytes([low, high]).max(REMOVED + 1)
    }
}

#[derive(Default)]
#[repr(align(64))]
pub(super) struct Line([AtomicU64; WORDS]);

/// What a line holds.
pub(super) struct Seen {
    pub(super) has_tag: bool,
    pub(super) has_room: bool,
}

impl Line {
    #[inline]
    pub(super) fn look(&self, tag: u16) -> Seen {
        let wanted = u64::from(tag) * LOWEST;
        let (mut tags, mut room) = (0, 0);
        for word in &self.0 {
            let word = word.load(Ordering::Acquire);
            tags |= has_zero(word ^ wanted);
            room |= has_zero(word);
        }
        Seen { has_tag: tags != 0, has_room: room != 0 }
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

const fn shift(lane: usize) -> usize {
    16 * (lane % LANES_A_WORD)
}

/// The lowest bit of each lane.
const LOWEST: u64 = 0x0001_0001_0001_0001;

/// Something but zero exactly if one of four lanes is zero.
#[inline]
const fn has_zero(word: u64) -> u64 {
    word.wrapping_sub(LOWEST) & !word & (LOWEST << 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_seen_in_every_lane_and_only_there() {
        for lane in 0..LANES {
            let line = Line::default();
            for tag in [2, 0x7fff, 0x8000, 0x8001, 0xffff] {
                line.set(lane, tag);
                assert_eq!(line.tag(lane), tag);
                let seen = line.look(tag);
                assert!(seen.has_tag && seen.has_room);
                for other in [tag ^ 1, tag ^ 0x8000, tag.wrapping_add(0x100)] {
                    assert!(other <= tag::REMOVED || !line.look(other).has_tag);
                }
            }
        }
    }

    #[test]
    fn a_full_line_has_no_room() {
        let line = Line::default();
        for lane in 0..LANES {
            assert!(line.look(2).has_room);
            line.set(lane, if lane % 2 == 0 { tag::REMOVED } else { 0xffff });
        }
        assert!(!line.look(2).has_room);
        assert!(!line.look(2).has_tag);
    }
}
