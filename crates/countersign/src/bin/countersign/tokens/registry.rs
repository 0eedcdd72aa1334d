//! What the registered members of headers and claims mean, and who says so.

/// A registered member.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    /// What it says, in a few words.
    pub(super) meaning: &'static str,
    /// Where it is defined.
    pub(super) reference: &'static str,
    /// Whether it is a NumericDate (RFC 7519 2).
    pub(super) is_date: bool,
}

const fn entry(name: &'static str, meaning: &'static str, reference: &'static str) -> Entry {
    Entry { name, meaning, reference, is_date: false }
}

const fn date(name: &'static str, meaning: &'static str, reference: &'static str) -> Entry {
    Entry { name, meaning, reference, is_date: true }
}

/// The members of a header, in the order in which they are shown.
pub(super) const HEADER: &[Entry] = &[
    entry("alg", "how it is signed", "RFC 7515 4.1.1"),
    entry("typ", "what kind of token it is", "RFC 7515 4.1.9; RFC 8725 3.11"),
    entry("kid", "which of the issuer's keys signed it", "RFC 7515 4.1.4"),
    entry("cty", "what is inside; JWT means a token in a token", "RFC 7515 4.1.10"),
    entry("crit", "extensions that a verifier must know or refuse", "RFC 7515 4.1.11"),
    entry("jku", "an address of keys, which no verifier may follow", "RFC 7515 4.1.2"),
    entry("jwk", "a key, which no verifier may trust", "RFC 7515 4.1.3"),
    entry("x5u", "an address of certificates, which no verifier may follow", "RFC 7515 4.1.5"),
    entry("x5c", "certificates, which no verifier may trust by themselves", "RFC 7515 4.1.6"),
    entry("x5t", "the SHA-1 hash of the signer's certificate", "RFC 7515 4.1.7"),
    entry("x5t#S256", "the SHA-256 hash of the signer's certificate", "RFC 7515 4.1.8"),
    entry("b64", "whether the payload is encoded", "RFC 7797 3"),
    entry("enc", "how it is encrypted: this is no signed token", "RFC 7516 4.1.2"),
    entry("zip", "how it is compressed, which is refused here", "RFC 7516 4.1.3"),
];

/// The claims, in the order in which they are shown.
pub(super) const CLAIMS: &[Entry] = &[
    entry("iss", "who made it", "RFC 7519 4.1.1"),
    entry("sub", "whom it is about", "RFC 7519 4.1.2"),
    entry("aud", "who may accept it", "RFC 7519 4.1.3"),
    date("exp", "from when on it is refused", "RFC 7519 4.1.4"),
    date("nbf", "before when it is refused", "RFC 7519 4.1.5"),
    date("iat", "when it was made", "RFC 7519 4.1.6"),
    entry("jti", "its own id, by which it can be revoked", "RFC 7519 4.1.7"),
    entry("client_id", "the client that it was issued to", "RFC 9068 2.2; RFC 8693 4.3"),
    entry("scope", "what it allows, separated by spaces", "RFC 9068 2.2.3; RFC 8693 4.2"),
    entry("roles", "the roles of its subject", "RFC 9068 2.2.3.1; RFC 7643 4.1.2"),
    entry("groups", "the groups of its subject", "RFC 9068 2.2.3.1; RFC 7643 4.1.2"),
    entry("entitlements", "what its subject is entitled to", "RFC 9068 2.2.3.1; RFC 7643 4.1.2"),
    date("auth_time", "when its subject logged in", "RFC 9068 2.2.1"),
    entry("acr", "how well its subject was authenticated", "RFC 9068 2.2.1"),
    entry("amr", "by which methods its subject was authenticated", "RFC 9068 2.2.1; RFC 8176"),
    entry("sid", "the session that it belongs to", "OpenID Connect Front-Channel Logout 3"),
    entry("gen", "the generation of its subject's rights", "Countersign"),
    entry("cnf", "the key whose holder alone may use it", "RFC 7800 3.1"),
    entry("act", "who acts for its subject", "RFC 8693 4.1"),
    entry("may_act", "who may act for its subject", "RFC 8693 4.4"),
    entry("authorization_details", "what it allows, in detail", "RFC 9396 9.1"),
    entry("azp", "the client that it was issued to", "OpenID Connect Core 2"),
    entry("nonce", "ties it to one log-in", "OpenID Connect Core 2"),
    entry("at_hash", "ties it to an access token", "OpenID Connect Core 3.1.3.6"),
    entry("c_hash", "ties it to an authorization code", "OpenID Connect Core 3.3.2.11"),
    entry("events", "what happened", "RFC 8417 2.2"),
    entry("name", "the full name of its subject", "OpenID Connect Core 5.1"),
    entry("preferred_username", "the name that its subject goes by", "OpenID Connect Core 5.1"),
    entry("email", "the address of its subject", "OpenID Connect Core 5.1"),
    entry("email_verified", "whether that address was checked", "OpenID Connect Core 5.1"),
    date("updated_at", "when its subject was last changed", "OpenID Connect Core 5.1"),
];
