//! The one shape of every failure.

use serde::Serialize;
use utoipa::ToSchema;

/// What every failure answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// The code, for programs.
    #[schema(example = "invalid_request")]
    pub(crate) error: String,
    /// What it means, for people.
    #[schema(example = "The request is malformed.")]
    pub(crate) error_description: String,
    /// The member or parameter at fault, where there is one.
    #[schema(example = "username")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}
