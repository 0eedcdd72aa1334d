//! `countersign keys`

use clap::{Args, Subcommand};
use countersign::engine::{Engine, ops::actor::Actor};

use crate::{failure::Failure, output::Output, source::Source, views::KeyRow};

/// List, rotate and revoke signing keys.
#[derive(Args, Debug)]
#[command(after_help = "\
Keys rotate by themselves; the next one is published long before it signs.

Examples:
  countersign keys list
  countersign keys rotate             the next key signs as soon as everybody can know it
  countersign keys compromise KID     nothing that this key signed is good any more, anywhere")]
pub(crate) struct Keys {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the keys and what each is doing
    List,
    /// Let the next key sign as soon as it may; tokens in flight stay good
    Rotate,
    /// Declare a key compromised: its tokens die at once, for ever
    Compromise {
        /// The key's id
        kid: String,
    },
}

impl Keys {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let auth = self.source.open().await?;
        let result = self.action.run(auth.engine(), self.output).await;
        auth.close().await;
        result
    }
}

impl Action {
    async fn run(self, engine: &Engine, output: Output) -> Result<(), Failure> {
        let actor = &Actor::cli();
        let key = match self {
            Self::List => {
                let keys = engine.list_keys().await?;
                let rows: Vec<KeyRow> = keys.into_iter().map(Into::into).collect();
                return output.many(&rows, "there are no keys");
            }
            Self::Rotate => engine.rotate_keys(actor).await?,
            Self::Compromise { kid } => engine.compromise_key(&kid, actor).await?,
        };
        output.one(&KeyRow::from(key))
    }
}
