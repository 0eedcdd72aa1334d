//! The only SQL of Countersign: the engine's store traits on a database.
//!
//! Every database has a folder with the same file names, one for each trait, and passes the suite
//! in `countersign_engine::testing::conformance`. No database type leaves this crate.

pub mod sqlite;
