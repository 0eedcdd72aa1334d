//! What is looked at, read once.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use countersign::{
    Config, ConfigError, DatabaseUrl, Settings,
    config::{Explained, Origin},
    engine::config::is_loopback,
    engine::store::StoreError,
    guard::time::{Clock, SystemClock, Timestamp},
};
use countersign_store::sqlite::{Inspection, inspect};

use crate::doctor::Place;

/// Stands in for a setting that is missing, so that the others can be checked.
const STAND_IN_ISSUER: &str = "https://issuer.invalid";
const STAND_IN_AUDIENCE: &str = "stand-in";

/// A deployment.
#[derive(Debug)]
pub(super) struct Subject {
    explained: Vec<Explained>,
    /// The configuration, with stand-ins for issuer and audience where they are missing.
    pub(super) config: Result<Config, ConfigError>,
    /// What the database says; none when there is no database yet.
    pub(super) database: Option<Result<Inspection, StoreError>>,
    /// Where it is.
    pub(super) database_url: DatabaseUrl,
    /// The configuration file, when there is one.
    pub(super) file: Option<PathBuf>,
    /// This machine's clock.
    pub(super) now: Timestamp,
}

impl Subject {
    pub(super) fn of(settings: Settings, file: Option<PathBuf>) -> Self {
        let now = SystemClock::new().now();
        let explained = settings.explain();
        let database_url = settings.database().clone();
        let DatabaseUrl::Sqlite { path } = &database_url else {
            let config = build(settings);
            return Self { explained, config, database: None, database_url, file, now };
        };
        // An empty file is a database that was just made.
        let there = path.metadata().is_ok_and(|file| file.len() > 0);
        let database = there.then(|| inspect(path, now));
        Self { explained, config: build(settings), database, database_url, file, now }
    }

    /// What the summary calls it.
    pub(super) fn name(&self) -> String {
        self.database_url.to_string()
    }

    /// The database's file.
    pub(super) fn path(&self) -> &Path {
        let DatabaseUrl::Sqlite { path } = &self.database_url else { return Path::new("") };
        path
    }

    /// The value in force; empty when there is none.
    pub(super) fn value(&self, key: &str) -> &str {
        self.explained(key).map_or("", |setting| &setting.value)
    }

    /// Where it was set, when that is a line of a file.
    pub(super) fn place(&self, key: &str) -> Option<Place> {
        match &self.explained(key)?.origin {
            Origin::File(place) => {
                let (file, line) = place.rsplit_once(':')?;
                Some(Place::line(file, line.parse().ok()?))
            }
            _ => None,
        }
    }

    /// The database, when it could be read and has this program's schema.
    pub(super) fn readable_database(&self) -> Option<&Inspection> {
        let found = self.database.as_ref()?.as_ref().ok()?;
        (found.schema == found.needed).then_some(found)
    }

    /// Where it listens.
    pub(super) fn listen(&self) -> Option<SocketAddr> {
        self.config.as_ref().ok().map(|config| config.server.listen)
    }

    /// Whether other machines can reach it directly.
    pub(super) fn listens_outside(&self) -> bool {
        self.listen().is_some_and(|address| !address.ip().to_canonical().is_loopback())
    }

    /// Whether it is meant for more than this machine.
    pub(super) fn is_public(&self) -> bool {
        let issuer = self.value("issuer");
        let host = issuer.split_once("://").map_or("", |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        self.listens_outside() || !(host.is_empty() || is_loopback(host))
    }

    fn explained(&self, key: &str) -> Option<&Explained> {
        self.explained.iter().find(|setting| setting.key == key)
    }
}

fn build(mut settings: Settings) -> Result<Config, ConfigError> {
    if settings.issuer().is_none() {
        settings.set("issuer", STAND_IN_ISSUER, Origin::Code)?;
    }
    if settings.audiences().is_empty() {
        settings.set("audience", STAND_IN_AUDIENCE, Origin::Code)?;
    }
    settings.build()
}
