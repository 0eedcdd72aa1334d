//! The check itself: verifier, then revocation view.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use countersign_jose::{
    Algorithm, Audience, CachedVerifier, Issuer, KeySet, Leeway, Verified, Verifier,
};

use crate::{
    Error, Presented, Principal, Scheme,
    access::Access,
    revocation::{RevocationView, Subject},
    time::Clock,
};

/// What every access token must satisfy, and how much is remembered.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The one issuer (`iss`).
    pub issuer: String,
    /// The audiences that are us; the token's must be one of them.
    pub audiences: Vec<String>,
    /// The algorithms that the issuer signs with at first.
    pub algorithms: Vec<Algorithm>,
    /// How many tokens are remembered, so that each is verified once; 0 remembers none.
    pub cache: usize,
}

impl Policy {
    /// How many tokens are remembered unless it is said otherwise: about 16 MiB of usual size.
    pub const CACHE: usize = 10_000;

    /// A policy that remembers [`Policy::CACHE`] tokens.
    pub fn new(
        issuer: impl Into<String>,
        audiences: Vec<String>,
        algorithms: Vec<Algorithm>,
    ) -> Self {
        Self { issuer: issuer.into(), audiences, algorithms, cache: Self::CACHE }
    }
}

/// What happens when the revocation view is older than its bound.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FailMode {
    /// Answer 503: nothing revoked slips through.
    #[default]
    Closed,
    /// Let the token in on its signature alone.
    Open,
}

/// Seconds by which `iat` and `nbf` may lie ahead; `exp` has no leeway.
const CLOCK_SKEW_SECONDS: u32 = 60;
/// What a client that meets a stale view is told to wait.
const STALE_RETRY: Duration = Duration::from_secs(1);

/// Verifies access tokens and their revocation, in memory and without a lock.
#[derive(Debug)]
pub struct Guard {
    policy: Policy,
    realm: String,
    verifier: ArcSwap<CachedVerifier<Access>>,
    view: Arc<RevocationView>,
    clock: Arc<dyn Clock>,
}

impl Guard {
    /// A guard for `policy` with the issuer's `keys`.
    ///
    /// # Errors
    /// When the policy is empty or the keys do not fit its algorithms.
    pub fn new(
        policy: Policy,
        keys: KeySet,
        view: Arc<RevocationView>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let verifier = build_verifier(&policy, keys)?;
        let realm = policy.issuer.replace(['"', '\\'], "");
        Ok(Self { policy, realm, verifier: ArcSwap::from_pointee(verifier), view, clock })
    }

    /// Takes another key set and the algorithms that it signs with; tokens in flight are checked
    /// against the old or the new one.
    ///
    /// # Errors
    /// When the keys do not fit the algorithms; the old set stays.
    pub fn replace_keys(&self, keys: KeySet, algorithms: &[Algorithm]) -> Result<(), Error> {
        let policy = Policy { algorithms: algorithms.to_vec(), ..self.policy.clone() };
        self.verifier.store(Arc::new(build_verifier(&policy, keys)?));
        Ok(())
    }

    /// Checks a presented token; answers 503 while the view is stale.
    ///
    /// # Errors
    /// [`Error::Token`] and [`Error::Foreign`] when it is no good access token of this issuer for
    /// this service, [`Error::Revoked`], [`Error::Stale`].
    pub fn check(&self, presented: &Presented<'_>) -> Result<Principal, Error> {
        self.check_with(presented, FailMode::Closed)
    }

    /// The same, with the fail mode of the route.
    ///
    /// # Errors
    /// As [`Guard::check`].
    pub fn check_with(
        &self,
        presented: &Presented<'_>,
        mode: FailMode,
    ) -> Result<Principal, Error> {
        self.let_in(self.verify(presented)?, mode)
    }

    /// The same as [`Guard::check`] for a token that is remembered, which takes no time worth
    /// mentioning; `None` for another. For callers that would hand a longer check to somebody else.
    ///
    /// # Errors
    /// As [`Guard::check`].
    pub fn recall(&self, presented: &Presented<'_>) -> Option<Result<Principal, Error>> {
        let now = self.clock.now();
        let recalled = self.verifier.load().recall(presented.token, now.seconds())?;
        let principal = recalled.map_err(Error::from).and_then(unbound);
        Some(principal.and_then(|principal| self.let_in(principal, FailMode::Closed)))
    }

    /// Whether somebody whose token verifies may come in.
    fn let_in(&self, principal: Principal, mode: FailMode) -> Result<Principal, Error> {
        if mode == FailMode::Closed && !self.view.is_fresh(self.clock.monotonic()) {
            return Err(Error::Stale { retry_after: STALE_RETRY });
        }
        if self.view.is_revoked(&subject(&principal)) {
            return Err(Error::Revoked);
        }
        Ok(principal)
    }

    /// Checks everything but revocation: for whoever revokes tokens, and must be able to do it
    /// again. Lets nobody in.
    ///
    /// # Errors
    /// [`Error::Token`] and [`Error::Foreign`] as [`Guard::check`].
    pub fn verify(&self, presented: &Presented<'_>) -> Result<Principal, Error> {
        let Scheme::Bearer = presented.scheme;
        let now = self.clock.now();
        let verified = self.verifier.load().verify(presented.token, now.seconds())?;
        unbound(verified)
    }

    /// Whether anything that the token names is revoked, as far as is known here.
    pub fn is_revoked(&self, principal: &Principal) -> bool {
        self.view.is_revoked(&subject(principal))
    }

    /// The revocation view.
    pub fn view(&self) -> &Arc<RevocationView> {
        &self.view
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The realm of its challenges: the issuer.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The clock it checks by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

/// RFC 9449 7.1: a bound token is not taken as plain Bearer.
fn unbound(verified: Arc<Verified<Access>>) -> Result<Principal, Error> {
    if verified.claims().is_bound() {
        return Err(Error::Foreign { reason: "it is bound to a key whose proof is not checked" });
    }
    Ok(Principal::new(verified))
}

fn subject(principal: &Principal) -> Subject<'_> {
    Subject {
        token_id: principal.token_id(),
        session_id: principal.session_id(),
        user_id: principal.user_id(),
        generation: principal.generation(),
        client_id: principal.client_id(),
        key_id: principal.key_id(),
    }
}

/// Another policy, or other keys, begin with nothing remembered.
fn build_verifier(policy: &Policy, keys: KeySet) -> Result<CachedVerifier<Access>, Error> {
    let audience = Audience::any_of(policy.audiences.iter().map(String::as_str));
    let leeway = Leeway::new(0, CLOCK_SKEW_SECONDS, CLOCK_SKEW_SECONDS);
    let verifier =
        Verifier::builder(keys, &policy.algorithms, Issuer::one(&policy.issuer), audience)
            // RFC 9068 4: only at+jwt is an access token.
            .typ(Some("at+jwt"))
            .leeway(leeway)
            .required(&["exp", "iat", "iss", "aud", "sub", "jti"])
            .build()?;
    Ok(CachedVerifier::new(verifier, policy.cache))
}
