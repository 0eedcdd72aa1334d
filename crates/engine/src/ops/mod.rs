//! The operations: one a file, each a method of [`Engine`](crate::Engine).

pub mod actor;
pub mod admin_users;
pub mod callers;
pub mod change_password;
pub mod checks;
pub mod clients;
pub mod events;
pub mod feed;
pub mod import_users;
pub mod introspect;
pub mod keys;
pub mod login;
pub mod logout;
mod lost;
pub mod me;
pub mod purge;
pub mod refresh;
pub mod register;
pub mod revoke;
pub mod sessions;
pub mod start_session;
