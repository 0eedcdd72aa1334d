//! GCRA, the generic cell rate algorithm: one instant a budget.
//!
//! The instant is the theoretical arrival time (TAT): when the budget will be full again.

use std::time::Duration;

use countersign_guard::time::Timestamp;

use super::Rate;

/// Takes one. `full_at` is what the last call answered, `None` for a fresh budget.
///
/// # Errors
/// How long to wait, when nothing is left.
pub fn take(full_at: Option<Timestamp>, rate: Rate, now: Timestamp) -> Result<Timestamp, Duration> {
    let full_at = full_at.unwrap_or(now).max(now);
    let next = full_at.plus(rate.interval());
    let allowed_from = next.minus(rate.per());
    if now < allowed_from { Err(allowed_from.since(now)) } else { Ok(next) }
}

/// Gives one back.
pub fn refund(full_at: Timestamp, rate: Rate) -> Timestamp {
    full_at.minus(rate.interval())
}

#[cfg(test)]
mod tests {
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
}
