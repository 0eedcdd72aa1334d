//! A session for somebody whom the application has authenticated.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    accounts::Standing,
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{ClientId, Origin, UserId},
    issue::{TokenResponse, check_custom_claims},
    names::check_scopes,
    store::{CreateSession, CreateSessionOutcome, Verified},
};

/// Whom to open a session for.
#[derive(Clone, Debug)]
pub struct StartSessionRequest {
    /// The application's own user id.
    pub subject: UserId,
    /// The scopes of the session.
    pub scopes: BTreeSet<String>,
    /// Custom claims of its access tokens.
    pub claims: Map<String, Value>,
    /// How the user was authenticated (RFC 8176).
    pub amr: Vec<String>,
    /// The audience, one of the configured ones.
    pub resource: Option<String>,
}

impl Engine {
    /// Opens a session for a user whom the application vouches for.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] when the user is disabled or deleted here or the application's own
    /// accounts say so; [`Error::InvalidScope`], [`Error::Invalid`], [`Error::InvalidTarget`].
    pub async fn start_session(
        &self,
        request: StartSessionRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.start_session_now(request, &origin).await }).await
    }

    async fn start_session_now(
        &self,
        request: StartSessionRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        check_scopes(&request.scopes)?;
        check_custom_claims(&request.claims).map_err(|reason| Error::invalid("claims", reason))?;
        let audience = self.audience(request.resource.as_deref())?;
        let now = self.now();
        let mut session =
            self.new_session(request.subject, ClientId::first_party(), audience, origin);
        session.scopes = request.scopes;
        session.claims = request.claims;
        session.amr = request.amr;
        let event = Event::new(EventKind::SessionStarted, now)
            .user(&session.user_id)
            .session(session.id)
            .origin(origin);
        let inactive = Error::AccessDenied { reason: "the user is not active" };
        let standing = self.active_foreign_standing(&session.user_id, inactive).await?;
        self.end_lost_sessions(&session.user_id).await?;
        let intent = CreateSession {
            session: session.clone(),
            verified: Verified::Application,
            most_live: self.0.config.sessions.most_live,
            refunds: Vec::new(),
            network: None,
            events: vec![event.clone()],
        };
        match self.0.store.create_session(intent, now).await? {
            CreateSessionOutcome::Created { user, ended } => {
                self.superseded_here(&user.id, &ended);
                self.publish(event);
                let standing = standing.unwrap_or_else(|| Standing::of(&user));
                self.issue(&session, &standing, user.generation, None).await
            }
            CreateSessionOutcome::Refused => {
                Err(Error::AccessDenied { reason: "the user is disabled or deleted" })
            }
        }
    }

    /// How the application's own accounts see the user; `None` where the engine's table decides.
    pub(crate) async fn foreign_standing(&self, user_id: &UserId) -> Result<Option<Standing>> {
        match &self.0.accounts {
            None => Ok(None),
            Some(accounts) => Ok(Some(accounts.standing(user_id).await?.unwrap_or_default())),
        }
    }

    /// The same, or `refusal` when the application says that the user may have no sessions, or knows
    /// nobody of this id.
    pub(crate) async fn active_foreign_standing(
        &self,
        user_id: &UserId,
        refusal: Error,
    ) -> Result<Option<Standing>> {
        let standing = self.foreign_standing(user_id).await?;
        let active = standing.as_ref().is_none_or(|standing| standing.active);
        if active { Ok(standing) } else { Err(refusal) }
    }
}
