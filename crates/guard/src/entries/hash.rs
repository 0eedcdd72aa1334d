//! SipHash-1-3 under two keys, the second of which is used when the first has found something.
//!
//! It is what `std` hashes its maps with, and for the same reason: who chooses the ids but does not
//! know the keys cannot make two of them meet. The one of `std` buffers, which takes twice as long.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use siphasher::sip::SipHasher13;

/// Two secret keys; others for each kind of ids.
pub(crate) struct Key {
    first: SipHasher13,
    second: SipHasher13,
}

impl Key {
    pub(crate) fn random() -> Self {
        // Itself a keyed hash, under a key that the operating system drew.
        let random = RandomState::new();
        let key = |number: u64| {
            SipHasher13::new_with_keys(random.hash_one(2 * number), random.hash_one(2 * number + 1))
        };
        Self { first: key(0), second: key(1) }
    }

    #[inline]
    pub(super) fn first(&self, id: &str) -> u64 {
        self.first.hash(id.as_bytes())
    }

    #[inline]
    pub(super) fn second(&self, id: &str) -> u64 {
        self.second.hash(id.as_bytes())
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
        let keys = [(); 4].map(|()| Key::random());
        let hashes: Vec<u64> =
            keys.iter().flat_map(|key| [key.first("id"), key.second("id")]).collect();
        assert!((1..8).all(|place| !hashes[..place].contains(&hashes[place])));
    }
}
