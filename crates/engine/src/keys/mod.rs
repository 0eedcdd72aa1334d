//! The key ring: which key signs, which verify, and when the next one comes.

mod plan;
mod ring;

pub use self::{
    plan::{KeyState, RingTimes, signing, state, verifying},
    ring::KeyRing,
};
pub(crate) use self::{
    plan::{compromise, need, retire, rotate},
    ring::make as make_key,
};
