//! The memory store passes the suite, and the suite notices broken promises.

use std::sync::Arc;

use countersign_engine::{store::Store, testing::MemoryStore};

async fn open() -> (Arc<dyn Store>, ()) {
    (Arc::new(MemoryStore::new()), ())
}

countersign_engine::conformance_tests!(crate::conformance::open);
