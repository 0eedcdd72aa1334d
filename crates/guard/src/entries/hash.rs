//! SipHash-1-3 with an answer of 128 bits, the second half of which is worked out when it is asked for.
//!
//! It is what `std` hashes its maps with, and for the same reason: who chooses the ids but does not
//! know the key cannot make two of them meet. The one of `std` gives 64 bits, and buffers.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

/// A secret key; others for each kind of ids.
pub(crate) struct Key([u64; 2]);

impl Key {
    pub(crate) fn random() -> Self {
        // Itself a keyed hash, under a key that the operating system drew.
        let random = RandomState::new();
        Self([random.hash_one(0_u64), random.hash_one(1_u64)])
    }

    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> Hash {
        let Self([left, right]) = *self;
        let mut state = State {
            a: left ^ 0x736f_6d65_7073_6575,
            b: right ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            c: left ^ 0x6c79_6765_6e65_7261,
            d: right ^ 0x7465_6462_7974_6573,
        };
        let (words, rest) = bytes.as_chunks();
        for word in words {
            state.take(u64::from_le_bytes(*word));
        }
        let rest = match bytes.last_chunk() {
            // The last eight bytes, without those that were taken: all of them where no rest is.
            Some(end) => (u64::from_le_bytes(*end) >> 8) >> (56 - 8 * rest.len()),
            None => rest.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        state.take((bytes.len() as u64) << 56 | rest);
        state.c ^= 0xee;
        Hash { first: state.finish(), state }
    }
}

/// A key that is known is none.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

/// What was hashed.
pub(super) struct Hash {
    pub(super) first: u64,
    state: State,
}

impl Hash {
    #[inline]
    pub(super) fn second(&self) -> u64 {
        let mut state = self.state;
        state.b ^= 0xdd;
        state.finish()
    }
}

#[derive(Clone, Copy)]
struct State {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
}

impl State {
    #[inline]
    fn take(&mut self, word: u64) {
        self.d ^= word;
        self.round();
        self.a ^= word;
    }

    #[inline]
    fn finish(&mut self) -> u64 {
        for _ in 0..3 {
            self.round();
        }
        self.a ^ self.b ^ self.c ^ self.d
    }

    #[inline]
    fn round(&mut self) {
        self.a = self.a.wrapping_add(self.b);
        self.c = self.c.wrapping_add(self.d);
        self.b = self.b.rotate_left(13) ^ self.a;
        self.d = self.d.rotate_left(16) ^ self.c;
        self.a = self.a.rotate_left(32);
        self.c = self.c.wrapping_add(self.b);
        self.a = self.a.wrapping_add(self.d);
        self.b = self.b.rotate_left(17) ^ self.c;
        self.d = self.d.rotate_left(21) ^ self.a;
        self.c = self.c.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the bytes 0, 1, 2, ... under the key 0, 1, ... 15; by the `siphasher` crate.
    const VECTORS: [(usize, u64, u64); 10] = [
        (0, 0xbea5_8827_b2bc_7ee7, 0x0130_30dd_6adb_62fd),
        (1, 0xa8ed_d360_0437_6ffc, 0x63f0_2f2b_cc73_055e),
        (7, 0xc3e0_aaf2_23b9_8410, 0x77ab_4808_c82e_2fa6),
        (8, 0xb4da_e3d5_e1fe_12aa, 0x99c7_f935_ab16_4f72),
        (9, 0x9439_f32c_04b8_dd81, 0x427c_1394_000e_72f4),
        (16, 0xeb8e_5115_57d9_a8d0, 0x9317_9e3d_f8b0_13b5),
        (36, 0xda8e_7102_f010_a137, 0x40f1_53e4_9e3f_4bd2),
        (64, 0x36a5_4a4b_f2de_5312, 0xc266_6aba_59a7_c84e),
        (255, 0xa558_210a_c1a4_28f5, 0xe93e_bbae_d065_a4f1),
        (256, 0x5a02_0c3a_248b_6cf5, 0x7a70_9cb9_a27a_686a),
    ];

    #[test]
    fn it_is_siphash_1_3_of_128_bits() {
        let key = Key([0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
        for (length, first, second) in VECTORS {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let hash = key.hash(&bytes);
            assert_eq!((hash.first, hash.second()), (first, second), "{length} bytes");
        }
    }

    #[test]
    fn no_two_keys_are_alike() {
        let hashes = [(); 4].map(|()| Key::random().hash(b"id").first);
        assert!((1..4).all(|place| !hashes[..place].contains(&hashes[place])));
    }
}
