//! What the files that are checked together say to each other: which words occur, and how often.

use std::collections::HashMap;

use super::{module::Module, node::Node};

/// Enough for any project; what comes after is not counted.
const MOST_WORDS: usize = 4_000_000;

/// Everything about the other files.
#[derive(Debug, Default)]
pub(crate) struct Project {
    words: HashMap<String, u32>,
    /// It serves the web or makes tokens.
    pub(crate) is_web: bool,
    /// A limiter that holds for every route stands somewhere.
    pub(crate) limits_everything: bool,
    /// A 401 gets its challenge somewhere central.
    pub(crate) challenges_everything: bool,
}

impl Project {
    /// Takes a file in.
    pub(crate) fn learn(&mut self, module: &Module<'_>) {
        for (word, times) in module.words() {
            if let Some(count) = self.words.get_mut(word) {
                *count = count.saturating_add(times);
            } else if self.words.len() < MOST_WORDS {
                self.words.insert(word.to_owned(), times);
            }
        }
        let frameworks = ["flask", "fastapi", "starlette", "django", "quart", "sanic"];
        self.is_web |= module.is_about_tokens()
            || frameworks.iter().any(|framework| module.imports.has(framework));
        self.limits_everything |= module.calls.iter().any(|call| {
            let limiter = call.method() == "Limiter";
            limiter
                && ["default_limits", "application_limits"]
                    .iter()
                    .any(|name| call.keyword(name).is_some())
        });
        self.challenges_everything |= module.functions.iter().any(|function| {
            let central = function.decorators.iter().any(|decorator| {
                [
                    "after_request",
                    "errorhandler",
                    "exception_handler",
                    "middleware",
                    "app_errorhandler",
                ]
                .contains(&decorator.method.as_str())
            });
            central && says(function.body(), "www-authenticate")
        });
    }

    /// How often a name, or a text, occurs in all files.
    pub(crate) fn count(&self, word: &str) -> u32 {
        self.words.get(word).copied().unwrap_or_default()
    }

    /// Whether it occurs at all.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// Whether a name occurs in another file than this one.
    pub(crate) fn is_used_elsewhere(&self, module: &Module<'_>, word: &str) -> bool {
        self.count(word) > module.count(word)
    }
}

/// Whether a text with this in it, in lower case, stands in a node.
pub(crate) fn says(node: Node<'_>, part: &str) -> bool {
    node.all()
        .filter(|node| node.is("string_content"))
        .any(|content| content.text().to_ascii_lowercase().contains(part))
}
