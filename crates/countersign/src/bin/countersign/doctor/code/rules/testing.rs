//! For the rules' own tests: what is found in a few lines.

use super::super::{check_file, module::Module, project::Project, syntax::Syntax};
use crate::doctor::Finding;

/// Everything that is found in `text`.
pub(super) fn findings(text: &str) -> Vec<Finding> {
    let syntax = Syntax::parse("a.py", text.to_owned()).unwrap();
    assert_eq!(syntax.error(), None, "{text}");
    let mut project = Project::default();
    project.learn(&Module::of(&syntax));
    let mut findings = Vec::new();
    check_file(&syntax, &project, &mut findings);
    findings
}

/// The lines in which this rule is broken.
pub(super) fn lines(id: &str, text: &str) -> Vec<u32> {
    let found = findings(text);
    let ours = found.iter().filter(|finding| finding.rule.id == id);
    ours.map(|finding| finding.place.as_ref().unwrap().line).collect()
}

/// Each of these breaks the rule once.
pub(super) fn broken(id: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(lines(id, text).len(), 1, "{id} in:\n{text}\n{:?}", findings(text));
    }
}

/// None of these breaks the rule.
pub(super) fn kept(id: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(lines(id, text), [0_u32; 0], "{id} in:\n{text}\n{:?}", findings(text));
    }
}
