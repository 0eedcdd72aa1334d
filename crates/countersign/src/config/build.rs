//! What comes of the gathered values: a configuration that holds together, or what does not.

use std::time::Duration;

use countersign_engine::{EngineConfig, config::InvalidConfig, passwords::Argon2Parameters};
use countersign_http::HttpConfig;

use super::{
    Config, ConfigError, MasterKeySource, ServerConfig, Settings, TlsFiles,
    draft::{Draft, Passwords},
    settings,
};

impl Settings {
    /// Checks the values against each other.
    ///
    /// # Errors
    /// [`ConfigError`] names the first that must not stand, and what to do.
    pub fn build(self) -> Result<Config, ConfigError> {
        let engine = self.engine()?;
        let (http, server) = (self.http()?, self.server()?);
        let draft = self.draft;
        let master_key = match (draft.master_key, draft.master_key_file) {
            (Some(text), _) => MasterKeySource::Text(text),
            (None, Some(path)) => MasterKeySource::File(path),
            (None, None) => MasterKeySource::BesideDatabase,
        };
        Ok(Config { database: draft.database_url, master_key, engine, http, server })
    }

    fn engine(&self) -> Result<EngineConfig, ConfigError> {
        let draft = &self.draft;
        let issuer = draft.issuer.as_deref().ok_or_else(|| {
            missing("issuer", "the public URL of this service, such as https://api.example.com")
        })?;
        if draft.audience.is_empty() {
            return Err(missing("audience", "the API that accepts the tokens, such as api"));
        }
        let audiences: Vec<&str> = draft.audience.iter().map(String::as_str).collect();
        let mut config =
            EngineConfig::new(issuer, &audiences).map_err(|error| self.placed(&error))?;
        config.tokens = draft.tokens.clone();
        config.sessions = draft.sessions;
        config.accounts = draft.accounts.clone();
        config.accounts.argon2 = draft.passwords.cost()?;
        config.limits = draft.limits.clone();
        config.revocations = draft.revocations;
        config.keep_events = draft.keep_events;
        config.validate().map_err(|error| self.placed(&error))?;
        Ok(config)
    }

    /// The engine names settings without their section.
    fn placed(&self, error: &InvalidConfig) -> ConfigError {
        let key = match error.setting {
            "session_idle" => "sessions.idle",
            "session_absolute" => "sessions.absolute",
            "refresh_grace" => "sessions.grace",
            name => {
                let all = settings::SETTINGS;
                all.iter()
                    .find(|setting| setting.name() == name)
                    .map_or(name, |setting| setting.key)
            }
        };
        let place = self.origins.get(key).map(ToString::to_string);
        let mend = error.mend.trim_end_matches('.');
        ConfigError { place, problem: format!("`{key}`: {}. {mend}.", error.problem) }
    }

    fn http(&self) -> Result<HttpConfig, ConfigError> {
        let draft = &self.draft.http;
        let mut config = HttpConfig::default();
        config.mount.clone_from(&draft.mount);
        config.cors_origins.clone_from(&draft.cors_origins);
        config.hsts = draft.hsts.unwrap_or(self.draft.server.tls_cert.is_some());
        let proxies = draft.trusted_proxies.iter().map(|proxy| proxy.parse());
        config.trusted_proxies = proxies.collect::<Result<_, _>>()?;
        config.routes = draft.routes.iter().map(|group| group.parse()).collect::<Result<_, _>>()?;
        config.validate()?;
        Ok(config)
    }

    /// Whether a proxy is named that requests come through.
    pub fn is_behind_proxy(&self) -> bool {
        !self.draft.http.trusted_proxies.is_empty()
    }

    /// What `countersign serve` needs before the rest is complete.
    ///
    /// # Errors
    /// As [`Settings::build`].
    pub fn server(&self) -> Result<ServerConfig, ConfigError> {
        let Draft { server, log, listen, .. } = &self.draft;
        let tls = match (&server.tls_cert, &server.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(missing("server.tls_key", "the private key of the certificate"));
            }
            (None, Some(_)) => {
                return Err(missing("server.tls_cert", "the certificate of the private key"));
            }
        };
        if server.max_connections == 0 {
            return Err(ConfigError::new("`server.max_connections`: at least 1"));
        }
        Ok(ServerConfig {
            listen: *listen,
            tls,
            insecure_http: server.insecure_http,
            max_connections: server.max_connections,
            drain_pause: server.drain_pause.min(Duration::from_secs(60)),
            log_format: log.format,
            log_level: log.level.clone(),
        })
    }
}

impl Passwords {
    fn cost(&self) -> Result<Argon2Parameters, ConfigError> {
        let cost = Argon2Parameters::new(self.memory_kib, self.iterations, self.lanes)
            .map_err(|error| ConfigError::new(format!("`passwords`: {error}")))?;
        if cost.is_weak() && !self.allow_weak_cost {
            return Err(ConfigError::new(
                "`passwords`: this cost is below every row of OWASP's table: leave memory_kib and \
                 iterations out for the default (19456 and 2), or, in tests only, set \
                 passwords.allow_weak_cost = true",
            ));
        }
        Ok(cost)
    }
}

fn missing(key: &str, what: &str) -> ConfigError {
    let Some(setting) = settings::find(key) else { return ConfigError::new(what) };
    let flag = setting.name().replace('_', "-");
    let in_file = match key.split_once('.') {
        Some((section, name)) => format!("{name} = \"...\" under [{section}]"),
        None => format!("{key} = \"...\""),
    };
    ConfigError::new(format!(
        "`{key}` is not set: give --{flag} or {} or, in countersign.toml, {in_file}: {what}",
        setting.variable()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    fn settings(values: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        for (key, value) in
            [("issuer", "https://a.example"), ("audience", "api")].iter().chain(values)
        {
            settings.set(key, value, Origin::Code)?;
        }
        Ok(settings)
    }

    fn problem(values: &[(&str, &str)]) -> String {
        settings(values).and_then(Settings::build).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_need_only_issuer_and_audience() {
        let config = settings(&[]).unwrap().build().unwrap();
        assert_eq!(config.database.to_string(), "sqlite:///countersign.db");
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert!(config.engine.accounts.registration && !config.http.hsts);
        let error = Settings::new().build().unwrap_err().to_string();
        assert!(error.contains("--issuer") && error.contains("COUNTERSIGN_ISSUER"), "{error}");
        let config = Config::new("sqlite:///a.db", "https://a.example", &["a,b", "c"]).unwrap();
        assert_eq!(config.engine.audiences, ["a,b", "c"]);
    }

    #[test]
    fn every_setting_reaches_its_field() {
        let config = settings(&[
            ("tokens.access_ttl", "5m"),
            ("tokens.algorithm", "RS256"),
            ("sessions.grace", "0"),
            ("accounts.registration", "no"),
            ("limits.login_address", "none"),
            ("http.mount", "/auth"),
            ("http.trusted_proxies", "10.0.0.0/8, 127.0.0.1"),
            ("http.routes", "login,wellknown"),
            ("server.max_connections", "8"),
        ]);
        let config = config.unwrap().build().unwrap();
        assert_eq!(config.engine.tokens.access_ttl, Duration::from_secs(300));
        assert_eq!(config.engine.tokens.algorithm.as_str(), "RS256");
        assert_eq!(config.engine.sessions.grace, Duration::ZERO);
        assert!(
            !config.engine.accounts.registration && config.engine.limits.login_address.is_empty()
        );
        assert_eq!((config.http.mount.as_str(), config.http.trusted_proxies.len()), ("/auth", 2));
        assert_eq!((config.http.routes.len(), config.server.max_connections), (2, 8));
    }

    #[test]
    fn weak_or_impossible_values_are_refused_with_their_mend() {
        for (values, part) in [
            (&[("issuer", "http://a.example")][..], "`issuer`: it is plain http"),
            (&[("tokens.access_ttl", "2d")], "`tokens.access_ttl`: 172800 s is not between"),
            (&[("sessions.idle", "1s")], "`sessions.idle`"),
            (&[("passwords.memory_kib", "64")], "OWASP"),
            (&[("passwords.memory_kib", "1")], "argon2 takes"),
            (&[("server.tls_cert", "a.pem")], "`server.tls_key` is not set"),
            (&[("http.mount", "auth")], "mount"),
            (&[("http.routes", "login,nothing")], "`nothing` is no group"),
            (&[("http.trusted_proxies", "proxy")], "`proxy` is no address"),
            (&[("tokens.acess_ttl", "5m")], "did you mean `tokens.access_ttl`?"),
            (&[("accounts.registration", "perhaps")], "neither true nor false"),
        ] {
            let problem = problem(values);
            assert!(problem.contains(part), "{problem}");
        }
        let weak = [("passwords.memory_kib", "64"), ("passwords.allow_weak_cost", "true")];
        assert!(settings(&weak).unwrap().build().is_ok());
    }

    #[test]
    fn a_secret_comes_by_the_environment_only() {
        let mut settings = Settings::new();
        let origin = Origin::Argument("--set".into());
        let error = settings.set("master_key", "1:hunter2", origin).unwrap_err().to_string();
        assert!(error.contains("COUNTERSIGN_MASTER_KEY") && !error.contains("hunter2"), "{error}");
    }
}
