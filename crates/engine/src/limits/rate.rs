//! Rates as people write them: `"5 per minute"`, `"200/day; 50/hour"`.
//!
//! The grammar is Flask-Limiter's, so that rules move over as they are:
//! `COUNT ("per" | "/") [MULTIPLE] UNIT["s"]`, rates separated by `;`, `,` or `|`. Case and spaces do
//! not matter. A month is 30 days and a year 365.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

const UNITS: [(&str, u64); 6] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("month", 30 * 86_400),
    ("year", 365 * 86_400),
];

/// A hundred years: keeps every sum of instants far from overflow.
const LONGEST_SECONDS: u64 = 100 * 365 * 86_400;

/// So many in so long.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    count: u32,
    per: Duration,
}

/// A rate that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no rate: write \"5 per minute\", \"200/day\" or \"10 per 15 minutes\"")]
pub struct InvalidRate {
    /// What was written, shortened.
    pub text: String,
}

impl InvalidRate {
    fn of(text: &str) -> Self {
        Self { text: text.chars().take(64).flat_map(char::escape_debug).collect() }
    }
}

impl Rate {
    /// What stands for no limit at all.
    pub(super) const MOST: Self = Self { count: u32::MAX, per: Duration::from_secs(1) };

    /// `count` in `per`; `None` when either is zero, or `per` is not made of whole seconds or is
    /// longer than a hundred years.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let whole = per.subsec_nanos() == 0 && (1..=LONGEST_SECONDS).contains(&per.as_secs());
        (count > 0 && whole).then_some(Self { count, per })
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.count
    }

    /// In how long.
    pub fn per(self) -> Duration {
        self.per
    }

    /// After how long one more is allowed, rounded up to a millisecond.
    pub fn interval(self) -> Duration {
        Duration::from_millis(millis(self.per).div_ceil(u64::from(self.count)))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (count, rest) = number(text.trim())?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('/').or_else(|| rest.strip_prefix("per"))?.trim_start();
        let (multiple, unit) = number(rest).unwrap_or((1, rest));
        let unit = unit.trim();
        let (_, seconds) =
            UNITS.iter().find(|(name, _)| unit.strip_suffix('s').unwrap_or(unit) == *name)?;
        Self::new(count, Duration::from_secs(seconds.checked_mul(u64::from(multiple))?))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The decimal number that `text` begins with, and the rest.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    // An absent number is no zero: `"5 per minute"` has no multiple.
    if digits.is_empty() { None } else { digits.parse().ok().map(|number| (number, rest)) }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        Self::parse(text).ok_or_else(|| InvalidRate::of(text))
    }
}

impl TryFrom<String> for Rate {
    type Error = InvalidRate;

    fn try_from(text: String) -> Result<Self, InvalidRate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

/// The canonical form, in the largest unit that fits: `"5 per 1 minute"`.
impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = self.per.as_secs();
        let largest = UNITS.iter().rev().find(|(_, seconds)| per.is_multiple_of(*seconds));
        let (name, seconds) = largest.copied().unwrap_or(("second", 1));
        let multiple = per / seconds;
        let plural = if multiple == 1 { "" } else { "s" };
        write!(formatter, "{} per {multiple} {name}{plural}", self.count)
    }
}

/// Several rates that hold at once. As text, at least one.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// These rates; none at all is no limit.
    pub fn new(rates: impl IntoIterator<Item = Rate>) -> Self {
        Self(rates.into_iter().collect())
    }

    /// The rates.
    pub fn iter(&self) -> impl Iterator<Item = Rate> {
        self.0.iter().copied()
    }

    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Rate> for Rates {
    fn from(rate: Rate) -> Self {
        Self(vec![rate])
    }
}

impl FromStr for Rates {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        text.split([';', ',', '|']).map(Rate::from_str).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for Rates {
    type Error = InvalidRate;

    fn try_from(text: String) -> Result<Self, InvalidRate> {
        text.parse()
    }
}

impl From<Rates> for String {
    fn from(rates: Rates) -> Self {
        rates.to_string()
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, rate) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(formatter, "{separator}{rate}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(count: u32, seconds: u64) -> Rate {
        Rate::new(count, Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn every_way_of_writing_a_rate() {
        for (text, expected) in [
            ("5 per minute", rate(5, 60)),
            ("5/minute", rate(5, 60)),
            ("5 / Minutes", rate(5, 60)),
            ("  5  PER  1  minute ", rate(5, 60)),
            ("10 per 15 minutes", rate(10, 900)),
            ("10/15minutes", rate(10, 900)),
            ("1/second", rate(1, 1)),
            ("200/day", rate(200, 86_400)),
            ("7 per 2 hours", rate(7, 7_200)),
            ("1 per month", rate(1, 2_592_000)),
            ("1 per year", rate(1, 31_536_000)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn several_rates_hold_at_once() {
        let expected = Rates::new([rate(200, 86_400), rate(50, 3_600)]);
        for text in ["200/day; 50/hour", "200 per day,50 per hour", "200/day | 50/hour"] {
            assert_eq!(text.parse(), Ok(expected.clone()), "{text}");
        }
        assert_eq!(expected.to_string(), "200 per 1 day; 50 per 1 hour");
    }

    #[test]
    fn what_is_no_rate_is_named() {
        for text in [
            "",
            "5",
            "minute",
            "0/minute",
            "5/0 minutes",
            "-5/minute",
            "5 per",
            "5 per fortnight",
            "5 minutes",
            "5//minute",
            "5/minutess",
            "5/minute x",
            "4294967296/minute",
            "1.5/second",
            "5/4294967295 years",
            "5/101 years",
            "٣/minute",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(InvalidRate::of(text)), "{text}");
        }
        for text in ["", "5/minute;", ";5/minute", "5/minute;;5/hour", "5/minute 5/hour"] {
            assert!(text.parse::<Rates>().is_err(), "{text}");
        }
        assert_eq!("a\u{1b}[2J".parse::<Rate>().unwrap_err().text, "a\\u{1b}[2J");
    }

    #[test]
    fn configuration_reads_and_writes_text() {
        let rates: Rates = serde_json::from_str("\"5/minute; 10 per 15 minutes\"").unwrap();
        assert_eq!(serde_json::to_string(&rates).unwrap(), "\"5 per 1 minute; 10 per 15 minutes\"");
        assert!(serde_json::from_str::<Rate>("\"often\"").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(rates in prop::collection::vec(
            (1..u32::MAX, 1..LONGEST_SECONDS).prop_map(|(count, seconds)| rate(count, seconds)),
            1..4,
        )) {
            // Seconds that no unit divides must still fit a multiple.
            let rates = Rates::new(rates);
            prop_assert_eq!(rates.to_string().parse::<Rates>(), Ok(rates));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = text.parse::<Rates>();
        }
    }
}
