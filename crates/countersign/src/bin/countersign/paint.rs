//! Colour: only on a terminal, and only where nobody asked for none (no-color.org).

use std::io::{self, IsTerminal};

use crate::environment;

/// What colours are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// On standard output.
    pub(crate) fn stdout() -> Self {
        Self(io::stdout().is_terminal() && !is_refused())
    }

    /// On standard error.
    pub(crate) fn stderr() -> Self {
        Self(io::stderr().is_terminal() && !is_refused())
    }

    /// Whether there are any.
    pub(crate) const fn is_on(self) -> bool {
        self.0
    }

    /// A heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.on("1", text)
    }

    /// What explains something else.
    pub(crate) fn faint(self, text: &str) -> String {
        self.on("2", text)
    }

    /// What is right.
    pub(crate) fn good(self, text: &str) -> String {
        self.on("1;32", text)
    }

    /// What is wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.on("1;31", text)
    }

    /// What must not be overlooked.
    pub(crate) fn warning(self, text: &str) -> String {
        self.on("1;33", text)
    }

    /// What is worth knowing.
    pub(crate) fn note(self, text: &str) -> String {
        self.on("1;36", text)
    }

    fn on(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn is_refused() -> bool {
    environment().any(|(name, value)| {
        name == "NO_COLOR" && !value.is_empty() || name == "TERM" && value == "dumb"
    })
}
