//! The values of all settings while they are gathered, and their defaults.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use countersign_engine::{
    config::{AccountConfig, LimitConfig, RevocationConfig, TokenConfig},
    passwords::Argon2Parameters,
    sessions::SessionPolicy,
};
use countersign_http::RouteGroup;
use secrecy::SecretString;

use super::LogFormat;
use crate::DatabaseUrl;

/// Values of every type, not yet checked against each other.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) database_url: DatabaseUrl,
    pub(super) issuer: Option<String>,
    pub(super) audience: Vec<String>,
    pub(super) listen: SocketAddr,
    pub(super) master_key: Option<SecretString>,
    pub(super) master_key_file: Option<PathBuf>,
    pub(super) tokens: TokenConfig,
    pub(super) sessions: SessionPolicy,
    pub(super) accounts: AccountConfig,
    pub(super) passwords: Passwords,
    pub(super) limits: LimitConfig,
    pub(super) revocations: RevocationConfig,
    pub(super) keep_events: Duration,
    pub(super) http: Http,
    pub(super) server: Server,
    pub(super) log: Log,
}

#[derive(Clone, Debug)]
pub(super) struct Passwords {
    pub(super) memory_kib: u32,
    pub(super) iterations: u32,
    pub(super) lanes: u32,
    pub(super) allow_weak_cost: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Http {
    pub(super) mount: String,
    pub(super) cors_origins: Vec<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) hsts: Option<bool>,
    pub(super) routes: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) tls_cert: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) insecure_http: bool,
    pub(super) max_connections: usize,
    pub(super) drain_pause: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) format: LogFormat,
    pub(super) level: String,
}

impl Default for Draft {
    fn default() -> Self {
        let cost = Argon2Parameters::default();
        Self {
            database_url: DatabaseUrl::Sqlite { path: "countersign.db".into() },
            issuer: None,
            audience: Vec::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            master_key: None,
            master_key_file: None,
            tokens: TokenConfig::default(),
            sessions: SessionPolicy::default(),
            accounts: AccountConfig::default(),
            passwords: Passwords {
                memory_kib: cost.memory_kib(),
                iterations: cost.passes(),
                lanes: cost.lanes(),
                allow_weak_cost: false,
            },
            limits: LimitConfig::default(),
            revocations: RevocationConfig::default(),
            keep_events: Duration::from_secs(90 * 86_400),
            http: Http {
                mount: String::new(),
                cors_origins: Vec::new(),
                trusted_proxies: Vec::new(),
                hsts: None,
                routes: RouteGroup::ALL.iter().map(|group| group.as_str().to_owned()).collect(),
            },
            server: Server {
                tls_cert: None,
                tls_key: None,
                insecure_http: false,
                max_connections: 4_096,
                drain_pause: Duration::from_millis(500),
            },
            log: Log { format: LogFormat::Pretty, level: "info".into() },
        }
    }
}
