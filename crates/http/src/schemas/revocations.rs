//! The revocation feed, as documentation: the engine's answer is serialized as it is.
#![expect(dead_code, reason = "these types only document")]

use utoipa::ToSchema;

/// One page of the feed.
#[derive(ToSchema)]
#[schema(as = RevocationPage)]
pub(crate) struct RevocationPageBody {
    /// What to ask `after` next.
    cursor: String,
    /// The identity of the log; another than before means that the database was restored.
    epoch: String,
    /// The position that this page follows; 0 is a snapshot of all that is live. A gap is a `from`
    /// other than where the reader stands.
    #[schema(example = 0)]
    from: u64,
    /// The position after this page.
    #[schema(example = 7)]
    to: u64,
    rows: Vec<RevocationRowBody>,
    /// How old this answer may be already.
    #[schema(example = 0)]
    age_ms: u64,
    /// More stands ready: ask again at once.
    more: bool,
}

/// One revocation.
#[derive(ToSchema)]
#[schema(as = Revocation)]
struct RevocationRowBody {
    #[schema(example = 7)]
    seq: u64,
    /// `token`, `session`, `user`, `client`, `key` or `ring`.
    #[schema(example = "session")]
    kind: String,
    id: Option<String>,
    /// For `user`: the first generation that is still accepted.
    below: Option<u32>,
    /// For `client`: `false` lifts it.
    disabled: Option<bool>,
    /// Milliseconds since the epoch; `null` never.
    expires_at: Option<i64>,
}
