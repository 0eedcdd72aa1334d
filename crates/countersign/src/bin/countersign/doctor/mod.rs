//! What `countersign doctor` finds: in a deployment, in Python code, in a token.
//!
//! Each rule stands in a file of its own with its reason and its mend. Nothing here changes anything:
//! configuration and database are read, never made, code is never run, tokens are never sent.

pub(crate) mod code;
pub(crate) mod deployment;
mod finding;
mod report;
mod rules;
pub(crate) mod token;

pub(crate) use self::{
    finding::{Finding, Place, Rule, Severity},
    report::{Format, Report},
    rules::{all, named},
};
