//! Log-in with user name and password.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::checks::{Account, Checked};
use crate::{
    accounts::Standing,
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{ClientId, Origin, SessionId, UserId},
    issue::TokenResponse,
    names::{Username, parse_scopes},
    ops::callers::ClientCredentials,
    passwords::MAX_PASSWORD_BYTES,
    random, scopes,
    sessions::{EndReason, Session},
    store::{CreateSession, CreateSessionOutcome, LoginRecord, Verified},
    users::User,
};

/// A log-in.
#[derive(Clone, Debug)]
pub struct LoginRequest {
    /// The user name, in any of its spellings.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// The scopes asked for, separated by spaces; none is all but the engine's own.
    pub scope: Option<String>,
    /// The audience of the tokens, one of the configured ones (RFC 8707).
    pub resource: Option<String>,
}

impl Engine {
    /// Logs a user in and opens a session.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] whatever the reason; [`Error::RateLimited`];
    /// [`Error::InvalidScope`]; [`Error::InvalidTarget`]; [`Error::Busy`].
    pub async fn login(&self, request: LoginRequest, origin: &Origin) -> Result<TokenResponse> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.login_now(&request, &origin).await }).await
    }

    /// The password form of `POST /token`: the same for the first party only, with RFC 6749's
    /// errors.
    ///
    /// # Errors
    /// [`Error::InvalidGrant`] for wrong credentials, [`Error::UnauthorizedClient`] for any other
    /// client, [`Error::UnsupportedGrantType`] where it is switched off; else as [`Engine::login`].
    pub async fn password_grant(
        &self,
        request: LoginRequest,
        client: ClientCredentials,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        if !self.0.config.accounts.password_grant {
            return Err(Error::UnsupportedGrantType);
        }
        if !client.is_first_party() {
            return Err(Error::UnauthorizedClient);
        }
        self.login(request, origin).await.map_err(|error| match error {
            Error::InvalidCredentials => Error::InvalidGrant { reason: "credentials refused" },
            other => other,
        })
    }

    async fn login_now(&self, request: &LoginRequest, origin: &Origin) -> Result<TokenResponse> {
        self.limit_address("login", &self.0.config.limits.login_address, origin)?;
        if request.password.expose_secret().len() > MAX_PASSWORD_BYTES {
            return Err(Error::invalid("password", "A password has at most 1,024 bytes."));
        }
        let asked = parse_scopes(request.scope.as_deref())?;
        let audience = self.audience(request.resource.as_deref())?;
        let name = Username::parse(&request.username, self.0.config.accounts.usernames).ok();
        let record = match &name {
            Some(name) => self.0.store.find_login(name.as_str()).await?,
            None => None,
        };
        let account = Account {
            name: name.as_ref().map_or(request.username.as_str(), Username::as_str),
            user: record.as_ref().map(|record| &record.user),
            networks: record.as_ref().map_or(&[], |record| &record.networks),
        };
        let checked = self.check_password(&account, &request.password, origin).await?;
        let (Some(checked), Some(LoginRecord { user, .. })) = (checked, &record) else {
            return Err(Error::InvalidCredentials);
        };
        let scopes = match grantable(user, asked.as_ref()) {
            Ok(scopes) => scopes,
            Err(error) => {
                // The password was right: this was no failed check.
                self.0.store.refund(&checked.taken, self.now()).await?;
                return Err(error);
            }
        };
        self.open_session(user, checked, scopes, audience, origin).await
    }

    async fn open_session(
        &self,
        user: &User,
        checked: Checked,
        scopes: BTreeSet<String>,
        audience: String,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        let now = self.now();
        let mut session =
            self.new_session(user.id.clone(), ClientId::first_party(), audience, origin);
        session.scopes = scopes;
        session.amr = vec!["pwd".into()];
        let event = Event::new(EventKind::LoginSucceeded, now)
            .user(&user.id)
            .session(session.id)
            .client(&session.client_id)
            .origin(origin);
        // Where the application keeps the users, it is asked here as it will be at every refresh.
        let foreign = self.active_foreign_standing(&user.id, Error::InvalidCredentials).await?;
        self.end_lost_sessions(&user.id).await?;
        let intent = CreateSession {
            session: session.clone(),
            verified: Verified::Password { hash: checked.hash, upgraded: checked.upgraded },
            most_live: self.0.config.sessions.most_live,
            refunds: checked.taken,
            network: Some(checked.network),
            events: vec![event.clone()],
        };
        match self.0.store.create_session(intent, now).await? {
            CreateSessionOutcome::Created { user, ended } => {
                self.superseded_here(&user.id, &ended);
                self.publish(event);
                let standing = foreign.unwrap_or_else(|| Standing::of(&user));
                self.issue(&session, &standing, user.generation, None).await
            }
            CreateSessionOutcome::Refused => Err(Error::InvalidCredentials),
        }
    }

    /// A session that begins now, without scopes.
    pub(crate) fn new_session(
        &self,
        user_id: UserId,
        client_id: ClientId,
        audience: String,
        origin: &Origin,
    ) -> Session {
        let (now, policy) = (self.now(), &self.0.config.sessions);
        let absolute_expires_at = now.plus(policy.absolute);
        Session {
            id: SessionId::generate(now, self.0.random.as_ref()),
            user_id,
            client_id,
            audience,
            scopes: BTreeSet::new(),
            claims: serde_json::Map::new(),
            salt: random::bytes(self.0.random.as_ref()),
            counter: 0,
            rotated_at: now,
            retry_key_hash: None,
            auth_time: now,
            amr: Vec::new(),
            acr: None,
            cnf_jkt: None,
            created_at: now,
            idle_expires_at: now.plus(policy.idle).min(absolute_expires_at),
            absolute_expires_at,
            ended_at: None,
            end_reason: None,
            device: origin.user_agent.clone(),
        }
    }

    /// The audience of a session: the first configured one, or the one asked for.
    pub(crate) fn audience(&self, resource: Option<&str>) -> Result<String> {
        let audiences = &self.0.config.audiences;
        match resource {
            None => audiences.first().cloned().ok_or(Error::InvalidTarget),
            Some(asked) => audiences
                .iter()
                .find(|audience| *audience == asked)
                .cloned()
                .ok_or(Error::InvalidTarget),
        }
    }

    /// Refuses the sessions that made room for a new one, and says that they have ended.
    pub(crate) fn superseded_here(&self, user_id: &UserId, ended: &[SessionId]) {
        self.ended_here(ended);
        for &id in ended {
            let event = Event::new(EventKind::SessionEnded, self.now()).user(user_id).session(id);
            self.publish(event.detail("reason", EndReason::Superseded.as_str()));
        }
    }

    /// Refuses the sessions that ended, in this process, at once.
    pub(crate) fn ended_here(&self, ended: &[SessionId]) {
        for id in ended {
            self.refuse_here(&countersign_guard::revocation::Target::Session {
                id: id.to_string(),
            });
        }
    }
}

/// What of `asked` the user may have; without asking, everything but the engine's own scopes.
fn grantable(user: &User, asked: Option<&BTreeSet<String>>) -> Result<BTreeSet<String>> {
    match asked {
        None => Ok(user
            .scopes
            .iter()
            .filter(|scope| !scope.starts_with(scopes::PREFIX))
            .cloned()
            .collect()),
        Some(asked) if asked.is_subset(&user.scopes) => Ok(asked.clone()),
        Some(_) => Err(Error::InvalidScope { reason: "more than the user has" }),
    }
}
