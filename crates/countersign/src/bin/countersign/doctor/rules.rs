//! Every rule there is.

use super::{Rule, code, deployment, token};

/// Every rule, in the order of their ids.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    let all = deployment::RULES.iter().chain(code::rules::RULES).chain(token::RULES);
    all.copied()
}

/// The rule of this id, however it is capitalised.
pub(crate) fn named(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_an_id_of_its_own_a_reason_and_a_mend() {
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for rule in all() {
            assert!(ids.insert(rule.id) && names.insert(rule.name), "{}", rule.id);
            assert!(rule.name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()));
            assert!(rule.why.ends_with('.') && rule.mend.len() > 10, "{}", rule.id);
            assert!(rule.title.len() < 80 && !rule.title.ends_with('.'), "{}", rule.id);
            assert!(!rule.reference.is_empty() || ["D1", "F3"].contains(&rule.id), "{}", rule.id);
        }
        for prefix in ["D", "F", "S", "T"] {
            let numbers: Vec<usize> = all()
                .filter_map(|rule| rule.id.strip_prefix(prefix))
                .map(|number| number.parse().unwrap())
                .collect();
            assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "{prefix}");
        }
        assert_eq!(named("s1").unwrap().id, "S1");
    }

    #[test]
    fn the_page_has_every_rule() {
        let page = include_str!("../../../../../../docs/doctor.md");
        for rule in all().filter(|rule| !rule.id.starts_with('F')) {
            let row = format!("| {} `{}` | {} | ", rule.id, rule.name, rule.title);
            assert!(page.contains(&row), "docs/doctor.md lacks {row}");
        }
    }
}
