//! Changing one's own password: every session ends, and a new one begins.

use countersign_guard::Principal;
use secrecy::SecretString;

use crate::{
    accounts::Standing,
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{ClientId, Origin},
    issue::TokenResponse,
    ops::logout::{UserWrite, all_tokens},
    sessions::Session,
    store::ChangeUserOutcome,
    users::{ChangeRefused, User, UserChange},
};

/// A change of one's own password.
#[derive(Clone, Debug)]
pub struct ChangePasswordRequest {
    /// The current password.
    pub current_password: SecretString,
    /// The new one.
    pub new_password: SecretString,
}

impl Engine {
    /// Changes the password, ends all sessions and answers the tokens of a new one.
    ///
    /// # Errors
    /// [`Error::ReauthenticationFailed`], [`Error::WeakPassword`], [`Error::RateLimited`],
    /// [`Error::Conflict`] when somebody changed it meanwhile.
    pub async fn change_password(
        &self,
        principal: &Principal,
        request: ChangePasswordRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        let (engine, origin, principal) = (self.clone(), origin.clone(), principal.clone());
        to_the_end(async move { engine.change_password_now(&principal, &request, &origin).await })
            .await
    }

    async fn change_password_now(
        &self,
        principal: &Principal,
        request: &ChangePasswordRequest,
        origin: &Origin,
    ) -> Result<TokenResponse> {
        // Not by the token's name: tokens may carry none.
        let username = self.me(principal).await?.username;
        self.check_new_password("new_password", &request.new_password, username.as_deref())?;
        let (user, checked) =
            self.reauthenticate(principal, &request.current_password, origin).await?;
        let inactive = Error::Guard(countersign_guard::Error::Revoked);
        let foreign = self.active_foreign_standing(&user.id, inactive).await?;
        self.0.store.refund(&checked.taken, self.now()).await?;
        let new = self.hash_password(&request.new_password).await?;
        let change = UserChange::Password { expected: Some(checked.hash), new };
        let session = self.successor_session(principal, &user, origin);
        let event = Event::new(EventKind::AccountPasswordChanged, self.now())
            .user(&user.id)
            .session(session.id)
            .origin(origin);
        let lost = Some(all_tokens(&user.id, principal.generation()));
        let write = UserWrite { change, open: Some(session.clone()), lost, event };
        match self.change_user_now(&user.id, write).await? {
            ChangeUserOutcome::Changed { user, .. } => {
                let standing = foreign.unwrap_or_else(|| Standing::of(&user));
                self.issue(&session, &standing, user.generation, None).await
            }
            ChangeUserOutcome::Refused(ChangeRefused::PasswordChanged) => {
                Err(Error::Conflict { reason: "The password was changed meanwhile; log in again." })
            }
            ChangeUserOutcome::Refused(_) => Err(Error::Guard(countersign_guard::Error::Revoked)),
        }
    }

    /// The session that goes on after the others have ended, with the scopes of the old one.
    fn successor_session(&self, principal: &Principal, user: &User, origin: &Origin) -> Session {
        let client_id = principal.client_id().parse().unwrap_or_else(|_| ClientId::first_party());
        let audience = principal.audience().to_owned();
        let mut session = self.new_session(user.id.clone(), client_id, audience, origin);
        session.scopes = principal.scopes().map(str::to_owned).collect();
        session.amr = vec!["pwd".into()];
        session
    }
}
