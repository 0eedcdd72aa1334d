//! A finding: which rule, what exactly, and where.

use std::fmt;

use serde::Serialize;

/// How bad it is. The worst comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// It can be attacked, or does not work.
    Error,
    /// A protection is missing.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The name; SARIF's `level` too.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One kind of mistake.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    /// Its short name, which does not change: `S1`, `D4`, `T2`.
    pub(crate) id: &'static str,
    /// The same in words, for machines.
    pub(crate) name: &'static str,
    /// What it is about, in one line.
    pub(crate) title: &'static str,
    /// How bad it is, unless a finding says otherwise.
    pub(crate) severity: Severity,
    /// What comes of it.
    pub(crate) why: &'static str,
    /// Who says so: RFC and ASVS 5.0 sections.
    pub(crate) reference: &'static str,
    /// What to do.
    pub(crate) mend: &'static str,
}

/// Where something stands. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Place {
    /// The file, as it was named or found.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: u32,
    /// The column.
    pub(crate) column: u32,
    /// The line of the character behind it.
    pub(crate) end_line: u32,
    /// The column of the character behind it.
    pub(crate) end_column: u32,
}

impl Place {
    /// The first character of a line.
    pub(crate) fn line(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line, column: 1, end_line: line, end_column: 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One mistake.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// Which kind.
    pub(crate) rule: &'static Rule,
    /// How bad this one is.
    pub(crate) severity: Severity,
    /// What exactly. It repeats no secret.
    pub(crate) message: String,
    /// Where, when that is a place in a file.
    pub(crate) place: Option<Place>,
}

impl Finding {
    /// One without a place.
    pub(crate) fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity, message: message.into(), place: None }
    }

    /// It is there.
    #[must_use]
    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// It is as bad as this.
    #[must_use]
    pub(crate) fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
