//! Refresh: rotation, repetition of a lost answer, and theft.

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    accounts::Standing,
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{ClientId, Origin},
    issue::TokenResponse,
    names::parse_scopes,
    ops::callers::ClientCredentials,
    refresh_token::{Presented, RefreshToken},
    sessions::{Decision, RefreshAttempt, Refusal, Session, consequences},
    store::{RefreshIntent, RefreshOutcome},
};

/// A longer `Idempotency-Key` is refused.
const IDEMPOTENCY_KEY_BYTES: usize = 255;

/// A refresh.
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    /// The refresh token.
    pub refresh_token: SecretString,
    /// The scopes of the access token, separated by spaces; none is all of the session's.
    pub scope: Option<String>,
    /// Who asks.
    pub client: ClientCredentials,
    /// The request's `Idempotency-Key`: with the same one a lost answer may be repeated until its
    /// successor is used.
    pub idempotency_key: Option<String>,
}

impl Engine {
    /// Takes a refresh token and answers the next pair.
    ///
    /// # Errors
    /// [`Error::InvalidGrant`] when it is not the live token of a live session of this client;
    /// one that is older than a repetition may be ends the session (that is committed).
    /// [`Error::InvalidScope`], [`Error::InvalidClient`], [`Error::RateLimited`].
    pub async fn refresh(&self, request: RefreshRequest, origin: &Origin) -> Result<TokenResponse> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.refresh_now(&request, &origin).await }).await
    }

    async fn refresh_now(
        &self,
        request: &RefreshRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        self.limit_failures("refresh", origin)?;
        let result = self.refresh_unlimited(request, origin).await;
        if matches!(result, Err(Error::InvalidGrant { .. } | Error::InvalidClient { .. })) {
            self.count_failure("refresh", origin);
        }
        result
    }

    async fn refresh_unlimited(
        &self,
        request: &RefreshRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        let client_id = self.authenticate_token_client(&request.client).await?;
        let scopes = parse_scopes(request.scope.as_deref())?;
        let retry_key_hash = retry_key_hash(request.idempotency_key.as_deref())?;
        let (token, session) = self
            .genuine_refresh_token(request.refresh_token.expose_secret())
            .await?
            .ok_or(Error::InvalidGrant { reason: "no refresh token of ours" })?;
        if self.end_lost_session(&session, origin).await? {
            return Err(Error::InvalidGrant { reason: "the session was to end before" });
        }
        let foreign = self.foreign_standing(&session.user_id).await?;
        let intent = RefreshIntent {
            session_id: session.id,
            attempt: RefreshAttempt {
                counter: token.counter,
                client_id,
                retry_key_hash,
                scopes: scopes.clone(),
            },
            active: foreign.as_ref().map(|standing| standing.active),
            policy: self.0.config.sessions,
            address: origin.address.map(|address| address.to_string()),
        };
        let outcome = self
            .0
            .store
            .refresh_session(&intent, self.now())
            .await?
            .ok_or(Error::InvalidGrant { reason: "the session is gone" })?;
        self.after_refresh(&outcome, &intent);
        match &outcome.decision {
            Decision::Rotate | Decision::Repeat => {
                let standing = foreign.unwrap_or_else(|| Standing::of(&outcome.user));
                let RefreshOutcome { session, user, .. } = &outcome;
                if self.refuses_generation(&user.id, user.generation)
                    && self.end_lost_sessions(&user.id).await?
                {
                    return Err(Error::InvalidGrant { reason: "all sessions were to end before" });
                }
                self.issue(session, &standing, user.generation, scopes.as_ref()).await
            }
            refused => Err(refusal(refused)),
        }
    }

    /// A refresh token whose MAC is right, and its session. Nothing is written.
    pub(crate) async fn genuine_refresh_token(
        &self,
        text: &str,
    ) -> Result<Option<(RefreshToken, Session)>> {
        let Some(presented) = Presented::parse(text) else { return Ok(None) };
        let Some(session) = self.0.store.find_session(presented.session_id()).await? else {
            return Ok(None);
        };
        let genuine = presented.verify(&self.0.master, &self.0.epoch, &session.salt);
        Ok(genuine.map(|token| (token, session)))
    }

    /// What the store committed, told to this process.
    fn after_refresh(&self, outcome: &RefreshOutcome, intent: &RefreshIntent) {
        let RefreshOutcome { decision, session, .. } = outcome;
        let effects = consequences(decision, session, intent.address.as_deref(), self.now());
        for target in &effects.revocations {
            self.refuse_here(target);
        }
        for event in effects.events {
            if decision.ends_session() {
                tracing::warn!(
                    kind = event.kind.as_str(),
                    session_id = %session.id,
                    user_id = %session.user_id,
                    "a session was ended because of its refresh token"
                );
            }
            self.publish(event);
        }
    }

    /// Which client refreshes: nobody named is the first party; a client with a secret must prove
    /// it (RFC 6749 6).
    async fn authenticate_token_client(&self, client: &ClientCredentials) -> Result<ClientId> {
        if client.is_first_party() {
            return Ok(ClientId::first_party());
        }
        Ok(self.authenticate_client(client).await?.id)
    }

    /// An event of an ended session.
    pub(crate) fn session_ended(
        &self,
        session: &Session,
        reason: crate::sessions::EndReason,
        origin: &Origin,
    ) -> Event {
        Event::new(EventKind::SessionEnded, self.now())
            .user(&session.user_id)
            .session(session.id)
            .client(&session.client_id)
            .origin(origin)
            .detail("reason", reason.as_str())
    }
}

fn refusal(decision: &Decision) -> Error {
    match decision {
        Decision::Refused(Refusal::Scope) => {
            Error::InvalidScope { reason: "more than was granted" }
        }
        Decision::Refused(Refusal::OtherClient) => {
            Error::InvalidGrant { reason: "another client's token" }
        }
        Decision::Refused(Refusal::Ended) => {
            Error::InvalidGrant { reason: "the session has ended" }
        }
        Decision::Refused(Refusal::Expired) => {
            Error::InvalidGrant { reason: "the session expired" }
        }
        Decision::Refused(Refusal::Inactive) => {
            Error::InvalidGrant { reason: "the user is inactive" }
        }
        Decision::Replayed => Error::InvalidGrant { reason: "an old token came back" },
        Decision::RolledBack => Error::InvalidGrant { reason: "a token from the future" },
        Decision::Refused(Refusal::Exhausted) | Decision::Rotate | Decision::Repeat => {
            Error::InvalidGrant { reason: "the session cannot be refreshed any more" }
        }
    }
}

fn retry_key_hash(key: Option<&str>) -> Result<Option<[u8; 32]>> {
    let Some(key) = key else { return Ok(None) };
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_BYTES {
        return Err(Error::invalid("Idempotency-Key", "It has between 1 and 255 characters."));
    }
    Ok(sha256(key.as_bytes()))
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Option<[u8; 32]> {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().ok()
}
