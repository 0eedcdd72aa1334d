//! One file a route: what it reads, which operation it calls, what it answers. The failures that a
//! route can answer stand in `openapi/failures.rs`, and their shape in `error.rs`.

pub(crate) mod admin_clients;
pub(crate) mod admin_events;
pub(crate) mod admin_keys;
pub(crate) mod admin_sessions;
pub(crate) mod admin_users;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod metadata;
pub(crate) mod operations;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod revocations;
pub(crate) mod revoke;
pub(crate) mod sessions;
pub(crate) mod token;
