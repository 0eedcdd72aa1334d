//! Pages to read, with nothing to call: what this crate refuses and why, and what to choose.
//!
//! - [`attacks`]: how tokens have been forged, and what stands in the way here.
//! - [`choosing`]: which algorithm, which key, which claims, which lifetime.

pub mod attacks;
pub mod choosing;
