//! The budgets of failed checks.

use async_trait::async_trait;
use countersign_guard::time::Timestamp;

use super::{BudgetSlot, MemoryStore, State};
use crate::{
    limits,
    store::{BudgetOutcome, BudgetRule, Budgets, Result, take_all},
};

#[async_trait]
impl Budgets for MemoryStore {
    async fn take(&self, rules: &[BudgetRule], now: Timestamp) -> Result<BudgetOutcome> {
        self.write(|state| {
            let full_at = |rule: BudgetRule| state.budgets.get(&rule.into()).copied();
            let held: Vec<_> = rules.iter().map(|rule| (*rule, full_at(*rule))).collect();
            match take_all(&held, now) {
                Ok(taken) => {
                    let taken = taken.into_iter().map(|(rule, full_at)| (rule.into(), full_at));
                    state.budgets.extend(taken);
                    Ok(BudgetOutcome::Taken)
                }
                Err(exhausted) => Ok(exhausted),
            }
        })
    }

    async fn refund(&self, rules: &[BudgetRule], _now: Timestamp) -> Result<()> {
        self.write(|state| {
            state.refund(rules);
            Ok(())
        })
    }
}

impl State {
    pub(super) fn refund(&mut self, rules: &[BudgetRule]) {
        for rule in rules {
            if let Some(full_at) = self.budgets.get_mut(&BudgetSlot::from(*rule)) {
                *full_at = limits::refund(*full_at, rule.rate);
            }
        }
    }
}
