//! One's own sessions: listing and ending them (ASVS 7.5.2).

use countersign_guard::Principal;

use super::me::user_id;
use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    ids::{Origin, SessionId},
    sessions::{EndReason, Session},
};

impl Engine {
    /// The live sessions of the access token's user, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions(&self, principal: &Principal) -> Result<Vec<Session>> {
        Ok(self.0.store.list_sessions(&user_id(principal)?, self.now()).await?)
    }

    /// Ends one of one's own sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of this id, or it is somebody else's.
    pub async fn end_own_session(
        &self,
        principal: &Principal,
        id: &str,
        origin: &Origin,
    ) -> Result<()> {
        let user_id = user_id(principal)?;
        let id: SessionId = id.parse().map_err(|_| Error::NotFound { what: "session" })?;
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move {
            engine.end_one_session(id, Some(&user_id), EndReason::EndedByUser, None, &origin).await
        })
        .await
    }
}
