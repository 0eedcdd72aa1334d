//! Which configuration: the flags that every command has.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use countersign::{ConfigError, Countersign, Settings, config::Origin, stored_issuer};

use crate::{environment, failure::Failure};

const FILE: &str = "countersign.toml";
/// What no token is ever issued for: administrative commands issue none.
const NO_AUDIENCE: &str = "countersign-command";

/// Which configuration.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Source {
    /// The configuration file [default: countersign.toml, where there is one]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The database, such as sqlite:///auth.db or sqlite:////var/lib/auth.db
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// The public URL of this service: `iss` of every token
    #[arg(long, value_name = "URL", global = true)]
    issuer: Option<String>,
    /// The API that accepts the tokens; may be repeated
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) audience: Vec<String>,
    /// Any other setting, as `countersign config --explain` names it; may be repeated
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
}

/// The same flags before the subcommand, where some subcommands have no use for them and must not
/// inherit them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceBefore(Source);

impl Args for SourceBefore {
    fn augment_args(command: Command) -> Command {
        Source::augment_args(command).mut_args(|argument| argument.global(false))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SourceBefore {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Source::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl SourceBefore {
    /// These flags and those behind the subcommand, which win.
    pub(crate) fn and(self, behind: Source) -> Source {
        let Self(before) = self;
        Source {
            config: behind.config.or(before.config),
            database: behind.database.or(before.database),
            issuer: behind.issuer.or(before.issuer),
            audience: if behind.audience.is_empty() { before.audience } else { behind.audience },
            set: before.set.into_iter().chain(behind.set).collect(),
        }
    }

    /// For a subcommand that opens nothing.
    ///
    /// # Errors
    /// When one of the flags was given all the same.
    pub(crate) fn unused(&self, by: &str) -> Result<(), Failure> {
        let Source { config, database, issuer, audience, set } = &self.0;
        let any = config.is_some() || database.is_some() || issuer.is_some();
        if any || !audience.is_empty() || !set.is_empty() {
            let problem = format!("{by} needs no database and no settings: leave those flags out");
            return Err(Failure::input(problem));
        }
        Ok(())
    }
}

impl Source {
    /// File, then environment, then these flags.
    pub(crate) fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = self.settings_without_audience()?;
        self.add_audience(&mut settings)?;
        Ok(settings)
    }

    /// The same, but `--audience` means something else to the command.
    pub(crate) fn settings_without_audience(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::new();
        self.file(&mut settings)?;
        settings.environment(environment())?;
        for (key, flag, value) in
            [("database_url", "--database", &self.database), ("issuer", "--issuer", &self.issuer)]
        {
            if let Some(value) = value {
                settings.set(key, value, Origin::Argument(flag.into()))?;
            }
        }
        for pair in &self.set {
            let origin = Origin::Argument("--set".into());
            let (key, value) = pair.split_once('=').ok_or_else(|| ConfigError {
                place: Some("--set".into()),
                problem: "write KEY=VALUE, such as tokens.access_ttl=5m".into(),
            })?;
            settings.set(key.trim(), value, origin)?;
        }
        Ok(settings)
    }

    /// Takes `--audience`.
    pub(crate) fn add_audience(&self, settings: &mut Settings) -> Result<(), ConfigError> {
        if self.audience.is_empty() {
            return Ok(());
        }
        settings.set_list("audience", &self.audience, Origin::Argument("--audience".into()))
    }

    /// The configuration file: the one that is named, or the one that lies here.
    pub(crate) fn file_name(&self) -> Option<PathBuf> {
        let here = Some(PathBuf::from(FILE)).filter(|path| path.exists());
        self.named_file().or(here)
    }

    fn named_file(&self) -> Option<PathBuf> {
        let named =
            environment().find(|(name, value)| name == "COUNTERSIGN_CONFIG" && !value.is_empty());
        self.config.clone().or(named.map(|(_, value)| PathBuf::from(value)))
    }

    fn file(&self, settings: &mut Settings) -> Result<(), ConfigError> {
        let Some(path) = self.named_file() else {
            settings.file(Path::new(FILE))?;
            return Ok(());
        };
        if settings.file(&path)? {
            return Ok(());
        }
        let place = Some(path.display().to_string());
        Err(ConfigError { place, problem: "there is no such configuration file".into() })
    }

    /// Opens an existing database for administration: what is not configured is the database's own.
    pub(crate) async fn open(&self) -> Result<Countersign, Failure> {
        open_existing(self.settings()?).await
    }
}

/// Opens an existing database; the issuer may be its own, and the audience does not matter.
pub(crate) async fn open_existing(mut settings: Settings) -> Result<Countersign, Failure> {
    let issuer = stored_issuer(settings.database()).await?;
    if let (None, Some(issuer)) = (settings.issuer(), issuer) {
        settings.set("issuer", &issuer, Origin::Code)?;
    }
    if settings.audiences().is_empty() {
        settings.set("audience", NO_AUDIENCE, Origin::Code)?;
    }
    Ok(Countersign::open(settings.build()?).await?)
}
