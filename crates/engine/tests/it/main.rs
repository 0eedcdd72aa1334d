//! The engine: its store contracts, its decisions, its operations.

mod architecture;
mod conformance;
mod error_table;
mod planted_faults;
mod sessions;
