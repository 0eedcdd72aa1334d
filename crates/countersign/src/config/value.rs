//! How each kind of value is read from text, and shown.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use countersign_engine::{limits::Rates, names::UsernamePolicy};
use countersign_jose::Algorithm;
use secrecy::SecretString;

use super::LogFormat;
use crate::DatabaseUrl;

/// What a source gives for a setting.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    /// One text; a list is separated by commas.
    Text(&'a str),
    /// Several.
    List(&'a [String]),
}

/// A kind of value. The error of reading says what would be right; it repeats no secret.
pub(super) trait Value: Sized {
    fn read(text: &str) -> Result<Self, String>;
    fn show(&self) -> String;

    fn read_given(given: Given<'_>) -> Result<Self, String> {
        match given {
            Given::Text(text) => Self::read(text.trim()),
            Given::List([one]) => Self::read(one.trim()),
            Given::List(_) => Err("it takes one value, not a list".into()),
        }
    }
}

/// What of a value an error may repeat.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(64).flat_map(char::escape_debug).collect();
    format!("`{short}`")
}

impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("{} is neither true nor false", quoted(text))),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Value for $number {
            fn read(text: &str) -> Result<Self, String> {
                text.replace('_', "")
                    .parse()
                    .map_err(|_| format!("{} is no whole number from 0 to {}", quoted(text), Self::MAX))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )* };
}

numbers!(u32, usize);

/// Units and their seconds, the longest first.
const UNITS: [(&str, u64); 5] = [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl Value for Duration {
    fn read(text: &str) -> Result<Self, String> {
        parse_duration(text).ok_or_else(|| {
            format!(
                "{} is no duration: write \"30s\", \"15m\", \"12h\", \"90d\" or seconds",
                quoted(text)
            )
        })
    }

    fn show(&self) -> String {
        let seconds = self.as_secs();
        if self.subsec_millis() != 0 {
            return format!("{}ms", self.as_millis());
        }
        let fits = |&&(_, unit): &&(&str, u64)| seconds >= unit && seconds.is_multiple_of(unit);
        // Weeks are read, but days are what people compare.
        match UNITS.iter().skip(1).find(fits) {
            Some((name, unit)) => format!("{}{name}", seconds / unit),
            None => format!("{seconds}s"),
        }
    }
}

/// Reads a duration as people write it: `90` (seconds), `15m`, `1h30m`, `90 days`, `500ms`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        return millis.trim().parse().ok().map(Duration::from_millis);
    }
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let (digits, tail) = rest.split_at_checked(end)?;
        let tail = tail.trim_start();
        let end = tail.find(|character: char| !character.is_ascii_alphabetic());
        let (unit, tail) = tail.split_at_checked(end.unwrap_or(tail.len()))?;
        let number: u64 = digits.parse().ok()?;
        total = total.checked_add(number.checked_mul(unit_seconds(unit)?)?)?;
        rest = tail.trim_start();
    }
    (!text.is_empty()).then(|| Duration::from_secs(total))
}

fn unit_seconds(unit: &str) -> Option<u64> {
    let short = match unit {
        "second" | "seconds" | "sec" => "s",
        "minute" | "minutes" | "min" => "m",
        "hour" | "hours" => "h",
        "day" | "days" => "d",
        "week" | "weeks" => "w",
        other => other,
    };
    UNITS.iter().find(|(name, _)| *name == short).map(|(_, seconds)| *seconds)
}

impl Value for Rates {
    fn read(text: &str) -> Result<Self, String> {
        if matches!(text, "none" | "off") {
            return Ok(Self::default());
        }
        text.parse().map_err(|error: countersign_engine::limits::InvalidRate| {
            format!("{error}; \"none\" for no limit")
        })
    }

    fn show(&self) -> String {
        if self.is_empty() { "none".into() } else { self.to_string() }
    }

    fn read_given(given: Given<'_>) -> Result<Self, String> {
        match given {
            Given::Text(text) => Self::read(text.trim()),
            Given::List(rates) => Self::read(&rates.join(";")),
        }
    }
}

impl Value for Algorithm {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            format!("{} is no algorithm: write ES256, EdDSA, RS256, ...", quoted(text))
        })
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Value for UsernamePolicy {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "email" => Ok(Self::Email),
            _ => Err(format!("{} is neither \"name\" nor \"email\"", quoted(text))),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Email => "email".into(),
            _ => "name".into(),
        }
    }
}

impl Value for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(format!("{} is neither \"pretty\" nor \"json\"", quoted(text))),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Pretty => "pretty".into(),
            Self::Json => "json".into(),
        }
    }
}

impl Value for DatabaseUrl {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: crate::InvalidDatabaseUrl| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        let named = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        named.as_deref().unwrap_or(text).parse().map_err(|_| {
            format!(
                "{} is no address: write 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080",
                quoted(text)
            )
        })
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("it is empty".into()) } else { Ok(Self::from(text)) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for SecretString {
    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::from(text.to_owned()))
    }

    fn show(&self) -> String {
        "(set, not shown)".into()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

impl Value for Vec<String> {
    fn read(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(items.map(str::to_owned).collect())
    }

    fn show(&self) -> String {
        self.join(", ")
    }

    fn read_given(given: Given<'_>) -> Result<Self, String> {
        match given {
            Given::Text(text) => Self::read(text),
            Given::List(items) => Ok(items.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds) in [
            ("90", 90),
            ("15m", 900),
            ("1h30m", 5_400),
            ("90 days", 7_776_000),
            ("2w", 1_209_600),
            ("1 hour 5 minutes", 3_900),
            ("0", 0),
        ] {
            assert_eq!(Duration::read(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(Duration::read("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["", "m", "15x", "-1", "1.5h", "15 m x", "18446744073709551615d"] {
            assert!(Duration::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_shown_duration_reads_back() {
        for (seconds, text) in [(900, "15m"), (30, "30s"), (86_400, "1d"), (90, "90s"), (0, "0s")] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(duration.show(), text);
            assert_eq!(Duration::read(text), Ok(duration));
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert!(!SecretString::read("1:hunter2").unwrap().show().contains("hunter2"));
    }

    #[test]
    fn what_is_repeated_is_short_and_printable() {
        let error = bool::read(&format!("\u{1b}[2J{}", "x".repeat(500))).unwrap_err();
        assert!(error.len() < 120 && !error.contains('\u{1b}'), "{error}");
    }
}
