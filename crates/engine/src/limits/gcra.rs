//! GCRA, the generic cell rate algorithm: one instant a budget.
//!
//! The instant is the theoretical arrival time (TAT): when the budget will be full again. A budget
//! whose instant has passed is full, so nothing needs to be kept of it.

use std::time::Duration;

use countersign_guard::time::Timestamp;

use super::Rate;

/// A rate in whole ticks of one clock; the only place that does the arithmetic.
///
/// The interval is rounded up, so a rate is never exceeded in the long run, and the burst is exactly
/// the rate's count whatever the rounding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    interval: i64,
    burst: i64,
}

impl Ticks {
    /// `rate` on a clock that ticks `per_second` times a second.
    pub(super) fn of(rate: Rate, per_second: u32) -> Self {
        let count = i64::from(rate.count());
        let per = i64::try_from(rate.per().as_secs())
            .unwrap_or(i64::MAX)
            .saturating_mul(i64::from(per_second));
        let interval = per.saturating_add(count - 1) / count;
        Self { interval, burst: interval.saturating_mul(count) }
    }

    /// The instant after taking one, or the ticks to wait.
    pub(super) fn take(self, full_at: Option<i64>, now: i64) -> Result<i64, i64> {
        let next = full_at.unwrap_or(now).max(now).saturating_add(self.interval);
        let wait = next.saturating_sub(self.burst).saturating_sub(now);
        if wait > 0 { Err(wait) } else { Ok(next) }
    }

    /// The instant after giving one back.
    pub(super) fn refund(self, full_at: i64) -> i64 {
        full_at.saturating_sub(self.interval)
    }

    /// How many can be taken at once.
    pub(super) fn left(self, full_at: Option<i64>, now: i64) -> u32 {
        let used = full_at.unwrap_or(now).max(now).saturating_sub(now);
        let left = self.burst.saturating_sub(used).max(0) / self.interval.max(1);
        u32::try_from(left).unwrap_or(u32::MAX)
    }
}

const MILLIS: u32 = 1_000;

/// Takes one. `full_at` is what the last call answered, `None` for a fresh budget.
///
/// # Errors
/// How long to wait, when nothing is left.
pub fn take(full_at: Option<Timestamp>, rate: Rate, now: Timestamp) -> Result<Timestamp, Duration> {
    Ticks::of(rate, MILLIS)
        .take(full_at.map(Timestamp::millis), now.millis())
        .map(Timestamp::from_millis)
        .map_err(|wait| Duration::from_millis(wait.unsigned_abs()))
}

/// Gives one back.
pub fn refund(full_at: Timestamp, rate: Rate) -> Timestamp {
    Timestamp::from_millis(Ticks::of(rate, MILLIS).refund(full_at.millis()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_burst_of_the_whole_count_then_one_an_interval() {
        let rate = Rate::new(5, Duration::from_secs(60)).unwrap();
        let mut full_at = None;
        for _ in 0..5 {
            full_at = Some(take(full_at, rate, at(100)).unwrap());
        }
        assert_eq!(take(full_at, rate, at(100)), Err(Duration::from_secs(12)));
        assert_eq!(take(full_at, rate, at(111)), Err(Duration::from_secs(1)));
        assert!(take(full_at, rate, at(112)).is_ok());
    }

    #[test]
    fn a_refund_gives_exactly_one_try_back() {
        let rate = Rate::new(1, Duration::from_secs(60)).unwrap();
        let full_at = take(None, rate, at(100)).unwrap();
        assert!(take(Some(full_at), rate, at(100)).is_err());
        assert!(take(Some(refund(full_at, rate)), rate, at(100)).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_away() {
        let rate = Rate::new(1, Duration::from_secs(60)).unwrap();
        let full_at = take(None, rate, at(1_000)).unwrap();
        assert!(take(Some(full_at), rate, at(10)).is_err());
    }

    proptest! {
        /// Rounding must neither shorten nor lengthen a burst: 7 a second is 142.86 ms each.
        #[test]
        fn a_burst_is_exactly_the_count(count in 1_u32..2_000, seconds in 1_u64..100_000) {
            let rate = Rate::new(count, Duration::from_secs(seconds)).unwrap();
            let mut full_at = None;
            for taken in 0..count {
                prop_assert_eq!(
                    Ticks::of(rate, MILLIS).left(full_at.map(Timestamp::millis), 5_000),
                    count - taken
                );
                full_at = Some(take(full_at, rate, at(5)).unwrap());
            }
            let wait = take(full_at, rate, at(5)).unwrap_err();
            let after = at(5).plus(wait);
            prop_assert!(take(full_at, rate, after).is_ok());
            prop_assert!(take(full_at, rate, after.minus(Duration::from_millis(1))).is_err());
        }

        #[test]
        fn a_refund_is_the_inverse_of_taking(count in 1_u32..2_000, used in 0_i64..60_000) {
            let ticks = Ticks::of(Rate::new(count, Duration::from_secs(60)).unwrap(), MILLIS);
            let before = 1_000_000 + used;
            if let Ok(after) = ticks.take(Some(before), 1_000_000) {
                prop_assert_eq!(ticks.refund(after), before);
            }
        }
    }
}
