//! What every handler shares.

use std::sync::{Arc, atomic::AtomicBool};

use axum::body::Bytes;
use countersign_engine::Engine;

use crate::{config::HttpConfig, metadata, metrics::Metrics, openapi};

/// What every handler shares; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct AppState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    config: HttpConfig,
    metrics: Metrics,
    metadata: Bytes,
    openapi: Bytes,
    warned_of_proxy: AtomicBool,
}

impl AppState {
    pub(crate) fn new(engine: Engine, config: HttpConfig) -> Self {
        let issuer = &engine.config().issuer;
        let metadata = metadata::render(issuer, &config);
        let openapi = openapi::render(issuer, &config);
        let metrics = Metrics::new(&engine);
        let warned_of_proxy = AtomicBool::new(false);
        Self(Arc::new(Inner { engine, config, metrics, metadata, openapi, warned_of_proxy }))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn config(&self) -> &HttpConfig {
        &self.0.config
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The RFC 8414 document.
    pub(crate) fn metadata(&self) -> Bytes {
        self.0.metadata.clone()
    }

    /// The OpenAPI document.
    pub(crate) fn openapi(&self) -> Bytes {
        self.0.openapi.clone()
    }

    /// Whether somebody has been warned of a proxy that is not trusted.
    pub(crate) fn warned_of_proxy(&self) -> &AtomicBool {
        &self.0.warned_of_proxy
    }
}
