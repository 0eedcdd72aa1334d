//! Who calls: clients that authenticate, callers that may ask about tokens, and the limits on both.

use std::{collections::BTreeSet, fmt};

use aws_lc_rs::constant_time;
use countersign_guard::Principal;
use secrecy::{ExposeSecret, SecretString};

use super::refresh::sha256;
use crate::{
    clients::{Client, ClientKind},
    engine::Engine,
    error::{Error, LimitPolicy, Result},
    ids::{ClientId, FIRST_PARTY, Origin},
    limits::{LocalOutcome, Rates, network},
};

/// What a client says of itself (RFC 6749 2.3).
#[derive(Clone, Debug, Default)]
pub struct ClientCredentials {
    /// The client id; none is the first party.
    pub id: Option<String>,
    /// The secret.
    pub secret: Option<SecretString>,
    /// They came in the `Authorization` header, so a refusal must challenge (RFC 6749 5.2).
    pub from_header: bool,
}

impl ClientCredentials {
    /// Nobody, or the reserved first party, without a secret.
    pub(crate) fn is_first_party(&self) -> bool {
        self.secret.is_none() && self.id.as_deref().is_none_or(|id| id == FIRST_PARTY)
    }
}

/// How a caller of the introspection and revocation feeds shows who it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallerCredentials {
    /// A resource server's id and secret.
    Client(ClientCredentials),
    /// An access token with the scope for it.
    Access(Box<Principal>),
    /// Nothing.
    None,
}

/// Somebody who may ask about tokens, and for which audiences.
#[derive(Clone)]
pub struct Caller {
    pub(crate) audiences: BTreeSet<String>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("audiences", &self.audiences).finish()
    }
}

impl Engine {
    /// The program that the engine is embedded in: it may ask about tokens of every audience.
    pub fn own_caller(&self) -> Caller {
        Caller { audiences: self.0.config.audiences.iter().cloned().collect() }
    }

    /// Lets a resource server in by its secret, or anybody with an access token that has `scope`.
    ///
    /// # Errors
    /// [`Error::InvalidClient`], or the guard's errors for a token; [`Error::RateLimited`] after
    /// too many failures.
    pub async fn authorize_caller(
        &self,
        credentials: CallerCredentials,
        scope: &str,
        origin: &Origin,
    ) -> Result<Caller> {
        self.limit_failures("caller", origin)?;
        let result = self.authorize_caller_unlimited(credentials, scope).await;
        if matches!(result, Err(Error::InvalidClient { .. } | Error::Guard(_))) {
            self.count_failure("caller", origin);
        }
        result
    }

    async fn authorize_caller_unlimited(
        &self,
        credentials: CallerCredentials,
        scope: &str,
    ) -> Result<Caller> {
        match credentials {
            CallerCredentials::None => Err(Error::InvalidClient { reason: "nobody authenticated" }),
            CallerCredentials::Access(principal) => {
                principal.require_scopes(&[scope])?;
                Ok(self.own_caller())
            }
            CallerCredentials::Client(credentials) => {
                let client = self.authenticate_client(&credentials).await?;
                if client.kind != ClientKind::ResourceServer {
                    return Err(Error::InvalidClient { reason: "it is no resource server" });
                }
                Ok(Caller { audiences: client.audiences })
            }
        }
    }

    /// The client that these credentials prove. A client with a secret must show it, one without
    /// must not.
    pub(crate) async fn authenticate_client(
        &self,
        credentials: &ClientCredentials,
    ) -> Result<Client> {
        let unknown = Error::InvalidClient { reason: "no such client, or another secret" };
        let Some(Ok(id)) = credentials.id.as_deref().map(str::parse::<ClientId>) else {
            return Err(unknown);
        };
        let Some(client) = self.0.store.find_client(&id).await? else { return Err(unknown) };
        if client.disabled {
            return Err(Error::InvalidClient { reason: "the client is disabled" });
        }
        let proven = match (&client.secret_hash, &credentials.secret) {
            (None, None) => !client.kind.has_secret(),
            (Some(hash), Some(secret)) => sha256(secret.expose_secret().as_bytes())
                .is_some_and(|shown| constant_time::verify_slices_are_equal(hash, &shown).is_ok()),
            _ => false,
        };
        if proven { Ok(client) } else { Err(unknown) }
    }

    /// Takes one from the address's rate for `name`.
    pub(crate) fn limit_address(
        &self,
        name: &'static str,
        rates: &Rates,
        origin: &Origin,
    ) -> Result<()> {
        let outcome =
            self.0.local.check(name, &address_key(origin), rates, self.0.clock.monotonic());
        refuse_when_limited(name, &outcome)
    }

    /// Refuses an address that failed too often at `name`; takes nothing.
    pub(crate) fn limit_failures(&self, name: &'static str, origin: &Origin) -> Result<()> {
        let rates = &self.0.config.limits.failures_address;
        let outcome =
            self.0.local.peek(name, &address_key(origin), rates, self.0.clock.monotonic());
        refuse_when_limited(name, &outcome)
    }

    /// Counts a failure of the address at `name`.
    pub(crate) fn count_failure(&self, name: &'static str, origin: &Origin) {
        let rates = &self.0.config.limits.failures_address;
        self.0.local.check(name, &address_key(origin), rates, self.0.clock.monotonic());
    }
}

/// Without an address everybody shares one bucket.
fn address_key(origin: &Origin) -> String {
    origin.address.map(network).unwrap_or_default()
}

fn refuse_when_limited(name: &'static str, outcome: &LocalOutcome) -> Result<()> {
    if outcome.allowed {
        return Ok(());
    }
    Err(Error::RateLimited {
        retry_after: outcome.retry_after,
        policy: LimitPolicy {
            name,
            count: outcome.rate.count(),
            window_seconds: outcome.rate.per().as_secs(),
        },
    })
}
