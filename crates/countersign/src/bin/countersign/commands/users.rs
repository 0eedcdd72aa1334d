//! `countersign users`

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use countersign::engine::{
    Engine,
    ops::{
        actor::Actor,
        admin_users::{AddUserRequest, GrantsRequest, UserQuery},
    },
};
use serde_json::{Map, json};

use super::password;
use crate::{failure::Failure, import::ImportArgs, output::Output, source::Source, views::UserRow};

/// Add, list and change users.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign users add ada --email ada@example.com --role editor --scope reports:read
  countersign users add root --scope countersign:admin      may use /admin/...
  printf %s \"$PASSWORD\" | countersign users add ada --password-stdin --json
  countersign users import users.csv --dry-run
  countersign users disable ada         ends all sessions; access tokens die at once")]
pub(crate) struct Users {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a user; asks for the password on a terminal
    Add(Add),
    /// List users
    List {
        /// Only names with this in them
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one user
    Show(User),
    /// Disable a user: all sessions end, all access tokens die
    Disable(User),
    /// Enable a user again
    Enable(User),
    /// Set a password; all sessions end
    Passwd {
        #[command(flatten)]
        user: User,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give roles and scopes, from the next refresh on
    Grant(Grants),
    /// Take roles and scopes away, at once
    Ungrant(Grants),
    /// Import users of another system, with their password hashes
    Import(ImportArgs),
    /// Delete a user; the name becomes free, the id never returns
    Delete(User),
}

#[derive(Args, Debug)]
struct User {
    /// The user's name or id
    #[arg(value_name = "USER")]
    name: String,
}

#[derive(Args, Debug)]
struct Add {
    /// The user name
    name: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// The e-mail address
    #[arg(long)]
    email: Option<String>,
    /// A role; may be repeated
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// A scope; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

#[derive(Args, Debug)]
struct Grants {
    #[command(flatten)]
    user: User,
    /// A role; may be repeated
    #[arg(long, value_name = "ROLE", required_unless_present = "scope")]
    role: Vec<String>,
    /// A scope; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

impl Users {
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
        let user = match self {
            Self::Add(add) => add.run(engine, actor).await?,
            Self::List { search } => return list(engine, search, output).await,
            Self::Show(user) => engine.user(&user.name).await?,
            Self::Disable(user) => engine.disable_user(&user.name, actor).await?,
            Self::Enable(user) => engine.enable_user(&user.name, actor).await?,
            Self::Passwd { user, password_stdin } => {
                // Before a password is typed for nobody.
                engine.user(&user.name).await?;
                let password = password::read_new(password_stdin)?;
                engine.set_user_password(&user.name, &password, actor).await?
            }
            Self::Grant(grants) => grants.change(engine, actor, BTreeSet::insert).await?,
            Self::Ungrant(grants) => {
                grants.change(engine, actor, |all, name| all.remove(&name)).await?
            }
            Self::Import(import) => return import.run(engine, output).await,
            Self::Delete(user) => {
                let id = engine.user(&user.name).await?.id;
                engine.delete_user(id.as_str(), actor).await?;
                let object = json!({"deleted": id.as_str()});
                return output.done(&format!("deleted {} ({id})", user.name), &object);
            }
        };
        output.one(&UserRow::from(user))
    }
}

async fn list(engine: &Engine, search: Option<String>, output: Output) -> Result<(), Failure> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let query = UserQuery { after, search: search.clone(), limit: 500 };
        let page = engine.list_users(query).await?;
        after = page.users.last().map(|user| user.id.as_str().to_owned());
        rows.extend(page.users.into_iter().map(UserRow::from));
        if !page.more {
            return output.many(&rows, "there are no users");
        }
    }
}

type UserRecord = countersign::engine::users::User;

impl Add {
    async fn run(self, engine: &Engine, actor: &Actor) -> Result<UserRecord, Failure> {
        let password = password::read_new(self.password_stdin)?;
        let request = AddUserRequest {
            username: self.name,
            password: Some(password),
            email: self.email,
            roles: self.role.into_iter().collect(),
            scopes: self.scope.into_iter().collect(),
            claims: Map::new(),
        };
        Ok(engine.add_user(request, actor).await?)
    }
}

impl Grants {
    async fn change(
        self,
        engine: &Engine,
        actor: &Actor,
        each: impl Fn(&mut BTreeSet<String>, String) -> bool,
    ) -> Result<UserRecord, Failure> {
        let user = engine.user(&self.user.name).await?;
        let (mut roles, mut scopes) = (user.roles, user.scopes);
        for role in self.role {
            each(&mut roles, role);
        }
        for scope in self.scope {
            each(&mut scopes, scope);
        }
        let grants = GrantsRequest { roles: Some(roles), scopes: Some(scopes) };
        Ok(engine.change_user_grants(user.id.as_str(), grants, actor).await?)
    }
}
