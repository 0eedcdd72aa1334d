//! `countersign init`

use clap::Args;
use countersign::{Countersign, DatabaseUrl, OpenError, config::MasterKeySource, stored_issuer};
use serde_json::json;

use crate::{failure::Failure, output::Output, source::Source};

/// Make the database, its master key file and the signing keys, without serving.
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  countersign init --database sqlite:////var/lib/countersign/auth.db \\
      --issuer https://auth.example.com --audience api")]
pub(crate) struct Init {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

impl Init {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let config = self.source.settings()?.build()?;
        let DatabaseUrl::Sqlite { path } = &config.database else {
            return Err(Failure::input("only SQLite databases can be made"));
        };
        let database = path.display().to_string();
        let key = match &config.master_key {
            MasterKeySource::Text(_) => "COUNTERSIGN_MASTER_KEY".to_owned(),
            MasterKeySource::File(path) => path.display().to_string(),
            _ => format!("{database}.key"),
        };
        let made = match stored_issuer(&config.database).await {
            Ok(issuer) => issuer.is_none(),
            Err(OpenError::NoDatabase { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        let issuer = config.engine.issuer.clone();
        Countersign::open(config).await?.close().await;
        let object =
            json!({"database": database, "master_key": key, "issuer": issuer, "made": made});
        let state = if made { "made" } else { "was there already, and is complete" };
        let sentence = format!(
            "database    {database} ({state})\n\
             master key  {key}\n\
             issuer      {issuer}\n\n\
             Next:\n  \
             keep a copy of the master key apart from the database's backup\n  \
             countersign users add NAME --scope countersign:admin\n  \
             countersign serve"
        );
        self.output.done(&sentence, &object)
    }
}
