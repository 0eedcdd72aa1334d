//! The budgets of failed checks: they hold across processes and restarts.

use std::time::Duration;

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::Result;
use crate::limits::{self, Rate};

/// A keyed hash of what the budget belongs to (account and network): no name or address is stored.
pub type BudgetKey = [u8; 16];

/// One budget and its rate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BudgetRule {
    /// Whose.
    pub key: BudgetKey,
    /// How much.
    pub rate: Rate,
}

/// What came of taking from them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BudgetOutcome {
    /// One was taken from each.
    Taken,
    /// One of them is used up; nothing was taken from any.
    Exhausted {
        /// When the longest wait is over.
        retry_after: Duration,
        /// The rule that asks for it.
        rule: BudgetRule,
    },
}

/// The budgets' rows: one instant each, GCRA by [`crate::limits::take`].
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes one from each, or nothing. Durable before it is answered, so that a crash never gives
    /// tries away.
    async fn take(&self, rules: &[BudgetRule], now: Timestamp) -> Result<BudgetOutcome>;

    /// Gives one back to each: the check did not fail.
    async fn refund(&self, rules: &[BudgetRule], now: Timestamp) -> Result<()>;
}

/// Takes one from each of `rules`, whose instants are what the store holds. A rule that is named
/// twice gives two.
///
/// # Errors
/// [`BudgetOutcome::Exhausted`] when one has nothing left; nothing may be written then.
pub fn take_all(
    rules: &[(BudgetRule, Option<Timestamp>)],
    now: Timestamp,
) -> std::result::Result<Vec<(BudgetRule, Timestamp)>, BudgetOutcome> {
    let mut taken: Vec<(BudgetRule, Timestamp)> = Vec::with_capacity(rules.len());
    let mut longest: Option<(Duration, BudgetRule)> = None;
    for &(rule, held) in rules {
        let before = taken.iter().rev().find(|(other, _)| *other == rule);
        match limits::take(before.map(|(_, full_at)| *full_at).or(held), rule.rate, now) {
            Ok(full_at) => taken.push((rule, full_at)),
            Err(wait) if longest.is_none_or(|(most, _)| wait > most) => {
                longest = Some((wait, rule))
            }
            Err(_) => {}
        }
    }
    match longest {
        Some((retry_after, rule)) => Err(BudgetOutcome::Exhausted { retry_after, rule }),
        None => Ok(taken),
    }
}
