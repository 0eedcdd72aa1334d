//! What a request says, read strictly. Every rejection is an [`ApiError`](crate::ApiError).

pub(crate) mod admin;
pub(crate) mod bearer;
mod body;
pub(crate) mod client;
pub(crate) mod form;
pub(crate) mod idempotency;
pub(crate) mod json;
pub(crate) mod origin;
mod pairs;
pub(crate) mod path;
pub(crate) mod query;
