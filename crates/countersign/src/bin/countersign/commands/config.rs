//! `countersign config`

use clap::Args;
use countersign::config::{Explained, Origin};
use serde::Serialize;

use crate::{
    failure::Failure,
    output::{self, Output, Row},
    source::Source,
};

/// Check the configuration, or explain it: every setting, its value and where it comes from.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// Show every setting, not only those that are set
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Serialize)]
struct SettingRow {
    key: &'static str,
    variable: String,
    value: String,
    from: String,
    about: &'static str,
}

impl From<Explained> for SettingRow {
    fn from(setting: Explained) -> Self {
        Self {
            key: setting.key,
            variable: setting.variable,
            value: setting.value,
            from: setting.origin.to_string(),
            about: setting.about,
        }
    }
}

impl Row for SettingRow {
    const HEADER: &'static [&'static str] = &["KEY", "VALUE", "FROM", "WHAT IT IS"];

    fn cells(&self) -> Vec<String> {
        vec![self.key.to_owned(), self.value.clone(), self.from.clone(), self.about.to_owned()]
    }
}

impl Config {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let settings = self.source.settings()?;
        let rows: Vec<SettingRow> = settings
            .explain()
            .into_iter()
            .filter(|setting| self.explain || setting.origin != Origin::Default)
            .map(SettingRow::from)
            .collect();
        self.output.many(&rows, "nothing is set; --explain shows the defaults")?;
        if self.explain {
            // What is still missing can be seen above.
            return Ok(());
        }
        settings.build()?;
        if self.output.json { Ok(()) } else { output::line("The configuration is good.") }
    }
}
