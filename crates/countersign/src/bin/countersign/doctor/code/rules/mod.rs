//! The rules for Python code, one a file. `S1` to `S13` are the mistakes that guides to JWT
//! authentication print, in the order in which the project lists them; the others go with them.

mod algorithms;
mod before_request;
mod block_list_in_memory;
mod block_list_unused;
mod challenge;
mod claims_differ;
mod claims_discarded;
mod claims_missing;
mod compared_plainly;
mod credentials_ignored;
mod decoded_token;
mod defined_twice;
mod error_loaders;
mod expires_in;
mod expiry;
mod frozen_roles;
mod hard_coded_secret;
mod limiter_storage;
mod login_timing;
mod login_unlimited;
mod naive_time;
pub(in crate::doctor) mod personal_data;
mod python_jose;
mod raw_header;
mod refresh_never_issued;
mod refresh_not_rotated;
mod refresh_store;
mod request_json;
mod undefined_name;
mod unexpected_audience;
pub(in crate::doctor) mod unreadable;
mod unverified;
mod user_not_checked;
mod wraps;

#[cfg(test)]
mod testing;

use super::{module::Module, node::Node, project::Project};
use crate::doctor::{Finding, Rule, Severity};

/// So many findings a file: nobody reads more.
const MOST: usize = 1_000;

/// A rule's check.
pub(super) type Check = fn(&Module<'_>, &mut Found<'_>);

/// Every check.
pub(super) const CHECKS: &[Check] = &[
    hard_coded_secret::check,
    unexpected_audience::check,
    block_list_in_memory::check,
    refresh_not_rotated::check,
    decoded_token::check,
    raw_header::check,
    before_request::check,
    wraps::check,
    expiry::check,
    python_jose::check,
    naive_time::check,
    login_timing::check,
    frozen_roles::check,
    unverified::check,
    algorithms::check,
    refresh_store::check,
    login_unlimited::check,
    refresh_never_issued::check,
    claims_differ::check,
    personal_data::check,
    compared_plainly::check,
    block_list_unused::check,
    credentials_ignored::check,
    challenge::check,
    claims_missing::check,
    limiter_storage::check,
    undefined_name::check,
    defined_twice::check,
    claims_discarded::check,
    user_not_checked::check,
    error_loaders::check,
    expires_in::check,
    request_json::check,
];

/// Every rule, in the order of their ids.
pub(in crate::doctor) const RULES: &[&Rule] = &[
    &hard_coded_secret::RULE,
    &unexpected_audience::RULE,
    &block_list_in_memory::RULE,
    &refresh_not_rotated::RULE,
    &decoded_token::RULE,
    &raw_header::RULE,
    &before_request::RULE,
    &wraps::RULE,
    &expiry::RULE,
    &python_jose::RULE,
    &naive_time::RULE,
    &login_timing::RULE,
    &frozen_roles::RULE,
    &unverified::RULE,
    &algorithms::RULE,
    &refresh_store::RULE,
    &login_unlimited::RULE,
    &refresh_never_issued::RULE,
    &claims_differ::RULE,
    &personal_data::RULE,
    &compared_plainly::RULE,
    &block_list_unused::RULE,
    &credentials_ignored::RULE,
    &challenge::RULE,
    &claims_missing::RULE,
    &limiter_storage::RULE,
    &undefined_name::RULE,
    &defined_twice::RULE,
    &claims_discarded::RULE,
    &user_not_checked::RULE,
    &error_loaders::RULE,
    &expires_in::RULE,
    &request_json::RULE,
    &unreadable::NOT_READ,
    &unreadable::NO_PYTHON,
    &unreadable::TOO_LARGE,
];

/// What the rules found in a file.
#[derive(Debug)]
pub(in crate::doctor) struct Found<'p> {
    pub(super) project: &'p Project,
    findings: Vec<Finding>,
}

impl<'p> Found<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, findings: Vec::new() }
    }

    /// A rule is broken there.
    pub(super) fn add(&mut self, rule: &'static Rule, node: Node<'_>, message: impl Into<String>) {
        self.add_as(rule.severity, rule, node, message);
    }

    /// A rule is broken there, and it is as bad as this.
    pub(super) fn add_as(
        &mut self,
        severity: Severity,
        rule: &'static Rule,
        node: Node<'_>,
        message: impl Into<String>,
    ) {
        if self.findings.len() < MOST && !node.allows(rule.id) {
            let finding =
                Finding::new(rule, message).with_severity(severity).at(Some(node.place()));
            self.findings.push(finding);
        }
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Everything, in the order of the source, nothing twice.
    pub(super) fn done(mut self) -> Vec<Finding> {
        self.findings.sort_by(|left, right| {
            (&left.place, left.rule.id, &left.message).cmp(&(
                &right.place,
                right.rule.id,
                &right.message,
            ))
        });
        self.findings
            .dedup_by(|left, right| left.rule.id == right.rule.id && left.place == right.place);
        self.findings
    }
}

/// A name as a message repeats it.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(48).flat_map(char::escape_debug).collect();
    if text.chars().nth(48).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}
