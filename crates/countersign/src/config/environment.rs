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
    /// [`ConfigError`] names a variable that is unknown, or whose value cannot be used.
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
                return Err(unknown(name));
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

fn unknown(name: &str) -> ConfigError {
    let variables: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let mend = match nearest(name, variables.iter().map(String::as_str)) {
        Some(nearest) => format!("; did you mean {nearest}?"),
        None => "; `countersign config --explain` lists every variable".to_owned(),
    };
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    ConfigError::at(shown, format!("this variable means nothing here{mend}"))
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
    fn a_misspelled_variable_is_an_error() {
        let error = read(&[("COUNTERSIGN_ISUER", "x")]).unwrap_err().to_string();
        assert!(error.contains("did you mean COUNTERSIGN_ISSUER?"), "{error}");
        let error = read(&[("COUNTERSIGN_LISTEN", "here")]).unwrap_err().to_string();
        assert!(error.starts_with("COUNTERSIGN_LISTEN: `listen`: `here` is no address"), "{error}");
    }
}
