//! `countersign migrate`

use clap::Args;
use countersign::migrate;
use serde_json::json;

use crate::{failure::Failure, output::Output, source::Source};

/// Bring the database's schema to this version; make a copy of the database first.
#[derive(Args, Debug)]
pub(crate) struct Migrate {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = self.source.settings()?;
        let (from, to) = migrate(settings.database()).await?;
        let sentence = if from == to {
            format!("the schema is at version {to} already")
        } else {
            format!("the schema went from version {from} to {to}")
        };
        self.output.done(&sentence, &json!({"from": from, "to": to}))
    }
}
