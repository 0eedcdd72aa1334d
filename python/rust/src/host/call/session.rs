//! Log-in, refresh, log-out, revocation.

use std::collections::BTreeSet;

use countersign::{
    engine::{
        Error, Result,
        ids::UserId,
        ops::{
            callers::ClientCredentials, login::LoginRequest, logout::LogoutProof,
            refresh::RefreshRequest, register::RegisterRequest, revoke::RevokeRequest,
            start_session::StartSessionRequest,
        },
    },
    http::schemas::{TokenBody, UserBody},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, Call, done, shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    username: String,
    password: SecretString,
    email: Option<String>,
}

pub(super) async fn register(call: &Call) -> Result<Answer> {
    let Registration { username, password, email } = call.arguments()?;
    let request = RegisterRequest { username, password, email };
    shown(&UserBody::from(call.engine.register(request, &call.origin).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    username: String,
    password: SecretString,
    scope: Option<String>,
    resource: Option<String>,
}

pub(super) async fn login(call: &Call) -> Result<Answer> {
    let Login { username, password, scope, resource } = call.arguments()?;
    let request = LoginRequest { username, password, scope, resource };
    shown(&TokenBody::from(call.engine.login(request, &call.origin).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: SecretString,
    scope: Option<String>,
    idempotency_key: Option<String>,
}

pub(super) async fn refresh(call: &Call) -> Result<Answer> {
    let Refresh { refresh_token, scope, idempotency_key } = call.arguments()?;
    let client = ClientCredentials::default();
    let request = RefreshRequest { refresh_token, scope, client, idempotency_key };
    shown(&TokenBody::from(call.engine.refresh(request, &call.origin).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Logout {
    refresh_token: Option<SecretString>,
}

pub(super) async fn logout(call: &Call, everywhere: bool) -> Result<Answer> {
    let Logout { refresh_token } = call.arguments()?;
    let proof = match refresh_token {
        Some(token) => LogoutProof::RefreshToken(token),
        None => LogoutProof::Access(Box::new(call.principal()?.clone())),
    };
    done(call.engine.logout(proof, everywhere, &call.origin).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: SecretString,
}

pub(super) async fn revoke(call: &Call) -> Result<Answer> {
    let Token { token } = call.arguments()?;
    let request = RevokeRequest { token, client: ClientCredentials::default() };
    done(call.engine.revoke(request, &call.origin).await?)
}

pub(super) async fn introspect(call: &Call) -> Result<Answer> {
    let Token { token } = call.arguments()?;
    let caller = call.engine.own_caller();
    shown(&call.engine.introspect(&token, &caller, &call.origin).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartSession {
    subject: String,
    #[serde(default)]
    scopes: BTreeSet<String>,
    #[serde(default)]
    claims: Map<String, Value>,
    #[serde(default)]
    amr: Vec<String>,
    resource: Option<String>,
}

pub(super) async fn start_session(call: &Call) -> Result<Answer> {
    let StartSession { subject, scopes, claims, amr, resource } = call.arguments()?;
    let subject = UserId::try_from(subject)
        .map_err(|error| Error::invalid("subject", format!("it must be {}", error.rule)))?;
    let request = StartSessionRequest { subject, scopes, claims, amr, resource };
    shown(&TokenBody::from(call.engine.start_session(request, &call.origin).await?))
}
