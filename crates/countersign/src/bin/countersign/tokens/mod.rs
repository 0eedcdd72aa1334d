//! What `countersign token` and `countersign doctor --token` know of tokens: where they come from,
//! what their members mean, and why one is refused. Nothing here repeats a whole token or its
//! signature: whoever has those has the rights that they give.

pub(crate) mod claims;
pub(crate) mod clock;
pub(crate) mod explained;
pub(crate) mod input;
pub(crate) mod policy;
mod refused_by;
mod registry;
pub(crate) mod verdict;
pub(crate) mod words;
