//! `/admin/events`: the audit log, for administrators.

use axum::{Json as Answer, extract::State};
use countersign_engine::{ids::UserId, store::EventFilter};

use crate::{
    error::{ApiError, ApiResult},
    extract::{admin::Admin, query::Query},
    schemas::EventListBody,
    state::AppState,
};

/// How many events are answered when the request does not say.
const USUAL: usize = 100;

/// The audit log, the newest first.
#[utoipa::path(
    get,
    path = "/admin/events",
    tag = "administration",
    params(
        ("before" = Option<i64>, Query, description = "Only those before this id."),
        ("user_id" = Option<String>, Query, description = "Only this user's."),
        ("kind" = Option<String>, Query, description = "Only of this kind."),
        ("limit" = Option<usize>, Query, description = "At most so many, 100 if not said.")
    ),
    responses((status = 200, description = "A stretch of it.", body = EventListBody)),
    security(("bearer" = ["countersign:admin"]), ("password" = ["countersign:admin"]))
)]
pub(crate) async fn list_events(
    State(state): State<AppState>,
    _: Admin,
    mut query: Query,
) -> ApiResult<Answer<EventListBody>> {
    let filter = EventFilter {
        before: query.number("before")?,
        user_id: query.0.take("user_id")?.map(user_id).transpose()?,
        kind: query.0.take("kind")?,
    };
    let limit = query.number("limit")?.unwrap_or(USUAL);
    let events = state.engine().list_events(&filter, limit).await?;
    Ok(Answer(events.into()))
}

fn user_id(text: String) -> ApiResult<UserId> {
    UserId::try_from(text).map_err(|_| ApiError::invalid_field("user_id", "It is a user id."))
}
