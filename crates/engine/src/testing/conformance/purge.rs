//! The upkeep removes what is over, and nothing else.

use std::sync::Arc;

use countersign_guard::revocation::Target;

use super::fixtures::*;
use crate::{
    events::{Event, EventKind},
    limits::Rate,
    sessions::{EndReason, Session},
    store::{BudgetOutcome, BudgetRule, Effects, EventFilter, Purged, Store},
};

const DAY: u64 = 86_400;

pub(super) async fn only_what_is_over_goes(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let now = NOW.plus(seconds(10 * DAY));
    let ago = |days| now.minus(seconds(days * DAY));
    let ended = |number, at| Session {
        ended_at: Some(at),
        end_reason: Some(EndReason::LoggedOut),
        ..session(&ada, number)
    };
    for session in [
        session(&ada, 1),
        ended(2, ago(2)),
        ended(3, ago(1)),
        Session { idle_expires_at: ago(2), ..session(&ada, 4) },
        Session { absolute_expires_at: ago(2), ..session(&ada, 5) },
        Session { idle_expires_at: ago(1), ..session(&ada, 6) },
    ] {
        open(&store, &session).await;
    }
    let key = Target::Key { id: "kid".to_owned() };
    store
        .write(Effects::default().revoking(token("old")).revoking(key.clone()), NOW)
        .await
        .unwrap();
    store.write(Effects::default().revoking(token("new")), now).await.unwrap();
    let full = BudgetRule { key: [1; 16], rate: Rate::new(1, seconds(DAY)).unwrap() };
    let used = BudgetRule { key: [2; 16], rate: Rate::new(1, seconds(20 * DAY)).unwrap() };
    store.take(&[full, used], NOW).await.unwrap();
    store.write(Effects::event(Event::new(EventKind::KeyAdded, now)), now).await.unwrap();

    let purged = store.purge(now, seconds(5 * DAY), 100).await.unwrap();
    assert_eq!(purged, Purged { sessions: 3, revocations: 1, budgets: 1, events: 6 });
    for (number, stays) in [(1, true), (2, false), (3, true), (4, false), (5, false), (6, true)] {
        let held = store.find_session(session_id(number)).await.unwrap();
        assert_eq!(held.is_some(), stays, "{number}");
    }
    let page = store.revocations(None, 10, now).await.unwrap();
    let left: Vec<_> = page.rows.into_iter().map(|row| row.target).collect();
    assert_eq!((left, page.to), (vec![key, token("new")], 3));
    assert_ne!(store.take(&[used], now).await.unwrap(), BudgetOutcome::Taken);
    assert_eq!(store.list_events(&EventFilter::default(), 10).await.unwrap().len(), 1);
    assert_eq!(store.purge(now, seconds(5 * DAY), 100).await.unwrap(), Purged::default());
    assert_eq!(store.find_user(&ada.id).await.unwrap(), Some(ada));
}

pub(super) async fn a_purge_is_bounded(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    for number in 1..=5 {
        open(&store, &Session { ended_at: Some(NOW), ..session(&ada, number) }).await;
        let effects = Effects::default().revoking(token(&number.to_string()));
        store.write(effects, NOW).await.unwrap();
    }
    let now = NOW.plus(seconds(100 * DAY));
    let mut rounds = Vec::new();
    for _ in 0..3 {
        rounds.push(store.purge(now, seconds(DAY), 2).await.unwrap());
    }
    let each = |count| Purged { sessions: count, revocations: count, budgets: 0, events: count };
    assert_eq!(rounds, [each(2), each(2), each(1)]);
}
