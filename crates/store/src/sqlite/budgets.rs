//! The budgets of failed checks.

use async_trait::async_trait;
use countersign_engine::{
    limits::{self, Rate},
    store::{BudgetKey, BudgetOutcome, BudgetRule, Budgets, Result, Timestamp, take_all},
};
use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    statements::{all, execute, optional, statements},
    values::{At, Millis, rows},
    writer::Tx,
};

statements! {
    FIND_BUDGET = "SELECT full_at FROM budgets \
        WHERE key = ?1 AND rate_count = ?2 AND rate_per = ?3";
    SAVE_BUDGET = "INSERT INTO budgets (key, rate_count, rate_per, full_at) \
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET full_at = excluded.full_at";
    REFUND_BUDGET = "UPDATE budgets SET full_at = full_at + ?4 \
        WHERE key = ?1 AND rate_count = ?2 AND rate_per = ?3";
    FULL_BUDGETS = "SELECT key, rate_count, rate_per FROM budgets WHERE full_at <= ?1 LIMIT ?2";
    DELETE_BUDGET = "DELETE FROM budgets \
        WHERE key = ?1 AND rate_count = ?2 AND rate_per = ?3 AND full_at <= ?4";
}

#[async_trait]
impl Budgets for SqliteStore {
    async fn take(&self, rules: &[BudgetRule], now: Timestamp) -> Result<BudgetOutcome> {
        let rules = rules.to_vec();
        self.write(move |tx| {
            let held = |rule: &BudgetRule| find(tx, *rule).map(|full_at| (*rule, full_at));
            match take_all(&rules.iter().map(held).collect::<Result<Vec<_>>>()?, now) {
                Err(exhausted) => Ok(exhausted),
                Ok(taken) => {
                    taken.iter().try_for_each(|(rule, full_at)| save(tx, *rule, *full_at))?;
                    Ok(BudgetOutcome::Taken)
                }
            }
        })
        .await
    }

    async fn refund(&self, rules: &[BudgetRule], _now: Timestamp) -> Result<()> {
        let rules = rules.to_vec();
        self.write(move |tx| refund(tx, &rules)).await
    }
}

/// Gives one back to each.
pub(super) fn refund(tx: &Tx<'_>, rules: &[BudgetRule]) -> Result<()> {
    for rule in rules {
        // One step back from zero is the step back from anywhere, and saves the reading.
        let step = limits::refund(Timestamp::from_millis(0), rule.rate);
        let (count, per) = columns(rule.rate);
        execute(tx, REFUND_BUDGET, params![rule.key, count, per, At(step)])?;
    }
    Ok(())
}

/// Some budgets that are full again.
pub(super) fn full(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(BudgetKey, u32, Millis)>> {
    all(connection, FULL_BUDGETS, params![At(now), rows(limit)], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
}

/// Deletes those of them that are full still; how many.
pub(super) fn delete_full(
    tx: &Tx<'_>,
    now: Timestamp,
    budgets: &[(BudgetKey, u32, Millis)],
) -> Result<usize> {
    let delete = |(key, count, per): &(BudgetKey, u32, Millis)| {
        execute(tx, DELETE_BUDGET, params![key, count, per, At(now)])
    };
    budgets.iter().map(delete).sum()
}

fn find(tx: &Tx<'_>, rule: BudgetRule) -> Result<Option<Timestamp>> {
    let (count, per) = columns(rule.rate);
    let row = optional(tx, FIND_BUDGET, params![rule.key, count, per], |row| row.get::<_, At>(0))?;
    Ok(row.map(|full_at| full_at.0))
}

fn save(tx: &Tx<'_>, rule: BudgetRule, full_at: Timestamp) -> Result<()> {
    let (count, per) = columns(rule.rate);
    execute(tx, SAVE_BUDGET, params![rule.key, count, per, At(full_at)]).map(drop)
}

fn columns(rate: Rate) -> (u32, Millis) {
    (rate.count(), Millis(rate.per()))
}
