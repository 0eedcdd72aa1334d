//! The SQLite store: the suite that every store passes, and what is special about files.

mod conformance;
