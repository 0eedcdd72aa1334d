//! What an engine is configured with: parsed once, valid from then on.

use std::time::Duration;

use countersign_jose::Algorithm;

use crate::{
    limits::{Rate, Rates},
    names::UsernamePolicy,
    passwords::Argon2Parameters,
    sessions::SessionPolicy,
};

/// The engine's configuration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EngineConfig {
    /// The issuer: `iss` of every token, and the base of the metadata.
    pub issuer: String,
    /// The audiences that are us; tokens are issued for the first.
    pub audiences: Vec<String>,
    /// How access tokens and keys are made.
    pub tokens: TokenConfig,
    /// How long sessions live and how refresh behaves.
    pub sessions: SessionPolicy,
    /// Accounts and passwords.
    pub accounts: AccountConfig,
    /// The rates.
    pub limits: LimitConfig,
    /// Revocations in memory.
    pub revocations: RevocationConfig,
    /// How long audit rows are kept.
    pub keep_events: Duration,
}

/// How access tokens and keys are made.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// The life of an access token.
    pub access_ttl: Duration,
    /// What new keys sign with.
    pub algorithm: Algorithm,
    /// How long a key signs.
    pub rotate_keys_every: Duration,
    /// How long the next key stands in the JWKS before it signs.
    pub publish_before: Duration,
    /// Whether access tokens carry `preferred_username`.
    pub include_username: bool,
}

/// Accounts and passwords.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// Whether anybody may register.
    pub registration: bool,
    /// Whether `POST /token` takes the password form.
    pub password_grant: bool,
    /// What user names look like.
    pub usernames: UsernamePolicy,
    /// The password hash's cost.
    pub argon2: Argon2Parameters,
    /// How many hashes run at once.
    pub hash_permits: usize,
    /// How many wait for that.
    pub hash_queue: usize,
}

/// The rates. The budgets of failed checks live in the store, the others in memory.
#[derive(Clone, Debug)]
pub struct LimitConfig {
    /// Failed checks per account and network.
    pub account_network: Rates,
    /// Failed checks per account over all networks that are not known as the owner's.
    pub account_unknown: Rates,
    /// Log-ins per address.
    pub login_address: Rates,
    /// Registrations per address.
    pub register_address: Rates,
    /// Failed refreshes, revocations and introspections per address.
    pub failures_address: Rates,
}

/// Revocations in memory.
#[derive(Clone, Copy, Debug)]
pub struct RevocationConfig {
    /// How old the view may be before protected routes answer 503.
    pub max_staleness: Duration,
    /// How many entries are held at most.
    pub capacity: usize,
}

/// A configuration that must not be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{setting}: {problem}. {mend}")]
pub struct InvalidConfig {
    /// Which setting.
    pub setting: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// What to do.
    pub mend: &'static str,
}

const DAY: Duration = Duration::from_secs(86_400);

impl EngineConfig {
    /// The defaults for this issuer and these audiences.
    ///
    /// # Errors
    /// [`InvalidConfig`] as [`EngineConfig::validate`].
    pub fn new(issuer: &str, audiences: &[&str]) -> Result<Self, InvalidConfig> {
        let config = Self {
            issuer: issuer.to_owned(),
            audiences: audiences.iter().map(|&audience| audience.to_owned()).collect(),
            tokens: TokenConfig::default(),
            sessions: SessionPolicy::default(),
            accounts: AccountConfig::default(),
            limits: LimitConfig::default(),
            revocations: RevocationConfig::default(),
            keep_events: 90 * DAY,
        };
        config.validate()?;
        Ok(config)
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first setting that must not stand, and its mend.
    pub fn validate(&self) -> Result<(), InvalidConfig> {
        valid_issuer(&self.issuer)?;
        let audience_ok = |name: &String| {
            (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if self.audiences.is_empty() || !self.audiences.iter().all(audience_ok) {
            return Err(InvalidConfig {
                setting: "audience",
                problem: "there is none, or one is empty or has spaces".into(),
                mend: "Name the API that accepts the tokens, such as \"api\" or its URL.",
            });
        }
        within("access_ttl", self.tokens.access_ttl, Duration::from_secs(30), DAY)?;
        within("publish_before", self.tokens.publish_before, Duration::from_secs(600), 30 * DAY)?;
        let shortest = self.tokens.publish_before * 2;
        within("rotate_keys_every", self.tokens.rotate_keys_every, shortest, 730 * DAY)?;
        within("session_idle", self.sessions.idle, Duration::from_secs(60), 3_650 * DAY)?;
        within("session_absolute", self.sessions.absolute, self.sessions.idle, 3_650 * DAY)?;
        within("refresh_grace", self.sessions.grace, Duration::ZERO, Duration::from_secs(300))?;
        within("max_staleness", self.revocations.max_staleness, Duration::from_secs(1), DAY)
    }
}

fn within(
    setting: &'static str,
    value: Duration,
    least: Duration,
    most: Duration,
) -> Result<(), InvalidConfig> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(InvalidConfig {
        setting,
        problem: format!(
            "{} s is not between {} s and {} s",
            value.as_secs(),
            least.as_secs(),
            most.as_secs()
        ),
        mend: "Choose a value within these bounds, or leave the setting out for the default.",
    })
}

/// RFC 8414 2: an https URL without query or fragment; plain http only for this machine.
fn valid_issuer(issuer: &str) -> Result<(), InvalidConfig> {
    let refuse = |problem: &str| {
        Err(InvalidConfig {
            setting: "issuer",
            problem: problem.into(),
            mend: "Write the public URL of this service, such as \"https://api.example.com\".",
        })
    };
    if issuer.len() > 255 || !issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse("it is too long or has characters that no URL has");
    }
    if issuer.contains(['?', '#', '"', '\\', '<', '>']) {
        return refuse("it has a query, a fragment or a quote");
    }
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("", ""));
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return refuse("it has no host");
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(authority) => Ok(()),
        "http" => refuse("it is plain http and not on this machine"),
        _ => refuse("it is no https URL"),
    }
}

/// Whether the authority of a URL names this machine.
pub fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Default for TokenConfig {
    fn default() -> Self {
        Self {
            access_ttl: Duration::from_secs(900),
            algorithm: Algorithm::Es256,
            rotate_keys_every: 30 * DAY,
            publish_before: DAY,
            include_username: true,
        }
    }
}

impl Default for AccountConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            registration: true,
            password_grant: true,
            usernames: UsernamePolicy::Name,
            argon2: Argon2Parameters::default(),
            hash_permits: cores,
            hash_queue: cores * 32,
        }
    }
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            account_network: rates(&[(5, 60), (10, 900)]),
            account_unknown: rates(&[(10, 900)]),
            login_address: rates(&[(30, 60)]),
            register_address: rates(&[(300, 60)]),
            failures_address: rates(&[(60, 60)]),
        }
    }
}

/// Rates from counts and seconds.
fn rates(rates: &[(u32, u64)]) -> Rates {
    Rates::new(
        rates.iter().filter_map(|&(count, seconds)| Rate::new(count, Duration::from_secs(seconds))),
    )
}

impl Default for RevocationConfig {
    fn default() -> Self {
        Self { max_staleness: Duration::from_secs(300), capacity: 4_000_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m3_the_issuer_is_https_without_query_or_fragment() {
        for good in
            ["https://a.example", "https://a.example/t1", "http://127.0.0.1:8080", "http://[::1]:1"]
        {
            assert!(EngineConfig::new(good, &["api"]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "https://a.example?x",
            "https://a.example#x",
            "https://",
        ] {
            assert_eq!(EngineConfig::new(bad, &["api"]).unwrap_err().setting, "issuer", "{bad}");
        }
    }

    #[test]
    fn an_audience_must_be_named() {
        for bad in [&[][..], &[""], &["a b"]] {
            assert_eq!(
                EngineConfig::new("https://a.example", bad).unwrap_err().setting,
                "audience"
            );
        }
    }
}
