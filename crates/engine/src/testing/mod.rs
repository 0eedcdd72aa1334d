//! What tests of the engine, of its stores and of its hosts need: a store in memory, a clock and a
//! randomness that are set by hand, and the suite that every store passes. Never for production.

mod clock;
pub mod conformance;
mod memory;
mod random;

pub use self::{clock::FakeClock, memory::MemoryStore, random::SeededRandom};
