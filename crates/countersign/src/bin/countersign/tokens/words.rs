//! Times and spans in words.

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A span in its largest fitting unit: `3 minutes`. Two of a unit is where it begins to be used, so
/// that no more than half of what is said is lost.
pub(crate) fn spelled(seconds: i64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        ..=0 | 2..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds / MINUTE),
        7_200..=172_799 => format!("{} hours", seconds / HOUR),
        _ if seconds < 2 * YEAR => format!("{} days", seconds / DAY),
        _ => format!("{} years", seconds / YEAR),
    }
}

/// RFC 3339 in UTC; none for what no calendar has.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}

/// The same for people.
pub(crate) fn instant(seconds: i64) -> String {
    let text = rfc3339(seconds).map(|text| text.replace('T', " "));
    text.unwrap_or_else(|| format!("{seconds} seconds after 1970, which no calendar has"))
}

/// What a date claim says at the instant `now`: `expired 3 minutes ago`.
pub(crate) fn date(name: &str, at: i64, now: i64) -> String {
    let distance = spelled(now.saturating_sub(at).saturating_abs());
    // A token is refused at the very second of its `exp` (RFC 7519 4.1.4).
    match (name, at <= now) {
        ("exp", true) => format!("expired {distance} ago"),
        ("exp", false) => format!("expires in {distance}"),
        ("nbf", true) => format!("good since {distance} ago"),
        ("nbf", false) => format!("not good for another {distance}"),
        ("iat", true) => format!("issued {distance} ago"),
        ("iat", false) => format!("issued {distance} in the future"),
        ("auth_time", true) => format!("logged in {distance} ago"),
        (_, true) => format!("{distance} ago"),
        (_, false) => format!("in {distance}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_spelled_in_their_largest_unit() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_200, "2 hours"),
            (172_800, "2 days"),
            (729 * DAY, "729 days"),
            (730 * DAY, "2 years"),
        ] {
            assert_eq!(spelled(seconds), words);
        }
    }

    #[test]
    fn dates_are_told_from_now() {
        assert_eq!(date("exp", 1_000, 1_000), "expired 0 seconds ago");
        assert_eq!(date("exp", 1_840, 1_000), "expires in 14 minutes");
        assert_eq!(date("nbf", 1_300, 1_000), "not good for another 5 minutes");
        assert_eq!(date("auth_time", 940, 1_000), "logged in 60 seconds ago");
        assert_eq!(date("exp", i64::MIN, i64::MAX), format!("expired {} ago", spelled(i64::MAX)));
        assert_eq!(instant(1_800_000_000), "2027-01-15 08:00:00Z");
        assert!(instant(i64::MAX).contains("no calendar"));
    }
}
