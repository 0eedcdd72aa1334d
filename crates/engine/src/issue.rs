//! Issuing: the access token of RFC 9068 and the refresh token beside it.

use std::{collections::BTreeSet, time::Duration};

use countersign_guard::{
    claims::{AccessClaims, RESERVED},
    time::Timestamp,
};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    accounts::{Issue, Standing},
    engine::Engine,
    error::{Error, Result},
    random,
    refresh_token::RefreshToken,
    sessions::Session,
};

/// At most so many bytes of custom claims, as JSON.
const CUSTOM_CLAIMS_BYTES: usize = 1_024;
/// Up to a twentieth of its life is taken off an access token, so that clients do not all refresh
/// at once.
const JITTER_PARTS: u32 = 20;

/// What a client gets (RFC 6749 5.1).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: SecretString,
    /// Its life in seconds, from now.
    pub expires_in: u64,
    /// The refresh token.
    pub refresh_token: SecretString,
    /// The access token's scopes, separated by spaces.
    pub scope: String,
    /// The session.
    pub session_id: String,
}

impl TokenResponse {
    /// How the access token is presented (RFC 6750).
    pub const TOKEN_TYPE: &str = "bearer";
}

impl Engine {
    /// Makes the pair for `session` as its row stands now. `asked` narrows the access token.
    pub(crate) async fn issue(
        &self,
        session: &Session,
        standing: &Standing,
        generation: u32,
        asked: Option<&BTreeSet<String>>,
    ) -> Result<TokenResponse> {
        let now = self.now();
        let scope = effective_scopes(session, standing, asked);
        let expires_at = self.expiry(session, now);
        let custom = self.custom_claims(session, standing).await?;
        let claims = AccessClaims {
            iss: self.0.config.issuer.clone(),
            sub: session.user_id.as_str().to_owned(),
            aud: session.audience.clone(),
            exp: expires_at.seconds(),
            iat: now.seconds(),
            jti: uuid::Builder::from_random_bytes(random::bytes(self.0.random.as_ref()))
                .into_uuid()
                .to_string(),
            client_id: session.client_id.as_str().to_owned(),
            sid: session.id.to_string(),
            generation,
            auth_time: session.auth_time.seconds(),
            scope: scope.clone(),
            roles: standing.roles.iter().cloned().collect(),
            preferred_username: self
                .0
                .config
                .tokens
                .include_username
                .then(|| standing.username.clone())
                .flatten(),
            cnf: None,
            custom,
        };
        let ring = self.0.ring.load();
        let signer =
            ring.signer(now).ok_or_else(|| Error::Internal("no key may sign now".into()))?;
        let access_token =
            signer.sign(&claims).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(TokenResponse {
            access_token: access_token.into(),
            expires_in: u64::try_from(expires_at.seconds() - now.seconds()).unwrap_or(0),
            refresh_token: self.refresh_token(session)?,
            scope,
            session_id: session.id.to_string(),
        })
    }

    /// The refresh token of the session's counter: always the same one.
    fn refresh_token(&self, session: &Session) -> Result<SecretString> {
        RefreshToken {
            key_id: self.0.master.current_id(),
            session_id: session.id,
            counter: session.counter,
        }
        .mint(&self.0.master, &self.0.epoch, &session.salt)
        .ok_or_else(|| Error::Internal("the current master key is not there".into()))
    }

    fn expiry(&self, session: &Session, now: Timestamp) -> Timestamp {
        let ttl = self.0.config.tokens.access_ttl;
        let widest = u64::try_from((ttl / JITTER_PARTS).as_millis()).unwrap_or(0);
        let drawn = u64::from_le_bytes(random::bytes(self.0.random.as_ref()));
        let jitter = Duration::from_millis(drawn.checked_rem(widest + 1).unwrap_or(0));
        now.plus(ttl.saturating_sub(jitter)).min(session.absolute_expires_at)
    }

    async fn custom_claims(
        &self,
        session: &Session,
        standing: &Standing,
    ) -> Result<Map<String, Value>> {
        let mut claims = standing.claims.clone();
        claims.extend(session.claims.clone());
        if let Some(source) = &self.0.claims {
            let issue = Issue {
                user_id: &session.user_id,
                client_id: &session.client_id,
                session,
                standing,
            };
            claims.extend(source.claims(issue).await?);
        }
        check_custom_claims(&claims).map_err(|reason| {
            Error::Internal(format!("custom claims of {}: {reason}", session.user_id))
        })?;
        Ok(claims)
    }
}

/// What the session was granted, the user still has, and the request asks for.
pub(crate) fn effective_scopes(
    session: &Session,
    standing: &Standing,
    asked: Option<&BTreeSet<String>>,
) -> String {
    let held = |scope: &&String| {
        standing.scopes.as_ref().is_none_or(|scopes| scopes.contains(*scope))
            && asked.is_none_or(|asked| asked.contains(*scope))
    };
    session.scopes.iter().filter(held).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Custom claims take no registered or engine name and stay small.
///
/// # Errors
/// What is wrong with them.
pub fn check_custom_claims(claims: &Map<String, Value>) -> std::result::Result<(), String> {
    if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
        return Err(format!("`{name}` is a registered claim; choose another name"));
    }
    let bytes = serde_json::to_vec(claims).map_or(usize::MAX, |json| json.len());
    if !claims.is_empty() && bytes > CUSTOM_CLAIMS_BYTES {
        return Err(format!("together they are larger than {CUSTOM_CLAIMS_BYTES} bytes"));
    }
    Ok(())
}
