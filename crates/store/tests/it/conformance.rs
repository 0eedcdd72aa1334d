use std::sync::Arc;

use countersign_engine::store::Store;
use countersign_store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

async fn open() -> (Arc<dyn Store>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(folder.path().join("auth.db"));
    (Arc::new(SqliteStore::open(&options).unwrap()), folder)
}

countersign_engine::conformance_tests!(crate::conformance::open);
