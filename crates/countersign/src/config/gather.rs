//! Gathering: one value after the other, each with where it came from.

use std::collections::BTreeMap;

use super::{
    ConfigError, Origin,
    draft::Draft,
    settings::{self, Setting},
    value::Given,
};
use crate::DatabaseUrl;

/// What has been gathered so far, and from where. A later value wins.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(super) draft: Draft,
    pub(super) origins: BTreeMap<&'static str, Origin>,
    pub(super) ignored: Vec<String>,
}

impl Settings {
    /// Only the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one value, as a file or a variable writes it.
    ///
    /// # Errors
    /// [`ConfigError`] names the key, where it was written, and what would be right.
    pub fn set(&mut self, key: &str, value: &str, origin: Origin) -> Result<(), ConfigError> {
        let setting = settings::find(key).ok_or_else(|| unknown(key, &origin))?;
        self.take(setting, Given::Text(value), origin)
    }

    /// Sets one value that is a list.
    ///
    /// # Errors
    /// As [`Settings::set`].
    pub fn set_list<T: AsRef<str>>(
        &mut self,
        key: &str,
        values: &[T],
        origin: Origin,
    ) -> Result<(), ConfigError> {
        let setting = settings::find(key).ok_or_else(|| unknown(key, &origin))?;
        let values: Vec<String> = values.iter().map(|value| value.as_ref().to_owned()).collect();
        self.take(setting, Given::List(&values), origin)
    }

    /// Variables that begin like ours, are no setting and resemble none.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Whether anybody has set this.
    pub fn is_set(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    /// The database that would be used.
    pub fn database(&self) -> &DatabaseUrl {
        &self.draft.database_url
    }

    /// The issuer, if there is one yet.
    pub fn issuer(&self) -> Option<&str> {
        self.draft.issuer.as_deref()
    }

    /// The audiences so far.
    pub fn audiences(&self) -> &[String] {
        &self.draft.audience
    }

    pub(super) fn take(
        &mut self,
        setting: &'static Setting,
        given: Given<'_>,
        origin: Origin,
    ) -> Result<(), ConfigError> {
        if setting.secret && !matches!(origin, Origin::Environment(_) | Origin::Code) {
            let mend = format!("`{}` is a secret: set {} instead", setting.key, setting.variable());
            return Err(ConfigError::at(origin, mend));
        }
        (setting.read)(&mut self.draft, given)
            .map_err(|problem| ConfigError::at(&origin, format!("`{}`: {problem}", setting.key)))?;
        self.origins.insert(setting.key, origin);
        Ok(())
    }
}

fn unknown(key: &str, origin: &Origin) -> ConfigError {
    let shown: String = key.chars().take(64).flat_map(char::escape_debug).collect();
    let mend = match settings::nearest_key(key) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; `countersign config --explain` lists every key".into(),
    };
    ConfigError::at(origin, format!("unknown key `{shown}`{mend}"))
}
