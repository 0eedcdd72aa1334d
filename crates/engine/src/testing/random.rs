//! Bytes that look random and are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};

use crate::random::Random;

/// SHA-256 of a seed and a counter: the same bytes in every run. Anybody can foretell them, so
/// nothing but tests may use it.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: AtomicU64,
}

impl SeededRandom {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.counter.fetch_add(1, Ordering::SeqCst);
            let input = [self.seed.to_be_bytes(), block.to_be_bytes()].concat();
            for (byte, value) in chunk.iter_mut().zip(digest(&SHA256, &input).as_ref()) {
                *byte = *value;
            }
        }
    }
}
