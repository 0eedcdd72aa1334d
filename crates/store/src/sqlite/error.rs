//! What SQLite's failures mean to the engine. The only place that knows its codes.
//!
//! SQLite's messages name tables and columns, never the values that are bound.

use countersign_engine::store::StoreError;
use rusqlite::{Error, ErrorCode};

/// What a failure of the driver means.
pub(super) fn from_driver(error: Error) -> StoreError {
    match error {
        Error::SqliteFailure(failure, message) => {
            from_code(failure.code, message.unwrap_or_else(|| failure.to_string()))
        }
        Error::FromSqlConversionFailure(column, ..) | Error::IntegralValueOutOfRange(column, _) => {
            StoreError::corrupt(format_args!("column {column} of a row has no valid value"))
        }
        Error::InvalidColumnType(column, name, found) => {
            StoreError::corrupt(format_args!("column {column} ({name}) holds {found}"))
        }
        Error::QueryReturnedNoRows => StoreError::corrupt("a row that must be there is not"),
        other => StoreError::unavailable(other),
    }
}

fn from_code(code: ErrorCode, message: String) -> StoreError {
    match code {
        ErrorCode::NotADatabase => {
            StoreError::corrupt("the file is no SQLite database, or it is encrypted")
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => {
            StoreError::corrupt(message)
        }
        ErrorCode::DiskFull => StoreError::unavailable("the disk is full"),
        ErrorCode::ReadOnly => StoreError::unavailable("the file cannot be written"),
        _ => StoreError::unavailable(message),
    }
}

/// Whether another connection holds the lock, and trying again may help.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What a COMMIT that failed means. A full disk means that its last frame was never written whole,
/// and a busy one that it was never tried; with anything else it may be on the disk.
pub(super) fn from_commit(error: Error) -> StoreError {
    let certain = is_busy(&error) || error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    match from_driver(error) {
        StoreError::Unavailable { reason, .. } => {
            StoreError::Unavailable { reason, outcome_unknown: !certain }
        }
        other => StoreError::Unavailable { reason: other.to_string(), outcome_unknown: true },
    }
}

/// The same answer for another caller of the same transaction.
pub(super) fn repeated(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { reason, outcome_unknown } => {
            StoreError::Unavailable { reason: reason.clone(), outcome_unknown: *outcome_unknown }
        }
        other => StoreError::unavailable(other),
    }
}
