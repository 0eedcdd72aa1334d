//! One's own account.

use countersign::{
    engine::{
        Result,
        ops::{change_password::ChangePasswordRequest, me::UpdateAccountRequest},
    },
    http::schemas::{OwnSessionListBody, TokenBody, UserBody},
};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Answer, Call, done, shown};

pub(super) async fn me(call: &Call) -> Result<Answer> {
    shown(&UserBody::from(call.engine.me(call.principal()?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateAccount {
    email: Option<String>,
    current_password: SecretString,
}

pub(super) async fn update_account(call: &Call) -> Result<Answer> {
    let UpdateAccount { email, current_password } = call.arguments()?;
    let request = UpdateAccountRequest { email, current_password };
    let user = call.engine.update_account(call.principal()?, request, &call.origin).await?;
    shown(&UserBody::from(user))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    current_password: SecretString,
    new_password: SecretString,
}

pub(super) async fn change_password(call: &Call) -> Result<Answer> {
    let ChangePassword { current_password, new_password } = call.arguments()?;
    let request = ChangePasswordRequest { current_password, new_password };
    let tokens = call.engine.change_password(call.principal()?, request, &call.origin).await?;
    shown(&TokenBody::from(tokens))
}

pub(super) async fn sessions(call: &Call) -> Result<Answer> {
    let principal = call.principal()?;
    let sessions = call.engine.sessions(principal).await?;
    shown(&OwnSessionListBody::new(sessions, principal.session_id()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndOwnSession {
    id: String,
}

pub(super) async fn end_own_session(call: &Call) -> Result<Answer> {
    let EndOwnSession { id } = call.arguments()?;
    done(call.engine.end_own_session(call.principal()?, &id, &call.origin).await?)
}
