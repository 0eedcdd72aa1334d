//! The instant that tokens are judged by: this machine's, or the one that `--at` names.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::failure::Failure;

/// When a token is judged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Clock {
    /// When its turn comes, by this machine's clock.
    #[default]
    Machine,
    /// At this instant, in Unix seconds.
    At(i64),
}

impl Clock {
    /// Unix seconds.
    ///
    /// # Errors
    /// A clock before 1970 is broken: by it no token would ever have expired.
    pub(crate) fn now(self) -> Result<i64, Failure> {
        match self {
            Self::Machine => seconds(SystemTime::now()),
            Self::At(seconds) => Ok(seconds),
        }
    }

    /// Reads `--at`: RFC 3339 or Unix seconds.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let seconds =
            match text.parse::<i64>() {
                Ok(seconds) => seconds,
                Err(_) => text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).map_err(
                    |_| "write it as 2026-11-22T05:00:00Z, or as seconds since 1970".to_owned(),
                )?,
            };
        if seconds < 0 {
            return Err("it lies before 1970, where no token was ever good".to_owned());
        }
        if jiff::Timestamp::from_second(seconds).is_err() {
            return Err("it lies beyond the year 9999: write seconds, not milliseconds".to_owned());
        }
        Ok(Self::At(seconds))
    }
}

fn seconds(time: SystemTime) -> Result<i64, Failure> {
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| {
        Failure::ours("this machine's clock stands before 1970: set it, or name a time with --at")
    })?;
    Ok(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_before_1970_is_refused() {
        assert!(seconds(UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert_eq!(seconds(UNIX_EPOCH + Duration::from_secs(7)).unwrap(), 7);
    }

    #[test]
    fn instants_are_read_as_people_and_programs_write_them() {
        for text in ["1800000000", "2027-01-15T08:00:00Z", "2027-01-15T09:00:00+01:00"] {
            assert_eq!(Clock::parse(text).unwrap().now().unwrap(), 1_800_000_000, "{text}");
        }
        for text in
            ["", "-1", "now", "1969-12-31T23:59:59Z", "1800000000000000", "99999999999999999999"]
        {
            assert!(Clock::parse(text).is_err(), "{text}");
        }
    }
}
