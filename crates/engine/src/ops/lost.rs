//! Revocations that only this process knows of, because the store failed when they were to be
//! written. They are written as soon as somebody shows that the store is there again.
//!
//! Without this a log-out that ended in 503 would end nothing when its refresh token is used once
//! more, and a user whose "log out everywhere" ended in 503 could not log in here again before the
//! entry expires: the new tokens would be of the generation that is refused.

use countersign_guard::revocation::Subject;

use super::logout::UserWrite;
use crate::{
    engine::Engine,
    error::Result,
    events::{Event, EventKind},
    ids::{Origin, UserId},
    sessions::{EndReason, Session},
    users::{User, UserChange},
};

/// A user is at most so many generations behind what is refused here: one for each write that failed.
const MOST_BEHIND: usize = 16;

const NOTHING: Subject<'_> = Subject {
    token_id: "",
    session_id: "",
    user_id: "",
    generation: u32::MAX,
    client_id: "",
    key_id: "",
};

impl Engine {
    /// Ends `session` if it was to end and that was not stored; whether that was so.
    pub(crate) async fn end_lost_session(
        &self,
        session: &Session,
        origin: &Origin,
    ) -> Result<bool> {
        let id = session.id.to_string();
        let refused = self.0.guard.view().is_revoked(&Subject { session_id: &id, ..NOTHING });
        if !refused || session.ended_at.is_some() {
            return Ok(false);
        }
        self.end_one_session(session.id, None, EndReason::Revoked, None, origin).await?;
        Ok(true)
    }

    /// Ends all sessions of the user if its tokens are refused here and that was not stored; whether
    /// that was so.
    pub(crate) async fn end_lost_sessions(&self, user_id: &UserId) -> Result<bool> {
        let mut any = false;
        for _ in 0..MOST_BEHIND {
            if !self.refuses_generation(user_id, 0) {
                return Ok(any);
            }
            // Read anew: it is no lost one when its commit was just not seen yet.
            let user = self.0.store.find_user(user_id).await?;
            let behind = |user: &User| self.refuses_generation(user_id, user.generation);
            if !user.is_some_and(|user| user.deleted_at.is_none() && behind(&user)) {
                return Ok(any);
            }
            let reason = EndReason::LoggedOutEverywhere;
            let event = Event::new(EventKind::SessionsEnded, self.now())
                .user(user_id)
                .detail("reason", "could_not_be_stored_before");
            let write = UserWrite::new(UserChange::EndSessions(reason), None, event);
            self.change_user_now(user_id, write).await?;
            any = true;
        }
        Ok(any)
    }

    /// Whether this process refuses the user's access tokens of this generation.
    pub(crate) fn refuses_generation(&self, user_id: &UserId, generation: u32) -> bool {
        let user_id = user_id.as_str();
        self.0.guard.view().is_revoked(&Subject { user_id, generation, ..NOTHING })
    }
}
