//! Rates as people write them: `"5 per minute"`, `"200/day; 50/hour"`.

use std::{fmt, str::FromStr, time::Duration};

/// So many in so long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rate {
    count: u32,
    per: Duration,
}

/// A rate that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{text}` is no rate: write \"5 per minute\", \"200/day\" or \"10 per 15 minutes\"")]
pub struct InvalidRate {
    /// What was written.
    pub text: String,
}

impl Rate {
    /// `count` in `per`; `None` when either is zero.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        (count > 0 && !per.is_zero()).then_some(Self { count, per })
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.count
    }

    /// In how long.
    pub fn per(self) -> Duration {
        self.per
    }

    /// After how long one more is allowed, at a millisecond's grain.
    pub fn interval(self) -> Duration {
        let interval = self.per / self.count;
        interval.max(Duration::from_millis(1))
    }
}

/// Several rates that hold at once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// The rates.
    pub fn iter(&self) -> impl Iterator<Item = Rate> {
        self.0.iter().copied()
    }
}
