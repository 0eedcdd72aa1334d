//! What stands in a cell, as a value.

use std::collections::BTreeSet;

use ::countersign::guard::time::Timestamp;
use serde_json::{Map, Value};

use super::refusals::Problem;

const TIME: &str =
    "Write it like 2024-05-06T07:08:09Z, with its time zone, or as seconds since 1970.";
/// Seconds of the year 5138: what is larger is milliseconds.
const ABSURD: i64 = 100_000_000_000;

/// Names separated by spaces, or a JSON list.
pub(super) fn names(field: &str, text: &str) -> Result<BTreeSet<String>, Problem> {
    if text.starts_with('[') {
        let mend = "Write a list of texts, such as [\"admin\", \"editor\"].";
        return serde_json::from_str(text)
            .map_err(|_| Problem::new(field, "it is no JSON list of texts", mend));
    }
    if text.contains([',', ';', '|']) {
        let mend = "Separate them by spaces, or write a JSON list.";
        return Err(Problem::new(field, "they are not separated by spaces", mend));
    }
    Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
}

/// A JSON object.
pub(super) fn claims(text: &str) -> Result<Map<String, Value>, Problem> {
    let mend = "Write an object, such as {\"tenant\": 7}.";
    serde_json::from_str(text).map_err(|_| Problem::new("claims", "it is no JSON object", mend))
}

/// A truth value as databases export them.
pub(super) fn truth(field: &str, text: &str) -> Result<bool, Problem> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Ok(true),
        "false" | "f" | "0" | "no" | "n" => Ok(false),
        _ => Err(Problem::new(field, "it is neither true nor false", "Write true or false.")),
    }
}

/// RFC 3339, also with a space for the T as databases export it; or a number of seconds.
pub(super) fn instant(text: &str) -> Result<Timestamp, Problem> {
    if let Ok(number) = text.parse::<i64>() {
        return seconds(number);
    }
    text.parse::<jiff::Timestamp>()
        .map(|instant| Timestamp::from_millis(instant.as_millisecond()))
        .map_err(|_| Problem::new("created_at", "it is no time, or one without a time zone", TIME))
}

/// Seconds since 1970.
pub(super) fn seconds(number: i64) -> Result<Timestamp, Problem> {
    if (0..ABSURD).contains(&number) {
        Ok(Timestamp::from_seconds(number))
    } else {
        Err(Problem::new("created_at", "it is no number of seconds since 1970", TIME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_they_are_exported() {
        let set = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(names("roles", "a  b a").unwrap(), set(&["a", "b"]));
        assert_eq!(names("roles", "[\"a,b\"]").unwrap(), set(&["a,b"]));
        for bad in ["a,b", "a;b", "[1]", "[\"a\""] {
            assert!(names("roles", bad).is_err(), "{bad}");
        }
        assert_eq!(truth("disabled", "T"), Ok(true));
        assert_eq!(truth("disabled", "0"), Ok(false));
        assert!(truth("disabled", "perhaps").is_err());
        assert!(claims("[]").is_err() && claims("{\"a\": 1}").is_ok());
    }

    #[test]
    fn a_time_has_a_zone() {
        let expected = Timestamp::from_millis(1_714_979_289_250);
        for text in [
            "2024-05-06T07:08:09.25Z",
            "2024-05-06 07:08:09.250+00:00",
            "2024-05-06 09:08:09.25+02",
        ] {
            assert_eq!(instant(text), Ok(expected), "{text}");
        }
        assert_eq!(instant("1714979289"), Ok(Timestamp::from_seconds(1_714_979_289)));
        for bad in ["2024-05-06", "2024-05-06T07:08:09", "yesterday", "-1", "1714979289000"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }
}
