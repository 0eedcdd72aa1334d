//! `countersign clients`

use clap::{Args, Subcommand, ValueEnum};
use countersign::engine::{
    Engine,
    clients::ClientKind,
    ops::{actor::Actor, clients::AddClientRequest},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    failure::Failure,
    output::Output,
    source::{Source, open_existing},
    views::ClientRow,
};

/// Register services and applications.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign clients add reports-api --kind resource-server --audience api
                              prints its secret once; it may introspect and follow revocations
  countersign clients rotate reports-api      another secret; the old one is dead at once")]
pub(crate) struct Clients {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a client; its secret is shown once. --audience says what it may ask about
    Add {
        /// The client's id: 1 to 64 of a-z 0-9 -, starting with a letter
        id: String,
        /// What it is
        #[arg(long, value_enum, default_value_t = Kind::ResourceServer)]
        kind: Kind,
        /// A scope that it may have; may be repeated
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
    },
    /// List clients
    List,
    /// Give a client another secret
    Rotate(Client),
    /// Disable a client; its access tokens are refused
    Disable(Client),
    /// Enable a client again
    Enable(Client),
    /// Delete a client; its sessions end
    Delete(Client),
}

#[derive(Args, Debug)]
struct Client {
    /// The client's id
    id: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A service that verifies tokens
    #[value(alias = "resource_server")]
    ResourceServer,
    /// An application that cannot keep a secret
    Public,
    /// An application that can
    Confidential,
}

impl From<Kind> for ClientKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::ResourceServer => Self::ResourceServer,
            Kind::Public => Self::Public,
            Kind::Confidential => Self::Confidential,
        }
    }
}

impl Clients {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut settings = self.source.settings_without_audience()?;
        let adds = matches!(self.action, Action::Add { .. });
        if settings.audiences().is_empty() {
            // Nothing is configured to compare with: what is asked for is what there is.
            self.source.add_audience(&mut settings)?;
            if adds && settings.audiences().is_empty() {
                return Err(Failure::input(
                    "which audience may it ask about? Give --audience NAME",
                ));
            }
        }
        let auth = open_existing(settings).await?;
        let asked = self.source.audience;
        let result = self.action.run(auth.engine(), asked, self.output).await;
        auth.close().await;
        result
    }
}

impl Action {
    async fn run(
        self,
        engine: &Engine,
        audiences: Vec<String>,
        output: Output,
    ) -> Result<(), Failure> {
        let actor = &Actor::cli();
        let client = match self {
            Self::Add { id, kind, scope } => {
                let request = AddClientRequest {
                    id,
                    kind: kind.into(),
                    audiences: audiences.into_iter().collect(),
                    scopes: scope.into_iter().collect(),
                };
                let (client, secret) = engine.add_client(request, actor).await?;
                return show_secret(client.id.as_str(), secret.as_ref(), output);
            }
            Self::List => {
                let clients = engine.list_clients().await?;
                let rows: Vec<ClientRow> = clients.into_iter().map(Into::into).collect();
                return output.many(&rows, "there are no clients");
            }
            Self::Rotate(client) => {
                let secret = engine.rotate_client_secret(&client.id, actor).await?;
                return show_secret(&client.id, Some(&secret), output);
            }
            Self::Disable(client) => engine.disable_client(&client.id, actor).await?,
            Self::Enable(client) => engine.enable_client(&client.id, actor).await?,
            Self::Delete(client) => {
                engine.delete_client(&client.id, actor).await?;
                let object = json!({"deleted": client.id});
                return output.done(&format!("deleted {}", client.id), &object);
            }
        };
        output.one(&ClientRow::from(client))
    }
}

/// It is kept nowhere: this is the one time.
fn show_secret(id: &str, secret: Option<&SecretString>, output: Output) -> Result<(), Failure> {
    let Some(secret) = secret.map(ExposeSecret::expose_secret) else {
        return output.done(&format!("{id} is there; it has no secret"), &json!({"client_id": id}));
    };
    let sentence = format!(
        "client id      {id}\nclient secret  {secret}\nThe secret is not kept and not shown again."
    );
    output.done(&sentence, &json!({"client_id": id, "client_secret": secret}))
}
