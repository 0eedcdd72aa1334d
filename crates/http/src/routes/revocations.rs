//! `GET /revocations`

use std::time::Duration;

use axum::{Json as Answer, extract::State, http::HeaderMap};
use countersign_engine::{ops::feed::RevocationFeed, scopes};

use crate::{
    error::ApiResult,
    extract::{client::caller_credentials, form::Pairs, origin::From, query::Query},
    layers::timeouts::LONGEST_POLL,
    schemas::RevocationPageBody,
    state::AppState,
};

/// Once the server has begun to stop, a poll waits no longer than this.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Follow the revocations.
///
/// One page a request, nothing is streamed. Without `after` it is a snapshot of all that is live.
/// With it, what came since; when that is nothing, the request waits up to `wait` seconds and is
/// answered as soon as something happens.
#[utoipa::path(
    get,
    path = "/revocations",
    tag = "tokens",
    params(
        ("after" = Option<String>, Query, description = "The `cursor` of the last page."),
        ("wait" = Option<u32>, Query, description = "Seconds to wait, at most 25.", example = 25)
    ),
    responses((status = 200, description = "A page.", body = RevocationPageBody)),
    security(
        ("client" = []),
        ("bearer" = ["countersign:revocations"]),
        ("password" = ["countersign:revocations"])
    )
)]
pub(crate) async fn revocations(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    mut query: Query,
) -> ApiResult<Answer<RevocationFeed>> {
    let credentials = caller_credentials(&headers, &mut Pairs::default(), &state)?;
    let caller = state.engine().authorize_caller(credentials, scopes::REVOCATIONS, &origin).await?;
    let wait = Duration::from_secs(query.number("wait")?.unwrap_or(0)).min(LONGEST_POLL);
    let after = query.0.take("after")?;
    let feed = |wait| state.engine().revocation_feed(&caller, after.as_deref(), wait);
    tokio::select! {
        page = feed(wait) => Ok(Answer(page?)),
        () = stopping(&state) => Ok(Answer(feed(Duration::ZERO).await?)),
    }
}

/// A poll must not hold up the end of the server; nor may followers ask in a circle until it comes.
async fn stopping(state: &AppState) {
    state.config().readiness.lost().await;
    tokio::time::sleep(LAST_WAIT).await;
}
