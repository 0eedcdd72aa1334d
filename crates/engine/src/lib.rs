//! What authentication means: accounts, sessions, key ring, limits, events.

pub mod clients;
pub mod events;
pub mod ids;
pub mod limits;
pub mod random;
pub mod sessions;
pub mod store;
pub mod users;
