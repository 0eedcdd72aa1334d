//! `countersign sessions`

use clap::{Args, Subcommand};
use countersign::engine::{Engine, ops::actor::Actor};
use serde_json::json;

use crate::{failure::Failure, output::Output, source::Source, views::SessionRow};

/// List and end sessions.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign sessions list ada
  countersign sessions revoke 0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d71
  countersign sessions revoke --user ada        all of them; access tokens die at once")]
pub(crate) struct Sessions {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List a user's live sessions
    List {
        /// The user's name or id
        user: String,
    },
    /// End one session, or all of a user
    Revoke {
        /// The session's id
        #[arg(required_unless_present = "user", conflicts_with = "user")]
        session: Option<String>,
        /// All sessions of this user
        #[arg(long)]
        user: Option<String>,
    },
}

impl Sessions {
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
        match self {
            Self::List { user } => {
                let sessions = engine.user_sessions(&user).await?;
                let rows: Vec<SessionRow> = sessions.into_iter().map(Into::into).collect();
                output.many(&rows, "there are no live sessions")
            }
            Self::Revoke { user: Some(user), .. } => {
                engine.end_user_sessions(&user, actor).await?;
                output.done(&format!("all sessions of {user} have ended"), &json!({"user": user}))
            }
            Self::Revoke { session, .. } => {
                let session = session.unwrap_or_default();
                engine.end_session(&session, actor).await?;
                output.done(&format!("{session} has ended"), &json!({"session": session}))
            }
        }
    }
}
