//! Log-out: of one session, or of all.

use countersign_guard::{Principal, revocation::Target};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{Origin, SessionId, UserId},
    sessions::{EndReason, Session},
    store::{ChangeUserOutcome, Effects},
    users::UserChange,
};

/// Who logs out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LogoutProof {
    /// The bearer of an access token.
    Access(Box<Principal>),
    /// The holder of a refresh token, of any age, so that logging out can be repeated.
    RefreshToken(SecretString),
}

impl Engine {
    /// Ends the proof's session, or all sessions of its user. Repeating it is no error.
    ///
    /// # Errors
    /// [`Error::InvalidGrant`] when the refresh token is not one of ours; 503 when it is not
    /// certain that it is stored (this process refuses the tokens all the same).
    pub async fn logout(
        &self,
        proof: LogoutProof,
        everywhere: bool,
        origin: &Origin,
    ) -> Result<()> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.logout_now(proof, everywhere, &origin).await }).await
    }

    async fn logout_now(
        &self,
        proof: LogoutProof,
        everywhere: bool,
        origin: &Origin,
    ) -> Result<()> {
        let (session_id, user_id, generation) = self.who_logs_out(proof, origin).await?;
        let result = if everywhere {
            self.log_out_everywhere(&user_id, generation, origin).await
        } else {
            let reason = EndReason::LoggedOut;
            self.end_one_session(session_id, Some(&user_id), reason, None, origin).await
        };
        if matches!(result, Err(Error::Store(_))) {
            // The proof was good: whatever the store could not even read, this session is over here.
            self.ended_here(&[session_id]);
        }
        result
    }

    async fn log_out_everywhere(
        &self,
        user_id: &UserId,
        generation: Option<u32>,
        origin: &Origin,
    ) -> Result<()> {
        let generation = match generation {
            Some(generation) => Some(generation),
            // A refresh token does not say it.
            None => self.0.store.find_user(user_id).await?.map(|user| user.generation),
        };
        let reason = EndReason::LoggedOutEverywhere;
        let event = Event::new(EventKind::SessionsEnded, self.now())
            .user(user_id)
            .origin(origin)
            .detail("reason", reason.as_str());
        let lost = generation.map(|generation| all_tokens(user_id, generation));
        let write = UserWrite::new(UserChange::EndSessions(reason), lost, event);
        // A deleted user has no session left; logging out again is no error.
        self.change_user_now(user_id, write).await.map(drop)
    }

    async fn who_logs_out(
        &self,
        proof: LogoutProof,
        origin: &Origin,
    ) -> Result<(SessionId, UserId, Option<u32>)> {
        match proof {
            LogoutProof::Access(principal) => {
                let not_ours = || {
                    Error::Guard(countersign_guard::Error::Foreign {
                        reason: "its ids are not ours",
                    })
                };
                let session_id = principal.session_id().parse().map_err(|_| not_ours())?;
                let user_id = principal.user_id().parse().map_err(|_| not_ours())?;
                Ok((session_id, user_id, Some(principal.generation())))
            }
            LogoutProof::RefreshToken(token) => {
                self.limit_failures("refresh", origin)?;
                let Some((_, session)) = self.genuine_refresh_token(token.expose_secret()).await?
                else {
                    self.count_failure("refresh", origin);
                    return Err(Error::InvalidGrant { reason: "no refresh token of ours" });
                };
                if session.ended_at.is_some() {
                    // Repeating it is no error, and is limited like one: each is a row of the log.
                    self.count_failure("refresh", origin);
                }
                Ok((session.id, session.user_id, None))
            }
        }
    }

    /// Ends one session, of `owner` if given; `Error::NotFound` when there is none.
    pub(crate) async fn end_one_session(
        &self,
        id: SessionId,
        owner: Option<&UserId>,
        reason: EndReason,
        actor: Option<&str>,
        origin: &Origin,
    ) -> Result<()> {
        let now = self.now();
        let Some(session) = self.0.store.find_session(id).await? else {
            // It was purged: every token of it has expired long since.
            return if reason == EndReason::LoggedOut { Ok(()) } else { no_session() };
        };
        if owner.is_some_and(|owner| *owner != session.user_id) {
            return no_session();
        }
        let event = self.session_ended(&session, reason, origin).actor(actor);
        let effects = if session.ended_at.is_none() {
            Effects::event(event.clone())
        } else {
            Effects::default()
        };
        let write = self.0.store.end_session(id, owner, reason, effects, now);
        self.revoking(&[session.target()], |_| true, write).await?;
        if session.ended_at.is_none() {
            self.publish(event);
        }
        Ok(())
    }

    /// Changes a user and refuses at once in this process what the change revokes, also when the
    /// store's answer is lost.
    pub(crate) async fn change_user_now(
        &self,
        user_id: &UserId,
        write: UserWrite,
    ) -> Result<ChangeUserOutcome> {
        let UserWrite { change, open, lost, event } = write;
        let effects = Effects::event(event.clone());
        let answer = self.0.store.change_user(user_id, &change, open, effects, self.now()).await;
        if let (Err(_), Some(target)) = (&answer, lost) {
            self.refuse_here(&target);
        }
        let outcome = answer?;
        if let ChangeUserOutcome::Changed { ended, revoked, .. } = &outcome {
            self.ended_here(ended);
            if let Some(target) = revoked {
                self.refuse_here(target);
            }
            self.publish(event);
        }
        Ok(outcome)
    }
}

/// A change of a user, and what goes with it.
pub(crate) struct UserWrite {
    pub(crate) change: UserChange,
    /// The session that begins when the others have ended.
    pub(crate) open: Option<Session>,
    /// What this process refuses when the store's answer is lost: what the change would revoke.
    pub(crate) lost: Option<Target>,
    pub(crate) event: Event,
}

impl UserWrite {
    pub(crate) fn new(change: UserChange, lost: Option<Target>, event: Event) -> Self {
        Self { change, open: None, lost, event }
    }
}

/// Every access token that a user of this generation has.
pub(crate) fn all_tokens(user_id: &UserId, generation: u32) -> Target {
    Target::User { id: user_id.as_str().to_owned(), below: generation.saturating_add(1) }
}

fn no_session<T>() -> Result<T> {
    Err(Error::NotFound { what: "session" })
}
