//! SipHash-1-3 with an answer of 128 bits.
//!
//! It is what `std` hashes its maps with, and for the same reason: who chooses the ids but does not
//! know the key cannot make two of them meet. The one of `std` gives 64 bits.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use siphasher::sip128::{Hash128, SipHasher13};

/// A secret key; others for each kind of ids.
pub(crate) struct Key(SipHasher13);

impl Key {
    pub(crate) fn random() -> Self {
        // Itself a keyed hash, under a key that the operating system drew.
        let random = RandomState::new();
        Self(SipHasher13::new_with_keys(random.hash_one(0_u64), random.hash_one(1_u64)))
    }

    #[inline]
    pub(super) fn hash(&self, bytes: &[u8]) -> Hash128 {
        self.0.hash(bytes)
    }
}

/// A key that is known is none.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_alike() {
        let hashes = [(); 4].map(|()| Key::random().hash(b"id").h1);
        assert!((1..4).all(|place| !hashes[..place].contains(&hashes[place])));
    }
}
