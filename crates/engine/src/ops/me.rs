//! One's own account.

use countersign_guard::Principal;
use secrecy::SecretString;

use super::{
    checks::{Account, Checked},
    logout::UserWrite,
    register::check_email,
};
use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{Origin, UserId},
    store::{ChangeUserOutcome, LoginRecord},
    users::{User, UserChange},
};

/// A change of one's own account.
#[derive(Clone, Debug)]
pub struct UpdateAccountRequest {
    /// The new e-mail address, or none.
    pub email: Option<String>,
    /// The current password (ASVS 7.5.1).
    pub current_password: SecretString,
}

impl Engine {
    /// The account of the access token's user, as it stands now.
    ///
    /// # Errors
    /// The guard's, when the user is not there any more or may not log in.
    pub async fn me(&self, principal: &Principal) -> Result<User> {
        let id = user_id(principal)?;
        let gone = || Error::Guard(countersign_guard::Error::Revoked);
        let user = self.0.store.find_user(&id).await?.filter(User::is_active).ok_or_else(gone)?;
        // Where the application keeps the users, what they are called and may do is its to say.
        match self.active_foreign_standing(&id, gone()).await? {
            None => Ok(user),
            Some(standing) => Ok(User {
                username: standing.username,
                roles: standing.roles,
                // It leaves them as the session has them.
                scopes: standing
                    .scopes
                    .unwrap_or_else(|| principal.scopes().map(str::to_owned).collect()),
                claims: standing.claims,
                ..user
            }),
        }
    }

    /// Changes one's own e-mail address.
    ///
    /// # Errors
    /// [`Error::ReauthenticationFailed`], [`Error::Invalid`], [`Error::RateLimited`].
    pub async fn update_account(
        &self,
        principal: &Principal,
        request: UpdateAccountRequest,
        origin: &Origin,
    ) -> Result<User> {
        let (engine, origin, principal) = (self.clone(), origin.clone(), principal.clone());
        to_the_end(async move { engine.update_account_now(&principal, request, &origin).await })
            .await
    }

    async fn update_account_now(
        &self,
        principal: &Principal,
        request: UpdateAccountRequest,
        origin: &Origin,
    ) -> Result<User> {
        check_email(request.email.as_deref())?;
        let (user, checked) =
            self.reauthenticate(principal, &request.current_password, origin).await?;
        self.0.store.refund(&checked.taken, self.now()).await?;
        let event =
            Event::new(EventKind::AccountEmailChanged, self.now()).user(&user.id).origin(origin);
        let write = UserWrite::new(UserChange::Email(request.email), None, event);
        match self.change_user_now(&user.id, write).await? {
            ChangeUserOutcome::Changed { user, .. } => Ok(*user),
            ChangeUserOutcome::Refused(_) => Err(Error::Guard(countersign_guard::Error::Revoked)),
        }
    }

    /// Asks for the password again, under the same budgets as log-in.
    pub(crate) async fn reauthenticate(
        &self,
        principal: &Principal,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<(User, Checked)> {
        let user = self.me(principal).await?;
        let Some(name) = user.username.clone() else {
            return Err(Error::AccessDenied {
                reason: "the application keeps this user's password",
            });
        };
        let networks = match self.0.store.find_login(&name).await? {
            Some(LoginRecord { networks, .. }) => networks,
            None => Vec::new(),
        };
        let account = Account { name: &name, user: Some(&user), networks: &networks };
        let checked = self.check_password(&account, password, origin).await?;
        checked.map(|checked| (user.clone(), checked)).ok_or(Error::ReauthenticationFailed)
    }
}

pub(crate) fn user_id(principal: &Principal) -> Result<UserId> {
    principal.user_id().parse().map_err(|_| {
        Error::Guard(countersign_guard::Error::Foreign { reason: "its sub is no user id" })
    })
}
