//! Budgets: exactly as many as the rate says, whoever asks at once.

use std::sync::Arc;

use countersign_guard::time::Timestamp;

use super::fixtures::*;
use crate::{
    limits::Rate,
    store::{BudgetOutcome, BudgetRule, Store},
};

fn rule(key: u8, count: u32, per: u64) -> BudgetRule {
    BudgetRule { key: [key; 16], rate: Rate::new(count, seconds(per)).unwrap() }
}

async fn taken(store: &Arc<dyn Store>, rules: &[BudgetRule], now: Timestamp) -> bool {
    store.take(rules, now).await.unwrap() == BudgetOutcome::Taken
}

pub(super) async fn a_budget_is_used_up_and_fills_again(store: Arc<dyn Store>) {
    let rule = rule(1, 5, 60);
    for _ in 0..5 {
        assert!(taken(&store, &[rule], NOW).await);
    }
    let exhausted = store.take(&[rule], NOW).await.unwrap();
    assert_eq!(exhausted, BudgetOutcome::Exhausted { retry_after: seconds(12), rule });
    assert!(!taken(&store, &[rule], NOW.plus(seconds(11))).await);
    assert!(taken(&store, &[rule], NOW.plus(seconds(12))).await);
    assert!(!taken(&store, &[rule], NOW.plus(seconds(12))).await);
}

pub(super) async fn all_give_one_or_none_does(store: Arc<dyn Store>) {
    let (wide, narrow, slow) = (rule(1, 5, 60), rule(2, 1, 60), rule(3, 1, 900));
    assert!(taken(&store, &[narrow, slow], NOW).await);
    for _ in 0..10 {
        let outcome = store.take(&[wide, narrow, slow], NOW).await.unwrap();
        let exhausted = BudgetOutcome::Exhausted { retry_after: seconds(900), rule: slow };
        assert_eq!(outcome, exhausted, "the longest wait is the answer");
    }
    for _ in 0..5 {
        assert!(taken(&store, &[wide], NOW).await, "the wide one gave nothing");
    }
    assert!(!taken(&store, &[wide], NOW).await);
    assert!(taken(&store, &[], NOW).await);
}

pub(super) async fn a_refund_gives_one_back(store: Arc<dyn Store>) {
    let (one, two) = (rule(1, 2, 60), rule(2, 1, 60));
    assert!(taken(&store, &[one, two], NOW).await);
    assert!(taken(&store, &[one], NOW).await);
    store.refund(&[one, two, rule(9, 1, 60)], NOW).await.unwrap();
    assert!(taken(&store, &[one, two], NOW).await);
    assert!(!taken(&store, &[one], NOW).await);
    assert!(!taken(&store, &[two], NOW).await);
}

pub(super) async fn rates_of_one_key_are_apart(store: Arc<dyn Store>) {
    let (minute, quarter) = (rule(1, 2, 60), rule(1, 3, 900));
    for _ in 0..2 {
        assert!(taken(&store, &[minute, quarter], NOW).await);
    }
    assert!(!taken(&store, &[minute], NOW).await);
    assert!(taken(&store, &[quarter], NOW).await);
    assert!(!taken(&store, &[quarter], NOW).await);
}

pub(super) async fn a_rule_named_twice_gives_two(store: Arc<dyn Store>) {
    let rule = rule(1, 3, 60);
    assert!(taken(&store, &[rule, rule], NOW).await);
    assert!(!taken(&store, &[rule, rule], NOW).await);
    assert!(taken(&store, &[rule], NOW).await);
}

pub(super) async fn under_contention_exactly_the_count_is_given(store: Arc<dyn Store>) {
    let rules = [rule(1, 5, 600), rule(2, 40, 600)];
    let outcomes = in_parallel(&store, MANY, move |store, _| async move {
        store.take(&rules, NOW).await.unwrap() == BudgetOutcome::Taken
    })
    .await;
    assert_eq!(outcomes.iter().filter(|taken| **taken).count(), 5);
    for _ in 5..40 {
        assert!(taken(&store, &rules[1..], NOW).await);
    }
    assert!(!taken(&store, &rules[1..], NOW).await);
}
