//! What is in force, and why.

use std::fmt;

use super::{Settings, settings::SETTINGS};

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file, with the line.
    File(String),
    /// This variable.
    Environment(String),
    /// This argument.
    Argument(String),
    /// The program that embeds Countersign.
    Code,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(place) => formatter.write_str(place),
            Self::Environment(name) | Self::Argument(name) => formatter.write_str(name),
            Self::Code => formatter.write_str("program"),
        }
    }
}

/// One setting, as it is in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explained {
    /// The key in the file, with its section.
    pub key: &'static str,
    /// The environment variable.
    pub variable: String,
    /// The value; empty when there is none, and never a secret.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub about: &'static str,
}

impl Settings {
    /// Every setting as it is in force.
    pub fn explain(&self) -> Vec<Explained> {
        let explain = |setting: &super::settings::Setting| Explained {
            key: setting.key,
            variable: setting.variable(),
            value: (setting.show)(&self.draft),
            origin: self.origins.get(setting.key).cloned().unwrap_or(Origin::Default),
            about: setting.about,
        };
        SETTINGS.iter().map(explain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_source_is_named_and_secrets_are_not_shown() {
        let mut settings = Settings::new();
        settings.toml("c.toml", "issuer = 'https://a.example'\nlisten = '127.0.0.1:1'").unwrap();
        let variables =
            [("COUNTERSIGN_LISTEN", "127.0.0.1:2"), ("COUNTERSIGN_MASTER_KEY", "1:hunter2")];
        settings.environment(variables.map(|(name, value)| (name.into(), value.into()))).unwrap();
        settings.set("listen", "127.0.0.1:3", Origin::Argument("--listen".into())).unwrap();
        let explained = settings.explain();
        let find = |key: &str| explained.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!(find("issuer").origin.to_string(), "c.toml:1");
        assert_eq!(
            (find("listen").value.as_str(), find("listen").origin.to_string()),
            ("127.0.0.1:3", "--listen".to_owned())
        );
        assert_eq!(find("tokens.access_ttl").origin, Origin::Default);
        assert!(!format!("{explained:?} {settings:?}").contains("hunter2"));
    }

    #[test]
    fn every_shown_value_reads_back() {
        let mut settings = Settings::new();
        for setting in settings.clone().explain() {
            if !setting.value.is_empty() && setting.key != "master_key" {
                settings.set(setting.key, &setting.value, Origin::Code).unwrap();
                let again = settings.explain().into_iter().find(|other| other.key == setting.key);
                assert_eq!(again.unwrap().value, setting.value);
            }
        }
    }
}
