//! Sessions, one's own and everybody's.

use countersign_engine::sessions::Session;
use serde::Serialize;
use utoipa::ToSchema;

use super::time::rfc3339;

/// A live session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    /// The `sid` of its access tokens; no secret.
    #[schema(example = "0198c2f6-3c58-7e0a-9a53-3f2b6a8c1d71")]
    id: String,
    #[schema(example = "first-party")]
    client_id: String,
    #[schema(example = "2026-05-28T20:26:40.007Z", format = DateTime)]
    created_at: String,
    /// When it began or was last refreshed.
    #[schema(example = "2026-05-28T20:41:40.007Z", format = DateTime)]
    last_used_at: String,
    /// When it ends unless it is refreshed.
    #[schema(example = "2026-06-11T20:41:40.007Z", format = DateTime)]
    expires_at: String,
    /// What the client said it is.
    #[schema(required, example = "Mozilla/5.0 (X11; Linux x86_64)")]
    device: Option<String>,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        let expires_at = session.idle_expires_at.min(session.absolute_expires_at);
        Self {
            id: session.id.to_string(),
            client_id: session.client_id.as_str().to_owned(),
            created_at: rfc3339(session.created_at),
            last_used_at: rfc3339(session.rotated_at),
            expires_at: rfc3339(expires_at),
            device: session.device,
        }
    }
}

/// The live sessions of a user, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionList)]
pub struct SessionListBody {
    sessions: Vec<SessionBody>,
}

impl From<Vec<Session>> for SessionListBody {
    fn from(sessions: Vec<Session>) -> Self {
        Self { sessions: sessions.into_iter().map(Into::into).collect() }
    }
}

/// One of one's own live sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnSession)]
pub struct OwnSessionBody {
    #[serde(flatten)]
    session: SessionBody,
    /// It is the one that asks.
    current: bool,
}

/// One's own live sessions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnSessionList)]
pub struct OwnSessionListBody {
    sessions: Vec<OwnSessionBody>,
}

impl OwnSessionListBody {
    /// The list, for the session `current`.
    pub fn new(sessions: Vec<Session>, current: &str) -> Self {
        let own = |session: Session| {
            let session = SessionBody::from(session);
            OwnSessionBody { current: session.id == current, session }
        };
        Self { sessions: sessions.into_iter().map(own).collect() }
    }
}
