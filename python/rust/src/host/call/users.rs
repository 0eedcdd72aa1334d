//! Administration of users and their sessions.

use std::collections::BTreeSet;

use countersign::{
    engine::{
        Result,
        ops::admin_users::{AddUserRequest, GrantsRequest, UserQuery},
    },
    http::schemas::{SessionListBody, UserDetailBody, UserPageBody},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, Call, done, shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListUsers {
    after: Option<String>,
    search: Option<String>,
    #[serde(default)]
    limit: usize,
}

pub(super) async fn list_users(call: &Call) -> Result<Answer> {
    call.actor()?;
    let ListUsers { after, search, limit } = call.arguments()?;
    let page = call.engine.list_users(UserQuery { after, search, limit }).await?;
    shown(&UserPageBody::from(page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    user: String,
}

pub(super) async fn user(call: &Call) -> Result<Answer> {
    call.actor()?;
    let Named { user } = call.arguments()?;
    shown(&UserDetailBody::from(call.engine.user(&user).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddUser {
    username: String,
    password: Option<SecretString>,
    email: Option<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
    #[serde(default)]
    scopes: BTreeSet<String>,
    #[serde(default)]
    claims: Map<String, Value>,
}

pub(super) async fn add_user(call: &Call) -> Result<Answer> {
    let AddUser { username, password, email, roles, scopes, claims } = call.arguments()?;
    let request = AddUserRequest { username, password, email, roles, scopes, claims };
    shown(&UserDetailBody::from(call.engine.add_user(request, &call.actor()?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grants {
    user: String,
    roles: Option<BTreeSet<String>>,
    scopes: Option<BTreeSet<String>>,
}

pub(super) async fn set_grants(call: &Call) -> Result<Answer> {
    let Grants { user, roles, scopes } = call.arguments()?;
    let grants = GrantsRequest { roles, scopes };
    let user = call.engine.change_user_grants(&user, grants, &call.actor()?).await?;
    shown(&UserDetailBody::from(user))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    user: String,
    claims: Map<String, Value>,
}

pub(super) async fn set_claims(call: &Call) -> Result<Answer> {
    let Claims { user, claims } = call.arguments()?;
    let user = call.engine.set_user_claims(&user, claims, &call.actor()?).await?;
    shown(&UserDetailBody::from(user))
}

pub(super) async fn disable_user(call: &Call) -> Result<Answer> {
    let Named { user } = call.arguments()?;
    shown(&UserDetailBody::from(call.engine.disable_user(&user, &call.actor()?).await?))
}

pub(super) async fn enable_user(call: &Call) -> Result<Answer> {
    let Named { user } = call.arguments()?;
    shown(&UserDetailBody::from(call.engine.enable_user(&user, &call.actor()?).await?))
}

pub(super) async fn delete_user(call: &Call) -> Result<Answer> {
    let Named { user } = call.arguments()?;
    done(call.engine.delete_user(&user, &call.actor()?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Password {
    user: String,
    password: SecretString,
}

pub(super) async fn set_password(call: &Call) -> Result<Answer> {
    let Password { user, password } = call.arguments()?;
    call.engine.set_user_password(&user, &password, &call.actor()?).await?;
    done(())
}

pub(super) async fn user_sessions(call: &Call) -> Result<Answer> {
    call.actor()?;
    let Named { user } = call.arguments()?;
    shown(&SessionListBody::from(call.engine.user_sessions(&user).await?))
}

pub(super) async fn end_user_sessions(call: &Call) -> Result<Answer> {
    let Named { user } = call.arguments()?;
    done(call.engine.end_user_sessions(&user, &call.actor()?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Session {
    id: String,
}

pub(super) async fn end_session(call: &Call) -> Result<Answer> {
    let Session { id } = call.arguments()?;
    done(call.engine.end_session(&id, &call.actor()?).await?)
}
