//! Rate limits: what people write, the one arithmetic behind it, and the limits in memory.

mod gcra;
mod rate;

pub use self::{
    gcra::{refund, take},
    rate::{InvalidRate, Rate, Rates},
};
