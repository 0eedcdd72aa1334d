//! Operations by name: arguments from Python, the engine's operation, the answer as the routes show
//! it. One function an operation.

mod account;
mod clients;
mod imports;
mod keys;
mod session;
mod users;

use countersign::engine::{
    Engine, Error, Result, guard::Principal, ids::Origin, ops::actor::Actor,
};
use serde::{Serialize, de::DeserializeOwned};

/// A call: which operation, with what, by whom and from where.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) engine: Engine,
    pub(super) operation: String,
    /// A JSON object.
    pub(super) arguments: String,
    pub(super) principal: Option<Principal>,
    pub(super) origin: Origin,
}

/// What Python gets: JSON, or nothing to say.
pub(super) type Answer = Option<String>;

impl Call {
    /// Runs the operation.
    ///
    /// # Errors
    /// The operation's own; [`Error::Invalid`] when the arguments are not its arguments.
    pub(super) async fn run(self) -> Result<Answer> {
        match self.operation.as_str() {
            "register" => session::register(&self).await,
            "login" => session::login(&self).await,
            "refresh" => session::refresh(&self).await,
            "logout" => session::logout(&self, false).await,
            "logout_all" => session::logout(&self, true).await,
            "revoke" => session::revoke(&self).await,
            "introspect" => session::introspect(&self).await,
            "start_session" => session::start_session(&self).await,
            "me" => account::me(&self).await,
            "update_account" => account::update_account(&self).await,
            "change_password" => account::change_password(&self).await,
            "sessions" => account::sessions(&self).await,
            "end_own_session" => account::end_own_session(&self).await,
            "list_users" => users::list_users(&self).await,
            "user" => users::user(&self).await,
            "add_user" => users::add_user(&self).await,
            "import_users" => imports::import_users(&self).await,
            "set_grants" => users::set_grants(&self).await,
            "set_claims" => users::set_claims(&self).await,
            "disable_user" => users::disable_user(&self).await,
            "enable_user" => users::enable_user(&self).await,
            "delete_user" => users::delete_user(&self).await,
            "set_password" => users::set_password(&self).await,
            "user_sessions" => users::user_sessions(&self).await,
            "end_user_sessions" => users::end_user_sessions(&self).await,
            "end_session" => users::end_session(&self).await,
            "list_clients" => clients::list_clients(&self).await,
            "client" => clients::client(&self).await,
            "add_client" => clients::add_client(&self).await,
            "rotate_client_secret" => clients::rotate_client_secret(&self).await,
            "disable_client" => clients::disable_client(&self).await,
            "enable_client" => clients::enable_client(&self).await,
            "delete_client" => clients::delete_client(&self).await,
            "list_keys" => keys::list_keys(&self).await,
            "rotate_keys" => keys::rotate_keys(&self).await,
            "compromise_key" => keys::compromise_key(&self).await,
            "jwks" => keys::jwks(&self),
            "list_events" => keys::list_events(&self).await,
            "ready" => keys::ready(&self).await,
            "upkeep" => keys::upkeep(&self).await,
            _ => Err(Error::Internal("there is no such operation".into())),
        }
    }

    /// The arguments. What is wrong with them is said without repeating any: one may be a password.
    fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        let reader = &mut serde_json::Deserializer::from_str(&self.arguments);
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string();
            let reason = if path == "." {
                "one is missing, unknown or not what it should be".to_owned()
            } else {
                format!("`{path}` is not what it should be")
            };
            Error::Invalid { field: "arguments", reason }
        })
    }

    fn principal(&self) -> Result<&Principal> {
        self.principal.as_ref().ok_or_else(|| countersign_guard::Error::Missing.into())
    }

    /// Who administers: the bearer of a token that may, or the program itself.
    fn actor(&self) -> Result<Actor> {
        match &self.principal {
            Some(principal) => Actor::administrator(principal, &self.origin),
            None => Ok(Actor::application()),
        }
    }
}

/// An answer that is shown.
fn shown(body: &impl Serialize) -> Result<Answer> {
    serde_json::to_string(body).map(Some).map_err(|error| Error::Internal(error.to_string()))
}

/// An operation that says nothing but that it is done.
#[expect(clippy::unnecessary_wraps, reason = "it ends every function that answers nothing")]
fn done(_: ()) -> Result<Answer> {
    Ok(None)
}
