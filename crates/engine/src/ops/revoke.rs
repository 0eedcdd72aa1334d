//! Token revocation (RFC 7009).

use countersign_guard::{Presented, revocation::Target};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{ClientId, Origin},
    ops::callers::ClientCredentials,
    sessions::EndReason,
    store::Effects,
};

/// A revocation.
#[derive(Clone, Debug)]
pub struct RevokeRequest {
    /// The token, of any kind: a hint that is wrong must not matter (RFC 7009 2.1), so there is
    /// none.
    pub token: SecretString,
    /// Who asks; nobody is the first party, whose proof is the token.
    pub client: ClientCredentials,
}

impl Engine {
    /// Revokes a token. A refresh token ends its session; an access token dies alone. One that is
    /// unknown, expired or malformed is as good as revoked (RFC 7009 2.2).
    ///
    /// # Errors
    /// [`Error::InvalidClient`], [`Error::InvalidGrant`] for another client's token (which stays
    /// live), [`Error::RateLimited`], 503 when it is not certain that it is stored.
    pub async fn revoke(&self, request: RevokeRequest, origin: &Origin) -> Result<()> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.revoke_now(&request, &origin).await }).await
    }

    async fn revoke_now(&self, request: &RevokeRequest, origin: &Origin) -> Result<()> {
        self.limit_failures("revoke", origin)?;
        let result = self.revoke_unlimited(request, origin).await;
        match result {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.count_failure("revoke", origin);
                Ok(())
            }
            Err(error) => {
                if matches!(error, Error::InvalidClient { .. } | Error::InvalidGrant { .. }) {
                    self.count_failure("revoke", origin);
                }
                Err(error)
            }
        }
    }

    /// Whether there was anything to revoke that was not revoked before: repeating it is no error,
    /// and is limited like one, so that nobody fills the log.
    async fn revoke_unlimited(&self, request: &RevokeRequest, origin: &Origin) -> Result<bool> {
        let client = if request.client.is_first_party() {
            None
        } else {
            Some(self.authenticate_client(&request.client).await?)
        };
        let client_id = client.as_ref().map(|client| &client.id);
        let token = request.token.expose_secret();
        if let Some((_, session)) = self.genuine_refresh_token(token).await? {
            self.may_revoke(client_id, &session.client_id).await?;
            self.end_one_session(session.id, None, EndReason::Revoked, None, origin).await?;
            return Ok(session.ended_at.is_none());
        }
        self.revoke_access_token(token, client_id, origin).await
    }

    async fn revoke_access_token(
        &self,
        token: &str,
        client_id: Option<&ClientId>,
        origin: &Origin,
    ) -> Result<bool> {
        // A stale view does not stop a revocation; a wrong signature does. One that is revoked
        // already is revoked again: perhaps only this process knows, because the store failed.
        let Ok(principal) = self.0.guard.verify(&Presented::bearer(token)) else {
            return Ok(false);
        };
        let news = !self.0.guard.is_revoked(&principal);
        let Ok(issued_to) = principal.client_id().parse::<ClientId>() else { return Ok(false) };
        self.may_revoke(client_id, &issued_to).await?;
        let target = Target::Token { id: principal.token_id().to_owned() };
        let mut event = Event::new(EventKind::TokenRevoked, self.now())
            .client(&issued_to)
            .origin(origin)
            .detail("jti", principal.token_id().to_owned());
        event.user_id = principal.user_id().parse().ok();
        event.session_id = principal.session_id().parse().ok();
        let effects = Effects::event(event.clone()).revoking(target.clone());
        self.revoking(&[target], |()| true, self.0.store.write(effects, self.now())).await?;
        self.publish(event);
        Ok(news)
    }

    /// A client revokes its own tokens only; without one, those of clients that have no secret.
    async fn may_revoke(&self, asking: Option<&ClientId>, issued_to: &ClientId) -> Result<()> {
        match asking {
            Some(asking) if asking == issued_to => Ok(()),
            Some(_) => Err(Error::InvalidGrant { reason: "another client's token" }),
            None if issued_to.is_first_party() => Ok(()),
            None => match self.0.store.find_client(issued_to).await? {
                Some(client) if client.kind.has_secret() => {
                    Err(Error::InvalidClient { reason: "the client must authenticate" })
                }
                _ => Ok(()),
            },
        }
    }
}
