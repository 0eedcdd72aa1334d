//! Where the database is, written as SQLAlchemy writes it.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where the database is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// One SQLite file.
    Sqlite {
        /// The file; a relative one is relative to the working directory.
        path: PathBuf,
    },
}

/// A database URL that cannot be used. It never repeats what could be a password.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDatabaseUrl {
    /// No scheme.
    #[error(
        "it is no URL: write sqlite:///auth.db for a file beside you, or sqlite:////var/lib/auth.db \
         (four slashes) for an absolute path"
    )]
    Form,
    /// A host where SQLite has none.
    #[error(
        "a SQLite URL has no host: write three slashes and a relative path (sqlite:///auth.db), or \
         four and an absolute one (sqlite:////var/lib/auth.db)"
    )]
    Slashes,
    /// No file name.
    #[error(
        "it names no file: write sqlite:///auth.db; a database in memory would forget every log-out"
    )]
    NoFile,
    /// Options behind a `?`.
    #[error(
        "it has options (`?...`): Countersign sets what SQLite needs by itself; leave them out"
    )]
    Options,
    /// PostgreSQL.
    #[error("PostgreSQL is not there yet: use SQLite for now, such as sqlite:///auth.db")]
    Postgres,
    /// Anything else.
    #[error("`{scheme}` is no database that Countersign knows: write sqlite:///auth.db")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidDatabaseUrl::Form)?;
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => Err(InvalidDatabaseUrl::Postgres),
            // `postgresql+psycopg`, as SQLAlchemy names its drivers.
            driver if driver.starts_with("postgresql+") => Err(InvalidDatabaseUrl::Postgres),
            // SQLAlchemy's drivers for the same files; ours is built in.
            driver if driver.starts_with("sqlite+") => sqlite(rest),
            other => Err(InvalidDatabaseUrl::Scheme {
                scheme: other.chars().take(32).flat_map(char::escape_debug).collect(),
            }),
        }
    }
}

fn sqlite(rest: &str) -> Result<DatabaseUrl, InvalidDatabaseUrl> {
    if rest.is_empty() {
        return Err(InvalidDatabaseUrl::NoFile);
    }
    let path = rest.strip_prefix('/').ok_or(InvalidDatabaseUrl::Slashes)?;
    if path.contains('?') {
        return Err(InvalidDatabaseUrl::Options);
    }
    if path.is_empty() || path == ":memory:" || path.ends_with('/') {
        return Err(InvalidDatabaseUrl::NoFile);
    }
    Ok(DatabaseUrl::Sqlite { path: PathBuf::from(path) })
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Sqlite { path } = self;
        write!(formatter, "sqlite:///{}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> PathBuf {
        let DatabaseUrl::Sqlite { path } = url.parse().unwrap();
        path
    }

    #[test]
    fn three_slashes_are_relative_and_four_absolute() {
        assert_eq!(path("sqlite:///auth.db"), PathBuf::from("auth.db"));
        assert_eq!(path("sqlite:///data/auth.db"), PathBuf::from("data/auth.db"));
        assert_eq!(path("sqlite:////var/lib/auth.db"), PathBuf::from("/var/lib/auth.db"));
        assert_eq!(path("sqlite+aiosqlite:///auth.db"), PathBuf::from("auth.db"));
        let url: DatabaseUrl = "sqlite:////var/lib/auth.db".parse().unwrap();
        assert_eq!(url.to_string(), "sqlite:////var/lib/auth.db");
    }

    #[test]
    fn what_is_no_url_says_what_would_be_one() {
        for (url, expected) in [
            ("auth.db", InvalidDatabaseUrl::Form),
            ("", InvalidDatabaseUrl::Form),
            ("sqlite://auth.db", InvalidDatabaseUrl::Slashes),
            ("sqlite://", InvalidDatabaseUrl::NoFile),
            ("sqlite:///", InvalidDatabaseUrl::NoFile),
            ("sqlite:////", InvalidDatabaseUrl::NoFile),
            ("sqlite:///:memory:", InvalidDatabaseUrl::NoFile),
            ("sqlite:///a.db?mode=ro", InvalidDatabaseUrl::Options),
            ("postgres://u:p@h/db", InvalidDatabaseUrl::Postgres),
            ("postgresql+asyncpg://u:p@h/db", InvalidDatabaseUrl::Postgres),
            ("mysql://u:p@h/db", InvalidDatabaseUrl::Scheme { scheme: "mysql".into() }),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>(), Err(expected), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_repeated() {
        for url in
            ["postgres://user:hunter2@host/db", "mysql://user:hunter2@host/db", "user:hunter2@host"]
        {
            let error = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
        }
    }
}
