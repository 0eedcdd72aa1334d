//! `COUNTERSIGN_*`.

use std::ffi::OsString;

use super::{
    ConfigError, Origin, Settings,
    settings::{SETTINGS, Setting, nearest},
    value::Given,
};

const PREFIX: &str = "COUNTERSIGN_";
/// Names the file; whoever reads the file reads it first.
const CONFIG: &str = "COUNTERSIGN_CONFIG";

impl Settings {
    /// Takes the values of the environment. An empty variable counts as none.
    ///
    /// # Errors
    /// [`ConfigError`] names a variable that is a setting misspelled, or whose value cannot be used.
    /// A variable that resembles none belongs to another program (see [`Settings::ignored`]).
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            if value.is_empty() || name == CONFIG || is_service_link(name) {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
                refuse_misspelled(name)?;
                self.ignored.push(shown(name));
                continue;
            };
            let origin = Origin::Environment(name.to_owned());
            let Some(value) = value.to_str() else {
                return Err(ConfigError::at(&origin, "its value is no UTF-8"));
            };
            self.take(setting, Given::Text(value), origin)?;
        }
        Ok(())
    }
}

/// Kubernetes gives every container the addresses of the services, under their names: one called
/// `countersign` makes variables that look like ours.
fn is_service_link(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or_default();
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

/// A setting that is misspelled must not be lost in silence. What resembles no setting and names no
/// section is somebody else's: wrappers, tests and deployments have variables of their own.
fn refuse_misspelled(name: &str) -> Result<(), ConfigError> {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    let variables: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let names = variables.iter().filter_map(|variable| variable.strip_prefix(PREFIX));
    let mend = if let Some(nearest) = nearest(rest, names) {
        format!("did you mean {PREFIX}{nearest}?")
    } else if names_a_section(rest) {
        "`countersign config --explain` lists every setting".to_owned()
    } else {
        return Ok(());
    };
    Err(ConfigError::at(shown(name), format!("this variable means nothing here; {mend}")))
}

fn names_a_section(rest: &str) -> bool {
    let sections = SETTINGS.iter().filter_map(|setting| setting.key.split_once('.'));
    sections.into_iter().any(|(section, _)| {
        rest.strip_prefix(&section.to_uppercase()).is_some_and(|rest| rest.starts_with('_'))
    })
}

/// Bounded, and without anything that moves a cursor.
fn shown(name: &str) -> String {
    name.chars().take(64).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        let pairs =
            variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        settings.environment(pairs).map(|()| settings)
    }

    #[test]
    fn variables_are_settings() {
        let settings = read(&[
            ("COUNTERSIGN_ISSUER", "https://a.example"),
            ("COUNTERSIGN_AUDIENCE", "api, reports"),
            ("COUNTERSIGN_TOKENS_ACCESS_TTL", "5m"),
            ("COUNTERSIGN_LISTEN", ""),
            ("COUNTERSIGN_CONFIG", "elsewhere.toml"),
            ("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"),
            ("COUNTERSIGN_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("HOME", "/root"),
        ]);
        let config = settings.unwrap().build().unwrap();
        assert_eq!(config.engine.audiences, ["api", "reports"]);
        assert_eq!(config.engine.tokens.access_ttl.as_secs(), 300);
    }

    #[test]
    fn a_variable_of_another_program_is_ignored_and_named() {
        let settings = read(&[("COUNTERSIGN_BIN", "x"), ("COUNTERSIGN_HOME", "y")]).unwrap();
        assert_eq!(settings.ignored(), ["COUNTERSIGN_BIN", "COUNTERSIGN_HOME"]);
    }

    #[test]
    fn a_misspelled_variable_is_an_error() {
        let error = read(&[("COUNTERSIGN_ISUER", "x")]).unwrap_err().to_string();
        assert!(error.contains("did you mean COUNTERSIGN_ISSUER?"), "{error}");
        let error = read(&[("COUNTERSIGN_LIMITS_EVERYTHING", "x")]).unwrap_err().to_string();
        assert!(error.contains("config --explain"), "{error}");
        let error = read(&[("COUNTERSIGN_LISTEN", "here")]).unwrap_err().to_string();
        assert!(error.starts_with("COUNTERSIGN_LISTEN: `listen`: `here` is no address"), "{error}");
    }
}
