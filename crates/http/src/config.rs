//! What the HTTP surface is configured with: parsed once, valid from then on.

use std::{collections::BTreeSet, net::IpAddr, str::FromStr, time::Duration};

use tokio::sync::watch;

/// What the HTTP surface is configured with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpConfig {
    /// The path before every route but the well-known ones: empty, or `/auth`.
    pub mount: String,
    /// The origins that browsers may call from, compared exactly; none by default.
    pub cors_origins: Vec<String>,
    /// The peers whose `X-Forwarded-For` counts; none by default.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// Whether answers carry `Strict-Transport-Security`: only where the service is behind TLS.
    pub hsts: bool,
    /// Which routes there are.
    pub routes: BTreeSet<RouteGroup>,
    /// How many bytes a body may have.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a request may take altogether; the long poll of `/revocations` has its own bound.
    pub request_timeout: Duration,
    /// Whether requests are wanted here; `/readyz` says it.
    pub readiness: Readiness,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            mount: String::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            hsts: false,
            routes: RouteGroup::ALL.into_iter().collect(),
            body_limit: 64 * 1024,
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            readiness: Readiness::default(),
        }
    }
}

/// A setting that must not be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidHttpConfig {
    /// Which setting.
    pub setting: &'static str,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl std::fmt::Display for InvalidHttpConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.setting, self.problem)
    }
}

impl std::error::Error for InvalidHttpConfig {}

impl HttpConfig {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first setting that must not stand.
    pub fn validate(&self) -> Result<(), InvalidHttpConfig> {
        if !is_mount(&self.mount) {
            return Err(InvalidHttpConfig {
                setting: "mount",
                problem: "write it empty or like \"/auth\": a slash before each part, none at the \
                          end, parts of A-Z a-z 0-9 . _ ~ -"
                    .into(),
            });
        }
        match self.cors_origins.iter().find(|origin| !is_web_origin(origin)) {
            None => Ok(()),
            Some(origin) => Err(InvalidHttpConfig {
                setting: "cors_origins",
                problem: format!("`{origin}` is no origin: write \"https://app.example.com\""),
            }),
        }
    }

    /// Whether the group is among [`HttpConfig::routes`], or in one that is.
    pub fn has(&self, group: RouteGroup) -> bool {
        let within = group == RouteGroup::Session && self.routes.contains(&RouteGroup::Login);
        within || self.routes.contains(&group)
    }
}

fn is_mount(mount: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    mount.is_empty()
        || mount.strip_prefix('/').is_some_and(|rest| {
            rest.split('/').all(|part| {
                !part.is_empty() && part != "." && part != ".." && part.bytes().all(allowed)
            })
        })
}

/// Scheme and authority as browsers send them (RFC 6454 6.2): no path, no wildcard, never `null`.
fn is_web_origin(origin: &str) -> bool {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(|authority| {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
        };
        !authority.is_empty() && authority.bytes().all(allowed)
    })
}

/// Routes that are switched on together.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum RouteGroup {
    /// `/login /token`, and all of [`RouteGroup::Session`].
    Login,
    /// `/refresh /logout /revoke /introspect /revocations`: what there is of sessions where the
    /// application itself checks passwords and starts them.
    Session,
    /// `/register`
    Register,
    /// `/users/me…`
    Account,
    /// `/.well-known/…`
    WellKnown,
    /// `/admin/…`
    Admin,
    /// `/healthz /readyz /metrics /openapi.json /docs`
    Operations,
}

impl RouteGroup {
    /// Every group.
    pub const ALL: [Self; 7] = [
        Self::Login,
        Self::Session,
        Self::Register,
        Self::Account,
        Self::WellKnown,
        Self::Admin,
        Self::Operations,
    ];

    /// The name in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Session => "session",
            Self::Register => "register",
            Self::Account => "account",
            Self::WellKnown => "wellknown",
            Self::Admin => "admin",
            Self::Operations => "operations",
        }
    }
}

impl FromStr for RouteGroup {
    type Err = InvalidHttpConfig;

    fn from_str(text: &str) -> Result<Self, InvalidHttpConfig> {
        Self::ALL.into_iter().find(|group| group.as_str() == text).ok_or_else(|| {
            InvalidHttpConfig {
                setting: "routes",
                problem: format!(
                    "`{text}` is no group: write {}",
                    Self::ALL.map(Self::as_str).join(", ")
                ),
            }
        })
    }
}

/// A network of proxies that tell the truth about whom they speak for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TrustedProxy {
    network: IpAddr,
    prefix: u8,
}

impl TrustedProxy {
    /// Whether `address` is in it. IPv4 addresses written as IPv6 are IPv4 addresses here.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let ignored = 32_u32.saturating_sub(u32::from(self.prefix));
                (network.to_bits() ^ address.to_bits()).checked_shr(ignored).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let ignored = 128_u32.saturating_sub(u32::from(self.prefix));
                (network.to_bits() ^ address.to_bits()).checked_shr(ignored).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = InvalidHttpConfig;

    fn from_str(text: &str) -> Result<Self, InvalidHttpConfig> {
        let invalid = || InvalidHttpConfig {
            setting: "trusted_proxies",
            problem: format!("`{text}` is no address or network: write 10.0.0.7 or 10.0.0.0/8"),
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| invalid())?;
        // A network in mapped form would be counted in other bits than it was written with.
        let network = if prefix.is_none() { written.to_canonical() } else { written };
        let most = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(bits) => bits.parse().ok().filter(|&bits| bits <= most).ok_or_else(invalid)?,
        };
        Ok(Self { network, prefix })
    }
}

/// Whether requests are wanted here. Shared by its clones: the server lowers it when it begins to
/// stop, so that a load balancer looks elsewhere first.
#[derive(Clone, Debug)]
pub struct Readiness(watch::Sender<bool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Readiness {
    /// Says whether requests are wanted.
    pub fn set(&self, ready: bool) {
        self.0.send_replace(ready);
    }

    /// Whether requests are wanted.
    pub fn is_ready(&self) -> bool {
        *self.0.borrow()
    }

    /// Done when requests are not wanted, at once where that is so already.
    pub(crate) async fn lost(&self) {
        // The sender is this one; it cannot be gone.
        let _ = self.0.subscribe().wait_for(|ready| !ready).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |network: &str, address: &str| {
            network.parse::<TrustedProxy>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.0.0.7", "10.0.0.7"));
        assert!(!holds("10.0.0.7", "10.0.0.6"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("fd00::/8", "2001:db8::1"));
        for bad in ["", "10.0.0.0/33", "10.0.0", "10.0.0.0/x", "::/129", "proxy.example"] {
            assert!(bad.parse::<TrustedProxy>().is_err(), "{bad}");
        }
    }

    #[test]
    fn mounts_and_origins_are_checked() {
        let config = |mount: &str, origin: &str| HttpConfig {
            mount: mount.into(),
            cors_origins: vec![origin.into()],
            ..HttpConfig::default()
        };
        for mount in ["", "/auth", "/api/v1"] {
            assert!(config(mount, "https://a.example").validate().is_ok(), "{mount}");
        }
        for mount in ["auth", "/", "/auth/", "//a", "/{x}", "/a b", "/.."] {
            assert!(config(mount, "https://a.example").validate().is_err(), "{mount}");
        }
        for origin in ["*", "null", "a.example", "https://a.example/", "https://*.example"] {
            assert!(config("", origin).validate().is_err(), "{origin}");
        }
    }
}
