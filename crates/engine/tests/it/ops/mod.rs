//! The operations, one file each, on the store in memory with time and randomness set by hand.

mod flaky;
mod world;

mod admin_users;
mod change_password;
mod clients;
mod feed;
mod import_users;
mod introspect;
mod keys;
mod limits;
mod login;
mod logout;
mod open;
mod refresh;
mod register;
mod revoke;
mod sessions;
mod start_session;
