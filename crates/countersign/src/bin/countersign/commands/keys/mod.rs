//! `countersign keys`: the signing keys of a service, and keys as files.

mod convert;
mod generate;

use clap::{Args, Subcommand};
use countersign::engine::{Engine, ops::actor::Actor};

use self::{convert::Convert, generate::Generate};
use crate::{
    failure::Failure,
    output::Output,
    source::{Source, SourceBefore},
    views::KeyRow,
};

/// The service's signing keys; and keys as files: make them, convert them.
#[derive(Args, Debug)]
#[command(after_help = "\
A service's keys rotate by themselves; the next one is published long before it signs.

Examples:
  countersign keys list
  countersign keys rotate             the next key signs as soon as everybody can know it
  countersign keys compromise KID     nothing that this key signed is good any more, anywhere

Files need no service and no database:
  countersign keys generate --out private.jwk --public-out public.jwk
  countersign keys convert private.jwk --to pem          the public key; the private one stays")]
pub(crate) struct Keys {
    #[command(subcommand)]
    action: Action,
    // Before `output`, which stays a flag of every subcommand.
    #[command(flatten)]
    source: SourceBefore,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the service's keys and what each is doing
    List(Ring),
    /// Let the next key sign as soon as it may; tokens in flight stay good
    Rotate(Ring),
    /// Declare a key compromised: its tokens die at once, for ever
    Compromise {
        /// The key's id
        kid: String,
        #[command(flatten)]
        ring: Ring,
    },
    /// Make a key: a new file that only you may read
    Generate(Generate),
    /// Write a key in another form: its public half, unless the private one is asked for
    Convert(Convert),
}

/// Whose keys.
#[derive(Args, Debug)]
struct Ring {
    #[command(flatten)]
    source: Source,
}

impl Keys {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Self { action, source, output } = self;
        match action {
            Action::List(ring) => ring.behind(source).list(output).await,
            Action::Rotate(ring) => ring.behind(source).change(output, None).await,
            Action::Compromise { kid, ring } => {
                ring.behind(source).change(output, Some(&kid)).await
            }
            Action::Generate(command) => {
                source.unused("keys generate")?;
                command.run(output)
            }
            Action::Convert(command) => {
                source.unused("keys convert")?;
                command.run()
            }
        }
    }
}

impl Ring {
    fn behind(self, before: SourceBefore) -> Self {
        Self { source: before.and(self.source) }
    }

    async fn list(&self, output: Output) -> Result<(), Failure> {
        let auth = self.source.open().await?;
        let keys = auth.engine().list_keys().await;
        auth.close().await;
        let rows: Vec<KeyRow> = keys?.into_iter().map(Into::into).collect();
        output.many(&rows, "there are no keys")
    }

    /// Rotates the keys, or declares one compromised.
    async fn change(&self, output: Output, compromised: Option<&str>) -> Result<(), Failure> {
        let auth = self.source.open().await?;
        let changed = change(auth.engine(), compromised).await;
        auth.close().await;
        output.one(&changed?)
    }
}

async fn change(engine: &Engine, compromised: Option<&str>) -> Result<KeyRow, Failure> {
    let actor = &Actor::cli();
    let key = match compromised {
        Some(kid) => engine.compromise_key(kid, actor).await?,
        None => engine.rotate_keys(actor).await?,
    };
    Ok(KeyRow::from(key))
}
