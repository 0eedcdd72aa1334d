//! Keys, the audit log, and how the engine is.

use countersign::{
    engine::{Error, Result, ids::UserId, store::EventFilter},
    http::schemas::{EventListBody, KeyBody, KeyListBody},
};
use serde::Deserialize;

use super::{Answer, Call, done, shown};

pub(super) async fn list_keys(call: &Call) -> Result<Answer> {
    call.actor()?;
    shown(&KeyListBody::from(call.engine.list_keys().await?))
}

pub(super) async fn rotate_keys(call: &Call) -> Result<Answer> {
    shown(&KeyBody::from(call.engine.rotate_keys(&call.actor()?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    kid: String,
}

pub(super) async fn compromise_key(call: &Call) -> Result<Answer> {
    let Named { kid } = call.arguments()?;
    shown(&KeyBody::from(call.engine.compromise_key(&kid, &call.actor()?).await?))
}

#[expect(clippy::unnecessary_wraps, reason = "every operation answers a result")]
pub(super) fn jwks(call: &Call) -> Result<Answer> {
    Ok(Some(call.engine.jwks_json().to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListEvents {
    before: Option<i64>,
    user_id: Option<String>,
    kind: Option<String>,
    #[serde(default = "a_page")]
    limit: usize,
}

fn a_page() -> usize {
    100
}

pub(super) async fn list_events(call: &Call) -> Result<Answer> {
    call.actor()?;
    let ListEvents { before, user_id, kind, limit } = call.arguments()?;
    let user_id = user_id.map(UserId::try_from).transpose();
    let user_id =
        user_id.map_err(|error| Error::invalid("user_id", format!("it must be {}", error.rule)))?;
    let filter = EventFilter { before, user_id, kind };
    shown(&EventListBody::from(call.engine.list_events(&filter, limit).await?))
}

pub(super) async fn ready(call: &Call) -> Result<Answer> {
    done(call.engine.ready().await?)
}

pub(super) async fn upkeep(call: &Call) -> Result<Answer> {
    call.engine.follow_once().await?;
    done(call.engine.upkeep().await?)
}
