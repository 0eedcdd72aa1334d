//! Token introspection (RFC 7662).

use countersign_guard::{Presented, Principal};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    accounts::Standing,
    engine::Engine,
    error::{Error, Result},
    ids::{ClientId, Origin},
    issue::effective_scopes,
    ops::callers::Caller,
    refresh_token::RefreshToken,
    sessions::Session,
};

/// What is known of a token. An inactive one answers `active` and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether it is good right now.
    pub active: bool,
    /// The scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For which client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `access_token` or `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// The user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// When the user authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

impl Engine {
    /// Says whether a token of any kind is good, to a caller whose audience it is for.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many unknown tokens; 503 when it cannot be said.
    pub async fn introspect(
        &self,
        token: &SecretString,
        caller: &Caller,
        origin: &Origin,
    ) -> Result<Introspection> {
        self.limit_failures("introspect", origin)?;
        let found = self.find_active(token.expose_secret()).await?;
        let for_caller = found
            .filter(|found| found.aud.as_ref().is_some_and(|aud| caller.audiences.contains(aud)));
        if for_caller.is_none() {
            self.count_failure("introspect", origin);
        }
        Ok(for_caller.unwrap_or_default())
    }

    async fn find_active(&self, token: &str) -> Result<Option<Introspection>> {
        match self.0.guard.check(&Presented::bearer(token)) {
            Ok(principal) => return Ok(Some(of_access_token(&principal))),
            Err(error @ countersign_guard::Error::Stale { .. }) => return Err(Error::Guard(error)),
            Err(_) => {}
        }
        let Some((token, session)) = self.genuine_refresh_token(token).await? else {
            return Ok(None);
        };
        self.of_refresh_token(token, &session).await
    }

    async fn client_is_enabled(&self, id: &ClientId) -> Result<bool> {
        if id.is_first_party() {
            return Ok(true);
        }
        Ok(self.0.store.find_client(id).await?.is_some_and(|client| !client.disabled))
    }

    async fn of_refresh_token(
        &self,
        token: RefreshToken,
        session: &Session,
    ) -> Result<Option<Introspection>> {
        if !session.is_live(self.now()) || token.counter != session.counter {
            return Ok(None);
        }
        if !self.client_is_enabled(&session.client_id).await? {
            return Ok(None);
        }
        let standing = match self.foreign_standing(&session.user_id).await? {
            Some(standing) => Some(standing),
            None => self.0.store.find_user(&session.user_id).await?.map(|user| Standing::of(&user)),
        };
        let Some(standing) = standing.filter(|standing| standing.active) else { return Ok(None) };
        let exp = session.idle_expires_at.min(session.absolute_expires_at).seconds();
        Ok(Some(Introspection {
            active: true,
            scope: Some(effective_scopes(session, &standing, None)),
            client_id: Some(session.client_id.as_str().to_owned()),
            username: standing.username,
            token_type: Some("refresh_token"),
            exp: Some(exp),
            iat: Some(session.rotated_at.seconds()),
            sub: Some(session.user_id.as_str().to_owned()),
            aud: Some(session.audience.clone()),
            iss: Some(self.0.config.issuer.clone()),
            sid: Some(session.id.to_string()),
            auth_time: Some(session.auth_time.seconds()),
            ..Introspection::default()
        }))
    }
}

fn of_access_token(principal: &Principal) -> Introspection {
    let owned = |text: &str| Some(text.to_owned());
    Introspection {
        active: true,
        scope: owned(principal.scope()),
        client_id: owned(principal.client_id()),
        username: principal.username().map(str::to_owned),
        token_type: Some("access_token"),
        exp: Some(principal.expires_at().seconds()),
        iat: Some(principal.issued_at().seconds()),
        sub: owned(principal.user_id()),
        aud: owned(principal.audience()),
        iss: owned(principal.issuer()),
        jti: owned(principal.token_id()),
        sid: owned(principal.session_id()),
        auth_time: Some(principal.auth_time().seconds()),
        roles: Some(principal.roles().map(str::to_owned).collect()),
    }
}
