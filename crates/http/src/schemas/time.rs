//! Instants as answers write them.

use countersign_guard::time::Timestamp;

/// RFC 3339 in UTC, with milliseconds.
pub(super) fn rfc3339(instant: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(instant.millis()) {
        Ok(instant) => format!("{instant:.3}"),
        // Beyond the year 9999 there is no such text; the last one there is stands for it.
        Err(_) => format!("{:.3}", jiff::Timestamp::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_780_000_000_007)), "2026-05-28T20:26:40.007Z");
        assert!(rfc3339(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-"));
    }
}
