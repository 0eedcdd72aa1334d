//! Checking a password under the budgets: the one way in which any route does it.

use countersign_guard::time::Timestamp;
use secrecy::SecretString;

use crate::{
    engine::Engine,
    error::{Error, LimitPolicy, Result},
    events::{Event, EventKind},
    ids::Origin,
    limits::{Rates, network},
    passwords::{Busy, VerifyOutcome},
    store::{BudgetOutcome, BudgetRule, Effects, NetworkHash},
    users::{PasswordHash, User},
};

/// A failed log-in is one audit row per account and quarter of an hour.
const FAILURE_WINDOW_MILLIS: i64 = 900_000;

/// A password that is right.
pub(crate) struct Checked {
    /// The hash it matches.
    pub(crate) hash: PasswordHash,
    /// The hash to store instead, when the parameters have moved on.
    pub(crate) upgraded: Option<PasswordHash>,
    /// What was taken from the budgets and must be given back.
    pub(crate) taken: Vec<BudgetRule>,
    /// The network, for the owner's list.
    pub(crate) network: NetworkHash,
}

/// Whose password is checked: the account as it was named, and the user if there is one.
pub(crate) struct Account<'a> {
    /// The canonical name, or what was typed when that is no name.
    pub(crate) name: &'a str,
    /// The user, if there is one.
    pub(crate) user: Option<&'a User>,
    /// The networks that the owner signed in from.
    pub(crate) networks: &'a [NetworkHash],
}

impl Engine {
    /// Checks `password` for `account`. `None` when it is wrong, there is no such user, or the user
    /// may not log in: all three run the hash and cost the same.
    ///
    /// The budgets are charged first and given back afterwards, so that parallel tries cannot pass
    /// them; a crash in between costs the owner one try, never gives an attacker one.
    pub(crate) async fn check_password(
        &self,
        account: &Account<'_>,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<Option<Checked>> {
        let now = self.now();
        let network = self.network_of(account.name, origin);
        let rules = self.budgets(account, network);
        let busy = |busy: Busy| Error::Busy { retry_after: busy.retry_after };
        let place = self.0.hasher.reserve().map_err(busy)?;
        self.charge(&rules, now).await?;
        let hash = account
            .user
            .filter(|user| user.is_active())
            .and_then(|user| user.password_hash.as_ref());
        let outcome = match self.0.hasher.verify_in(place, password, hash).await {
            Ok(outcome) => outcome,
            Err(refused) => {
                self.0.store.refund(&rules, now).await?;
                return Err(busy(refused));
            }
        };
        let (VerifyOutcome::Match { upgrade }, Some(hash)) = (outcome, hash) else {
            self.record_failure(account, origin, now).await?;
            return Ok(None);
        };
        let upgraded = if upgrade { self.hash_password(password).await.ok() } else { None };
        Ok(Some(Checked { hash: hash.clone(), upgraded, taken: rules, network }))
    }

    /// Hashes a password that will be stored.
    pub(crate) async fn hash_password(&self, password: &SecretString) -> Result<PasswordHash> {
        self.0
            .hasher
            .hash(password, self.0.random.as_ref())
            .await
            .map_err(|busy| Error::Busy { retry_after: busy.retry_after })
    }

    /// Whether a hash is one of this password: for an administrator who brings both along, so neither
    /// budgets nor the time it takes matter.
    pub(crate) async fn is_hash_of(
        &self,
        password: &SecretString,
        hash: &PasswordHash,
    ) -> Result<bool> {
        let outcome = self.0.hasher.verify(password, Some(hash)).await;
        let outcome = outcome.map_err(|busy| Error::Busy { retry_after: busy.retry_after })?;
        Ok(matches!(outcome, VerifyOutcome::Match { .. }))
    }

    async fn charge(&self, rules: &[BudgetRule], now: Timestamp) -> Result<()> {
        match self.0.store.take(rules, now).await? {
            BudgetOutcome::Taken => Ok(()),
            BudgetOutcome::Exhausted { retry_after, rule } => Err(Error::RateLimited {
                retry_after,
                policy: LimitPolicy {
                    name: "account",
                    count: rule.rate.count(),
                    window_seconds: rule.rate.per().as_secs(),
                },
            }),
        }
    }

    /// A network from which the owner signed in before has budgets of its own, so that an attacker
    /// elsewhere cannot lock the owner out.
    fn budgets(&self, account: &Account<'_>, network: NetworkHash) -> Vec<BudgetRule> {
        let limits = &self.0.config.limits;
        let mut rules = self.rules(&limits.account_network, &[account.name.as_bytes(), &network]);
        if !account.networks.contains(&network) {
            rules.extend(self.rules(&limits.account_unknown, &[account.name.as_bytes()]));
        }
        rules
    }

    fn rules(&self, rates: &Rates, whose: &[&[u8]]) -> Vec<BudgetRule> {
        let rule = |rate: crate::limits::Rate| {
            let count = rate.count().to_be_bytes();
            let per = rate.per().as_secs().to_be_bytes();
            let mut parts = vec![count.as_slice(), per.as_slice()];
            parts.extend_from_slice(whose);
            BudgetRule { key: self.0.master.keyed_hash("budget", &parts), rate }
        };
        rates.iter().map(rule).collect()
    }

    fn network_of(&self, name: &str, origin: &Origin) -> NetworkHash {
        let network = origin.address.map(network).unwrap_or_default();
        self.0.master.keyed_hash("network", &[name.as_bytes(), network.as_bytes()])
    }

    async fn record_failure(
        &self,
        account: &Account<'_>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<()> {
        let window = now.millis().div_euclid(FAILURE_WINDOW_MILLIS);
        let whose = self.0.master.keyed_hash("failure", &[account.name.as_bytes()]);
        let mut event = Event::new(EventKind::LoginFailed, now).origin(origin);
        event.user_id = account.user.map(|user| user.id.clone());
        event.coalesce = Some(format!("login.failed/{}/{window}", hex(&whose)));
        self.0.store.write(Effects::event(event.clone()), now).await?;
        self.publish(event);
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
