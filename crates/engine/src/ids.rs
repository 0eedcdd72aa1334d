//! Identifiers: users, sessions, clients, requests' origins.

use std::{fmt, net::IpAddr, str::FromStr};

use countersign_guard::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::random::Random;

/// The reserved client of the application's own front ends.
pub const FIRST_PARTY: &str = "first-party";

/// A user id: opaque text of 1 to 128 of `[A-Za-z0-9._~:@-]`. Ours are lower-case UUIDv7.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(String);

impl UserId {
    /// A new id of ours.
    pub fn generate(now: Timestamp, random: &dyn Random) -> Self {
        Self(uuid_v7(now, random).to_string())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An identifier that has not the form it must have.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not a valid {what}: {rule}")]
pub struct InvalidId {
    /// Which identifier.
    pub what: &'static str,
    /// The form it must have.
    pub rule: &'static str,
}

impl TryFrom<String> for UserId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:@-".contains(&byte);
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidId { what: "user id", rule: "1 to 128 of A-Z a-z 0-9 . _ ~ : @ -" })
        }
    }
}

impl FromStr for UserId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A session id: a UUIDv7. It is no secret.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new id.
    pub fn generate(now: Timestamp, random: &dyn Random) -> Self {
        Self(uuid_v7(now, random))
    }

    /// The id of these bytes, as a refresh token carries them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for SessionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let rule = "a lower-case UUID with hyphens";
        let id = Uuid::try_parse(text).map_err(|_| InvalidId { what: "session id", rule })?;
        if id.to_string() == text {
            Ok(Self(id))
        } else {
            Err(InvalidId { what: "session id", rule })
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A client id: 1 to 64 of `[a-z0-9-]`, starting with a letter, and never like a user id of ours
/// (RFC 9700 2.6: a client must not be able to pass for a user).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// The reserved client of the application's own front ends.
    pub fn first_party() -> Self {
        Self(FIRST_PARTY.to_owned())
    }

    /// Whether this is the reserved one.
    pub fn is_first_party(&self) -> bool {
        self.0 == FIRST_PARTY
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let like_user = Uuid::try_parse(&text).is_ok();
        if text.len() <= 64 && starts && text.bytes().all(allowed) && !like_user {
            Ok(Self(text))
        } else {
            let rule = "1 to 64 of a-z 0-9 -, starting with a letter, and no UUID";
            Err(InvalidId { what: "client id", rule })
        }
    }
}

impl FromStr for ClientId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::try_from(text.to_owned())
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where a request came from, for limits and the audit log.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Origin {
    /// The peer's address, or the one a trusted proxy vouches for.
    pub address: Option<IpAddr>,
    /// The `User-Agent`, cut to a bounded length.
    pub user_agent: Option<String>,
    /// The request id.
    pub request_id: Option<String>,
}

impl Origin {
    /// A request from `address`.
    pub fn from_address(address: Option<IpAddr>) -> Self {
        Self { address, ..Self::default() }
    }
}

/// UUIDv7 (RFC 9562 5.7) from a time and random bits that are passed in.
fn uuid_v7(now: Timestamp, random: &dyn Random) -> Uuid {
    let mut bits = [0_u8; 10];
    random.fill(&mut bits);
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_never_looks_like_a_user_id() {
        assert!("a1b2c3d4-0000-7000-8000-000000000000".parse::<ClientId>().is_err());
        assert!("a1b2c3d40000700080000000000000ff".parse::<ClientId>().is_err());
        assert!("reports-api".parse::<ClientId>().is_ok());
        for bad in ["", "Reports", "1api", "a b", "a:b", &"a".repeat(65)] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_id_has_one_spelling() {
        assert!("01890000-0000-7000-8000-00000000000a".parse::<SessionId>().is_ok());
        assert!("01890000-0000-7000-8000-00000000000A".parse::<SessionId>().is_err());
        assert!("0189000000007000800000000000000a".parse::<SessionId>().is_err());
    }
}
