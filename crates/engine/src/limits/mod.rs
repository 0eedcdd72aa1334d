//! Rate limits: what people write, the one arithmetic behind it, and the limits in memory.

mod address;
mod gcra;
mod local;
mod rate;

pub use self::{
    address::network,
    gcra::{refund, take},
    local::{LocalLimiter, LocalOutcome},
    rate::{InvalidRate, Rate, Rates},
};
