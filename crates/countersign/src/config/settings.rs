//! The one table of settings: key, what it is, and the field that it fills.

use super::{
    draft::Draft,
    value::{Given, Value},
};

/// One setting.
pub(super) struct Setting {
    /// The key in the file, with its section: `tokens.access_ttl`. The variable is
    /// `COUNTERSIGN_TOKENS_ACCESS_TTL`.
    pub(super) key: &'static str,
    /// What it is.
    pub(super) about: &'static str,
    /// Only by the environment, and never shown.
    pub(super) secret: bool,
    /// Reads a value into the draft; the error says what would be right.
    pub(super) read: fn(&mut Draft, Given<'_>) -> Result<(), String>,
    /// The value in force, as text.
    pub(super) show: fn(&Draft) -> String,
}

impl Setting {
    /// The environment variable.
    pub(super) fn variable(&self) -> String {
        format!("COUNTERSIGN_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// The key without its section.
    pub(super) fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }
}

/// Fields are written as paths; keys and paths need not be the same.
macro_rules! settings {
    ($($key:literal $($field:ident).+ $secret:ident $about:literal)*) => {
        /// Every setting, in the order in which it is explained.
        pub(super) const SETTINGS: &[Setting] = &[$(Setting {
            key: $key,
            about: $about,
            secret: settings!(@ $secret),
            read: |draft, given| {
                draft.$($field).+ = Value::read_given(given)?;
                Ok(())
            },
            show: |draft| draft.$($field).+.show(),
        },)*];
    };
    (@ secret) => { true };
    (@ open) => { false };
}

settings! {
    "database_url" database_url open "The database, as SQLAlchemy writes it"
    "issuer" issuer open "The public URL of this service: `iss` of every token"
    "audience" audience open "The API, or APIs, that accept the tokens; they are issued for the first"
    "listen" listen open "Where `countersign serve` listens"
    "master_key" master_key secret "The master keys, `id:base64url`; the first is current"
    "master_key_file" master_key_file open "The file with the master keys; beside the database by default"
    "tokens.access_ttl" tokens.access_ttl open "The life of an access token"
    "tokens.algorithm" tokens.algorithm open "What new signing keys sign with"
    "tokens.rotate_keys_every" tokens.rotate_keys_every open "How long a signing key signs"
    "tokens.publish_before" tokens.publish_before open "How long the next key is published before it signs"
    "tokens.include_username" tokens.include_username open "Whether access tokens carry `preferred_username`"
    "sessions.idle" sessions.idle open "A session that is not refreshed for so long ends"
    "sessions.absolute" sessions.absolute open "A session ends after so long in any case"
    "sessions.grace" sessions.grace open "For so long a lost refresh answer may be repeated"
    "sessions.most_live" sessions.most_live open "So many live sessions a user may have; the oldest ends"
    "accounts.registration" accounts.registration open "Whether anybody may register"
    "accounts.password_grant" accounts.password_grant open "Whether POST /token takes the password form"
    "accounts.usernames" accounts.usernames open "What user names look like: name or email"
    "passwords.memory_kib" passwords.memory_kib open "Argon2id: memory in KiB"
    "passwords.iterations" passwords.iterations open "Argon2id: passes over the memory"
    "passwords.lanes" passwords.lanes open "Argon2id: lanes"
    "passwords.allow_weak_cost" passwords.allow_weak_cost open "Take a cost below OWASP's: for tests only"
    "passwords.concurrency" accounts.hash_permits open "How many hashes run at once"
    "passwords.queue" accounts.hash_queue open "How many wait for that; more are answered 503"
    "limits.account_network" limits.account_network open "Failed checks per account and network"
    "limits.account_unknown" limits.account_unknown open "Failed checks per account over unknown networks"
    "limits.login_address" limits.login_address open "Log-ins per address"
    "limits.register_address" limits.register_address open "Registrations per address"
    "limits.failures_address" limits.failures_address open "Failed refreshes, revocations, introspections per address"
    "revocations.max_staleness" revocations.max_staleness open "How old the revocations may be before routes answer 503"
    "revocations.capacity" revocations.capacity open "How many revocations are held in memory at most"
    "events.keep" keep_events open "How long audit rows are kept"
    "http.mount" http.mount open "The path before every route but the well-known ones"
    "http.cors_origins" http.cors_origins open "The origins that browsers may call from"
    "http.trusted_proxies" http.trusted_proxies open "The peers whose X-Forwarded-For counts"
    "http.hsts" http.hsts open "Whether answers carry Strict-Transport-Security; by default with TLS"
    "http.routes" http.routes open "The groups of routes: login, session, register, account, wellknown, admin, operations"
    "server.tls_cert" server.tls_cert open "The certificate chain, PEM"
    "server.tls_key" server.tls_key open "Its private key, PEM"
    "server.insecure_http" server.insecure_http open "Plain HTTP off loopback is wanted"
    "server.max_connections" server.max_connections open "So many connections at once"
    "server.drain_pause" server.drain_pause open "For so long /readyz says no before connections are closed"
    "log.format" log.format open "How logs are written: pretty or json"
    "log.level" log.level open "What is logged: error, warn, info, debug, trace, or target=level, ..."
}

/// The setting of this key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The candidate that `text` most likely means.
pub(super) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The key that an unknown one most likely means: a misspelling, or another section's.
pub(super) fn nearest_key(key: &str) -> Option<&'static str> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let spelled = nearest(key, SETTINGS.iter().map(|setting| setting.key));
    spelled.or_else(|| {
        let name = nearest(name, SETTINGS.iter().map(Setting::name))?;
        SETTINGS.iter().find(|setting| setting.name() == name).map(|setting| setting.key)
    })
}

/// Levenshtein's distance; the texts are short.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut before = index + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(before);
        for ((other, diagonal), above) in right.iter().zip(&row).zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(*other != character);
            before = changed.min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_and_variables_are_unique() {
        let keys: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        let variables: BTreeSet<_> = SETTINGS.iter().map(Setting::variable).collect();
        assert_eq!((keys.len(), variables.len()), (SETTINGS.len(), SETTINGS.len()));
    }

    #[test]
    fn a_misspelled_key_finds_its_neighbour() {
        assert_eq!(nearest_key("isuer"), Some("issuer"));
        assert_eq!(nearest_key("tokens.acess_ttl"), Some("tokens.access_ttl"));
        assert_eq!(nearest_key("access_ttl"), Some("tokens.access_ttl"));
        assert_eq!(nearest_key("database"), Some("database_url"));
        assert_eq!(nearest_key("colour_of_the_moon"), None);
    }

    #[test]
    fn distances() {
        for (left, right, expected) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), expected);
        }
    }
}
