//! `countersign openapi`

use clap::Args;
use countersign::{config::Origin, http};

use crate::{failure::Failure, output, source::Source};

/// Print the OpenAPI document of the routes that the configuration switches on.
#[derive(Args, Debug)]
pub(crate) struct OpenApi {
    #[command(flatten)]
    source: Source,
}

impl OpenApi {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut settings = self.source.settings()?;
        // The document of a service that is not configured yet is still worth reading.
        for (key, value) in [("issuer", "http://127.0.0.1:8080"), ("audience", "api")] {
            if !settings.is_set(key) {
                settings.set(key, value, Origin::Code)?;
            }
        }
        let config = settings.build()?;
        output::json(&http::openapi(&config.engine.issuer, &config.http))
    }
}
