//! What happened: the audit log's rows, and what subscribers hear.

use countersign_guard::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ids::{ClientId, Origin, SessionId, UserId};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum EventKind { $($(#[$doc])* $variant,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The kind as it is stored and named.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

event_kinds! {
    /// An account was registered by its owner.
    AccountRegistered = "account.registered",
    /// An administrator made an account.
    AccountAdded = "account.added",
    /// An e-mail address changed.
    AccountEmailChanged = "account.email_changed",
    /// A password changed.
    AccountPasswordChanged = "account.password_changed",
    /// An account was disabled.
    AccountDisabled = "account.disabled",
    /// An account was enabled.
    AccountEnabled = "account.enabled",
    /// Roles or scopes changed.
    AccountGrantsChanged = "account.grants_changed",
    /// Custom claims changed.
    AccountClaimsChanged = "account.claims_changed",
    /// An account was deleted.
    AccountDeleted = "account.deleted",
    /// A log-in succeeded.
    LoginSucceeded = "login.succeeded",
    /// A password or code check failed; one row per account and 15 minutes, counted.
    LoginFailed = "login.failed",
    /// A session began without a password check of ours.
    SessionStarted = "session.started",
    /// A session ended.
    SessionEnded = "session.ended",
    /// Every session of a user ended.
    SessionsEnded = "session.all_ended",
    /// A lost answer was repeated.
    RefreshRepeated = "refresh.repeated",
    /// An old refresh token came back; the session was ended.
    RefreshReplayed = "refresh.replayed",
    /// A refresh token from the future came; the store went back.
    StoreRolledBack = "store.rolled_back",
    /// An access token was revoked.
    TokenRevoked = "token.revoked",
    /// A client was added.
    ClientAdded = "client.added",
    /// A client got another secret.
    ClientRotated = "client.rotated",
    /// A client was disabled.
    ClientDisabled = "client.disabled",
    /// A client was enabled.
    ClientEnabled = "client.enabled",
    /// A client was deleted.
    ClientDeleted = "client.deleted",
    /// A key was put into the ring.
    KeyAdded = "key.added",
    /// The next key was told to sign.
    KeyRotated = "key.rotated",
    /// A key was declared compromised.
    KeyCompromised = "key.compromised",
}

impl EventKind {
    /// The kind named `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// One thing that happened, without secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Whom it concerns.
    pub user_id: Option<UserId>,
    /// Which session.
    pub session_id: Option<SessionId>,
    /// Which client.
    pub client_id: Option<ClientId>,
    /// Who did it, when that is somebody else: an administrator's user id, or `cli`.
    pub actor: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// More about it.
    pub detail: Map<String, Value>,
    /// Rows with the same key are one row whose count rises.
    pub coalesce: Option<String>,
}

impl Event {
    /// An event of `kind`.
    pub fn new(kind: EventKind, at: Timestamp) -> Self {
        Self {
            at,
            kind,
            user_id: None,
            session_id: None,
            client_id: None,
            actor: None,
            address: None,
            detail: Map::new(),
            coalesce: None,
        }
    }

    /// Concerns this user.
    #[must_use]
    pub fn user(mut self, id: &UserId) -> Self {
        self.user_id = Some(id.clone());
        self
    }

    /// Concerns this session.
    #[must_use]
    pub fn session(mut self, id: SessionId) -> Self {
        self.session_id = Some(id);
        self
    }

    /// Concerns this client.
    #[must_use]
    pub fn client(mut self, id: &ClientId) -> Self {
        self.client_id = Some(id.clone());
        self
    }

    /// Done by somebody else than the user.
    #[must_use]
    pub fn actor(mut self, actor: Option<&str>) -> Self {
        self.actor = actor.map(str::to_owned);
        self
    }

    /// Came from there.
    #[must_use]
    pub fn origin(mut self, origin: &Origin) -> Self {
        self.address = origin.address.map(|address| address.to_string());
        if let Some(request_id) = &origin.request_id {
            self.detail.insert("request_id".into(), request_id.clone().into());
        }
        self
    }

    /// Says more.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

/// An event as the audit log holds it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRecord {
    /// The position in the log.
    pub id: i64,
    /// When (milliseconds since the epoch).
    pub at: Timestamp,
    /// What; a kind's name.
    pub kind: String,
    /// Whom it concerns.
    pub user_id: Option<String>,
    /// Which session.
    pub session_id: Option<String>,
    /// Which client.
    pub client_id: Option<String>,
    /// Who did it, when that is somebody else.
    pub actor: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// More about it.
    pub detail: Map<String, Value>,
    /// How often, where equal events share a row.
    pub count: u32,
}
