//! `POST /introspect` (RFC 7662)

use axum::{Json as Answer, extract::State, http::HeaderMap};
use countersign_engine::{ops::introspect::Introspection, scopes};

use crate::{
    error::ApiResult,
    extract::{client::caller_credentials, form::Form, origin::From},
    schemas::{IntrospectForm, IntrospectionBody},
    state::AppState,
};

/// Ask whether a token is good.
///
/// For resource servers (HTTP Basic) and for access tokens with the scope `countersign:introspect`.
/// A token that is not good, or for none of the caller's audiences, answers `{"active": false}` and
/// nothing else.
#[utoipa::path(
    post,
    path = "/introspect",
    tag = "tokens",
    request_body(content = IntrospectForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "What is known of it.", body = IntrospectionBody)),
    security(
        ("client" = []),
        ("bearer" = ["countersign:introspect"]),
        ("password" = ["countersign:introspect"])
    )
)]
pub(crate) async fn introspect(
    State(state): State<AppState>,
    From(origin): From,
    headers: HeaderMap,
    Form(mut form): Form,
) -> ApiResult<Answer<Introspection>> {
    let credentials = caller_credentials(&headers, &mut form, &state)?;
    let caller = state.engine().authorize_caller(credentials, scopes::INTROSPECT, &origin).await?;
    let token = form.demand_secret("token")?;
    // RFC 7662 2.1: the hint only ever saves work, and there is none to save.
    form.take("token_type_hint")?;
    Ok(Answer(state.engine().introspect(&token, &caller, &origin).await?))
}
