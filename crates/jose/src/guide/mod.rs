//! Pages to read, with nothing to call: what a token is, what is refused and why, what to choose.
//!
//! - [`anatomy`]: what a token is made of, on the RFC's first example.
//! - [`attacks`]: how tokens have been forged, and what stands in the way here.
//! - [`choosing`]: which algorithm, which key, which claims, which lifetime.

pub mod anatomy;
pub mod attacks;
pub mod choosing;
