//! A deployment, as `serve` would find it: its settings, its files, its database, and what answers
//! where it listens. Everything is read; nothing is made, migrated or changed.

mod accounts;
mod clock;
mod configuration;
mod database;
mod exposure;
mod files;
mod limits;
mod master_key;
mod network_file_system;
mod proxies;
mod server;
mod subject;
mod tokens;

use countersign::Settings;

use self::subject::Subject;
use super::{Finding, Rule};
use crate::source::Source;

/// Every rule for deployments.
pub(crate) const RULES: &[&Rule] = &[
    &configuration::REFUSED,
    &configuration::ISSUER,
    &configuration::AUDIENCE,
    &exposure::PLAIN_HTTP,
    &master_key::WEAK,
    &master_key::FILE,
    &files::DATABASE,
    &network_file_system::RULE,
    &clock::RULE,
    &server::STALE,
    &exposure::REGISTRATION,
    &proxies::RULE,
    &accounts::COST,
    &accounts::PASSWORD_GRANT,
    &tokens::LONG_LIFE,
    &exposure::LOGS,
    &files::CONFIGURATION,
    &limits::RULE,
    &files::TLS,
    &exposure::BROWSERS,
    &tokens::SYMMETRIC,
    &database::RULE,
    &accounts::FOREIGN_HASHES,
    &tokens::KEY_RING,
];

type Check = fn(&Subject, &mut Vec<Finding>);

const CHECKS: &[Check] = &[
    configuration::check,
    exposure::check,
    master_key::check,
    files::check,
    network_file_system::check,
    clock::check,
    proxies::check,
    accounts::check,
    tokens::check,
    limits::check,
    database::check,
];

/// What came of looking at a deployment.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// Which deployment.
    pub(crate) subject: String,
}

/// Looks at the deployment that `source` configures.
pub(crate) async fn check(source: &Source) -> Checked {
    let mut findings = Vec::new();
    let settings = source.settings().unwrap_or_else(|error| {
        findings.push(configuration::refused(&error));
        Settings::new()
    });
    let subject = Subject::of(settings, source.file_name());
    if findings.is_empty() {
        for check in CHECKS {
            check(&subject, &mut findings);
        }
        server::check(&subject, &mut findings).await;
    } else {
        // What was not understood cannot be judged; its file can.
        files::check_configuration(subject.file.as_deref(), &mut findings);
    }
    Checked { findings, subject: format!("the deployment of {}", subject.name()) }
}
