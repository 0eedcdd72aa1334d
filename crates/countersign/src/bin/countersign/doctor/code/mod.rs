//! Python files: read, parsed, and checked by every rule of `rules/`.
//!
//! The checks look at one file at a time; what only several files together can tell (whether a
//! block list is ever asked, whether a limiter holds for all routes) comes from [`project::Project`],
//! which has seen all of them first.

mod call;
mod claims;
mod files;
mod function;
mod imports;
mod module;
mod node;
mod project;
pub(crate) mod rules;
mod syntax;
mod tokens;
mod values;

use std::path::PathBuf;

use self::{files::Source, module::Module, project::Project, rules::Found, syntax::Syntax};
use super::{Finding, Place};
use crate::failure::Failure;

/// What came of checking files.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// How many files were read.
    pub(crate) files: usize,
}

/// Checks these files and folders.
pub(crate) fn check(paths: &[PathBuf]) -> Result<Checked, Failure> {
    let mut findings = Vec::new();
    let paths = files::collect(paths, &mut findings)?;
    let mut project = Project::default();
    for path in &paths {
        if let Some(syntax) = files::read(path, &mut Vec::new()).and_then(parsed) {
            project.learn(&Module::of(&syntax));
        }
    }
    for path in &paths {
        let Some(source) = files::read(path, &mut findings) else { continue };
        let name = source.name.clone();
        match parsed(source) {
            Some(syntax) => check_file(&syntax, &project, &mut findings),
            None => findings.push(
                Finding::new(&rules::unreadable::TOO_LARGE, "reading it took too long")
                    .at(Some(Place::line(name, 1))),
            ),
        }
    }
    Ok(Checked { findings, files: paths.len() })
}

fn parsed(source: Source) -> Option<Syntax> {
    Syntax::parse(&source.name, source.text)
}

fn check_file(syntax: &Syntax, project: &Project, findings: &mut Vec<Finding>) {
    let mut module = Module::of(syntax);
    module.read_claims(project);
    let mut found = Found::new(project);
    rules::unreadable::check_syntax(syntax, &mut found);
    for check in rules::CHECKS {
        check(&module, &mut found);
    }
    findings.extend(found.done());
}
