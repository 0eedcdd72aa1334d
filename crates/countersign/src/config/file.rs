//! `countersign.toml`.

use std::{fs, io, path::Path};

use toml::de::{DeTable, DeValue};

use super::{
    ConfigError, Origin, Settings,
    settings::{self, SETTINGS},
};

/// More than any configuration needs.
const LARGEST: u64 = 1024 * 1024;

impl Settings {
    /// Takes the values of a file; answers whether there is one.
    ///
    /// # Errors
    /// [`ConfigError`] names file and line: of a text that is no TOML, an unknown key, a wrong value.
    pub fn file(&mut self, path: &Path) -> Result<bool, ConfigError> {
        let refuse = |problem: String| ConfigError::at(path.display(), problem);
        match fs::metadata(path) {
            Ok(metadata) if metadata.len() > LARGEST => {
                return Err(refuse("it is larger than 1 MiB: this is no configuration".into()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            _ => {}
        }
        let text = fs::read_to_string(path)
            .map_err(|error| refuse(format!("it cannot be read: {error}")))?;
        self.toml(&path.display().to_string(), &text)?;
        Ok(true)
    }

    /// Takes the values of a text that is TOML; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Settings::file`].
    pub fn toml(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let source = Source { name, text };
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let problem = error.message().replace('\n', "; ");
            ConfigError::at(source.place(start), format!("this is no TOML: {problem}"))
        })?;
        self.table(&source, "", table.get_ref())
    }

    fn table(
        &mut self,
        source: &Source<'_>,
        section: &str,
        table: &DeTable<'_>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let place = source.place(name.span().start);
            let name = name.get_ref();
            let key =
                if section.is_empty() { name.to_string() } else { format!("{section}.{name}") };
            match value.get_ref() {
                DeValue::Table(inner) if section.is_empty() && is_section(&key) => {
                    self.table(source, &key, inner)?;
                }
                DeValue::Table(_) => return Err(unknown_section(place, &key)),
                value => self.value(&key, value, place)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, key: &str, value: &DeValue<'_>, place: String) -> Result<(), ConfigError> {
        let origin = Origin::File(place);
        if let DeValue::Array(items) = value {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| scalar(item.get_ref())).collect();
            return match texts {
                Some(texts) => self.set_list(key, &texts, origin),
                None => Err(ConfigError::at(&origin, format!("`{key}`: it takes a list of texts"))),
            };
        }
        match scalar(value) {
            Some(text) => self.set(key, &text, origin),
            None => {
                let found = value.type_str();
                let problem = format!(
                    "`{key}`: it takes a text, a whole number or a truth value, no {found}"
                );
                Err(ConfigError::at(&origin, problem))
            }
        }
    }
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// `file:line`
    fn place(&self, offset: usize) -> String {
        let before = self.text.bytes().take(offset);
        format!("{}:{}", self.name, 1 + before.filter(|&byte| byte == b'\n').count())
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn sections() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().filter_map(|setting| setting.key.split_once('.')).map(|(section, _)| section)
}

fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

fn unknown_section(place: String, key: &str) -> ConfigError {
    let mend = match settings::nearest(key, sections()) {
        Some(nearest) => format!("; did you mean [{nearest}]?"),
        None => "; `countersign config --explain` lists every key".to_owned(),
    };
    ConfigError::at(place, format!("unknown section [{key}]{mend}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Settings::new().toml("c.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn values_of_every_type_are_taken() {
        let mut settings = Settings::new();
        let text = r#"
            issuer = "https://a.example"
            audience = ["api", "reports"]
            [tokens]
            access_ttl = 300
            include_username = false
            [limits]
            login_address = "5 per minute; 100/day"
        "#;
        settings.toml("c.toml", text).unwrap();
        let config = settings.build().unwrap();
        assert_eq!(config.engine.audiences, ["api", "reports"]);
        assert_eq!(config.engine.tokens.access_ttl.as_secs(), 300);
        assert!(!config.engine.tokens.include_username);
        assert_eq!(config.engine.limits.login_address.iter().count(), 2);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, expected) in [
            ("\nisuer = 'x'", "c.toml:2: unknown key `isuer`; did you mean `issuer`?"),
            (
                "[tokens]\n\nacess_ttl = 1",
                "c.toml:3: unknown key `tokens.acess_ttl`; did you mean `tokens.access_ttl`?",
            ),
            (
                "[token]\naccess_ttl = 1",
                "c.toml:1: unknown section [token]; did you mean [tokens]?",
            ),
            ("issuer = 'a'\nissuer = 'b'", "c.toml:2: this is no TOML: duplicate key"),
            ("[tokens]\naccess_ttl = '1x'", "c.toml:2: `tokens.access_ttl`: `1x` is no duration"),
            (
                "listen = 1.5",
                "c.toml:1: `listen`: it takes a text, a whole number or a truth value, no float",
            ),
            ("audience = [['a']]", "c.toml:1: `audience`: it takes a list of texts"),
            ("issuer = ['a', 'b']", "c.toml:1: `issuer`: it takes one value, not a list"),
            (
                "master_key = '1:secret'",
                "c.toml:1: `master_key` is a secret: set COUNTERSIGN_MASTER_KEY",
            ),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with(expected), "{problem}");
            assert!(!problem.contains("secret'"), "{problem}");
        }
    }
}
