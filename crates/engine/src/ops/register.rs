//! Registration: an account for anybody, without roles and scopes.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    engine::{Engine, to_the_end},
    error::{Error, Result},
    events::{Event, EventKind},
    ids::{Origin, UserId},
    names::{Username, valid_email},
    passwords::check_password_policy,
    store::{CreateUserOutcome, Effects},
    users::User,
};

/// A registration.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// The e-mail address; kept as given, unverified.
    pub email: Option<String>,
}

impl Engine {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::UsernameTaken`], [`Error::WeakPassword`], [`Error::Invalid`],
    /// [`Error::AccessDenied`] when registration is closed, [`Error::RateLimited`],
    /// [`Error::Busy`].
    pub async fn register(&self, request: RegisterRequest, origin: &Origin) -> Result<User> {
        let (engine, origin) = (self.clone(), origin.clone());
        to_the_end(async move { engine.register_now(request, &origin).await }).await
    }

    async fn register_now(&self, request: RegisterRequest, origin: &Origin) -> Result<User> {
        if !self.0.config.accounts.registration {
            return Err(Error::AccessDenied { reason: "registration is closed" });
        }
        self.limit_address("register", &self.0.config.limits.register_address, origin)?;
        let mut user = self.named_user(&request.username, request.email)?;
        self.check_new_password("password", &request.password, user.username.as_deref())?;
        // Asked before hashing, so that a taken name costs nothing; the insert decides.
        if self.0.store.find_login(user.username.as_deref().unwrap_or_default()).await?.is_some() {
            return Err(Error::UsernameTaken);
        }
        user.password_hash = Some(self.hash_password(&request.password).await?);
        let event =
            Event::new(EventKind::AccountRegistered, user.created_at).user(&user.id).origin(origin);
        self.create_user(&user, event).await?;
        Ok(user)
    }

    /// A new user of this name, without password and grants.
    pub(crate) fn named_user(&self, username: &str, email: Option<String>) -> Result<User> {
        let name = Username::parse(username, self.0.config.accounts.usernames)
            .map_err(|error| Error::invalid("username", error.to_string()))?;
        check_email(email.as_deref())?;
        let now = self.now();
        let mut user = User::new(UserId::generate(now, self.0.random.as_ref()), now);
        user.username = Some(name.as_str().to_owned());
        user.email = email;
        Ok(user)
    }

    pub(crate) async fn create_user(&self, user: &User, event: Event) -> Result<()> {
        match self.0.store.create_user(user, Effects::event(event.clone())).await? {
            CreateUserOutcome::Created => {
                self.publish(event);
                Ok(())
            }
            CreateUserOutcome::UsernameTaken => Err(Error::UsernameTaken),
            CreateUserOutcome::IdTaken => {
                Err(Error::Conflict { reason: "This id was used before." })
            }
        }
    }

    /// Refuses a password that is too weak to be set.
    pub(crate) fn check_new_password(
        &self,
        field: &'static str,
        password: &SecretString,
        username: Option<&str>,
    ) -> Result<()> {
        check_password_policy(password.expose_secret(), username)
            .map_err(|weak| Error::WeakPassword { field, reason: weak.to_string() })
    }
}

/// Refuses what is no address.
pub(crate) fn check_email(email: Option<&str>) -> Result<()> {
    match email {
        Some(email) if !valid_email(email) => {
            Err(Error::invalid("email", "This is no e-mail address."))
        }
        _ => Ok(()),
    }
}
