//! How statements are named and run. Every one is a constant, prepared once a connection.

use countersign_engine::store::Result;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::error::from_driver;

/// Names a file's statements; the test that prepares all of them finds them in `ALL`.
macro_rules! statements {
    ($($(#[doc = $doc:literal])* $name:ident = $sql:expr;)*) => {
        $($(#[doc = $doc])* const $name: &str = $sql;)*

        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($name),*];
    };
}
pub(super) use statements;

/// Runs a statement that answers no rows; how many rows it changed.
pub(super) fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    let mut statement = connection.prepare_cached(sql).map_err(from_driver)?;
    statement.execute(params).map_err(from_driver)
}

/// The row, if there is one.
pub(super) fn optional<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(from_driver)?;
    statement.query_row(params, read).optional().map_err(from_driver)
}

/// The row that is always there.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T> {
    let mut statement = connection.prepare_cached(sql).map_err(from_driver)?;
    statement.query_row(params, read).map_err(from_driver)
}

/// Whether there is any row.
pub(super) fn exists(connection: &Connection, sql: &str, params: impl Params) -> Result<bool> {
    optional(connection, sql, params, |_| Ok(())).map(|row| row.is_some())
}

/// All rows.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(from_driver)?;
    let rows = statement.query_map(params, read).map_err(from_driver)?;
    rows.collect::<rusqlite::Result<_>>().map_err(from_driver)
}
