//! Refresh: one decision at a time, and every decision on disk.

use std::sync::Arc;

use super::fixtures::*;
use crate::{
    sessions::{Decision, EndReason, Refusal, Session},
    store::{Effects, RefreshIntent, RefreshOutcome, Store},
    users::UserChange,
};

async fn opened(store: &Arc<dyn Store>) -> Session {
    let ada = with_user(store, "ada").await;
    let session = session(&ada, 1);
    open(store, &session).await;
    session
}

async fn held(store: &Arc<dyn Store>, session: &Session) -> Session {
    store.find_session(session.id).await.unwrap().unwrap()
}

pub(super) async fn a_rotation_is_written(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let later = NOW.plus(seconds(60));
    let mut intent = attempt(&session, 0);
    intent.attempt.retry_key_hash = Some([5; 32]);
    let outcome = store.refresh_session(&intent, later).await.unwrap().unwrap();
    assert_eq!(outcome.decision, Decision::Rotate);
    let rotated = Session {
        counter: 1,
        rotated_at: later,
        retry_key_hash: Some([5; 32]),
        idle_expires_at: later.plus(intent.policy.idle),
        ..session.clone()
    };
    assert_eq!(outcome.session, rotated);
    assert_eq!(held(&store, &session).await, rotated);
    assert_eq!(outcome.user.id, session.user_id);
    assert_eq!(event_kinds(&store).await, ["login.succeeded"]);
}

pub(super) async fn a_repeat_changes_nothing_and_is_an_event(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let rotated = refresh(&store, &session, 0, NOW).await.session;
    for later in [1, 29] {
        let repeat = refresh(&store, &session, 0, NOW.plus(seconds(later))).await;
        assert_eq!(repeat.decision, Decision::Repeat);
        assert_eq!(repeat.session, rotated);
    }
    assert_eq!(held(&store, &session).await, rotated);
    let kinds = event_kinds(&store).await;
    assert_eq!(kinds, ["login.succeeded", "refresh.repeated", "refresh.repeated"]);
    assert_eq!(targets(&store).await, []);
}

pub(super) async fn theft_ends_the_session_although_the_reply_is_an_error(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    refresh(&store, &session, 0, NOW).await;
    let later = NOW.plus(seconds(31));
    let theft = refresh(&store, &session, 0, later).await;
    assert_eq!(theft.decision, Decision::Replayed);
    assert_ended(&store, &session, EndReason::Replayed, "refresh.replayed").await;
    let after = refresh(&store, &session, 1, later).await;
    assert_eq!(after.decision, Decision::Refused(Refusal::Ended));
}

pub(super) async fn a_counter_ahead_ends_the_session(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    assert_eq!(refresh(&store, &session, 5, NOW).await.decision, Decision::RolledBack);
    assert_ended(&store, &session, EndReason::RolledBack, "store.rolled_back").await;
}

async fn assert_ended(store: &Arc<dyn Store>, session: &Session, reason: EndReason, event: &str) {
    let ended = held(store, session).await;
    assert!(ended.ended_at.is_some());
    assert_eq!(ended.end_reason, Some(reason));
    assert_eq!(targets(store).await, [session.target()]);
    assert_eq!(event_kinds(store).await.last().unwrap(), event);
}

pub(super) async fn refusals_write_nothing(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let mut other = attempt(&session, 9);
    other.attempt.client_id = "other".parse().unwrap();
    let mut greedy = attempt(&session, 0);
    greedy.attempt.scopes = Some(names(&["read", "admin"]));
    let last = attempt(&session, u32::MAX);
    let expired = session.idle_expires_at;
    for (intent, now, refusal) in [
        (other, NOW, Refusal::OtherClient),
        (greedy, NOW, Refusal::Scope),
        (last, NOW, Refusal::Exhausted),
        (attempt(&session, 0), expired, Refusal::Expired),
    ] {
        let outcome = store.refresh_session(&intent, now).await.unwrap().unwrap();
        assert_eq!(outcome.decision, Decision::Refused(refusal));
        assert_eq!(outcome.session, session);
        assert_eq!(held(&store, &session).await, session);
    }
    assert_eq!(event_kinds(&store).await, ["login.succeeded"]);
    assert_eq!(targets(&store).await, []);
}

pub(super) async fn an_unknown_session_is_none(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let intent = attempt(&session(&ada, 1), 0);
    assert_eq!(store.refresh_session(&intent, NOW).await.unwrap(), None);
}

pub(super) async fn somebody_elses_word_about_the_user_is_heard(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let refused = Decision::Refused(Refusal::Inactive);
    let told = async |active| {
        let intent = RefreshIntent { active: Some(active), ..attempt(&session, 0) };
        store.refresh_session(&intent, NOW).await.unwrap().unwrap().decision
    };
    assert_eq!(told(false).await, refused);
    assert_eq!(held(&store, &session).await, session);
    assert_eq!(told(true).await, Decision::Rotate);
}

pub(super) async fn of_64_parallel_refreshes_one_rotates(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let outcomes = all_refresh(&store, &session, 0).await;
    let count = |decision| outcomes.iter().filter(|outcome| outcome.decision == decision).count();
    assert_eq!(count(Decision::Rotate), 1);
    assert_eq!(count(Decision::Repeat), MANY - 1);
    assert!(outcomes.iter().all(|outcome| outcome.session.counter == 1));
    let now = held(&store, &session).await;
    assert_eq!((now.counter, now.ended_at), (1, None));
    let repeats = event_kinds(&store).await.into_iter().filter(|kind| kind == "refresh.repeated");
    assert_eq!(repeats.count(), MANY - 1);
}

async fn all_refresh(
    store: &Arc<dyn Store>,
    session: &Session,
    counter: u32,
) -> Vec<RefreshOutcome> {
    let intent = attempt(session, counter);
    in_parallel(store, MANY, move |store, _| {
        let intent = intent.clone();
        async move { store.refresh_session(&intent, NOW).await.unwrap().unwrap() }
    })
    .await
}

pub(super) async fn a_log_out_wins_over_parallel_refreshes(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let ending = Arc::clone(&store);
    let id = session.id;
    let end = tokio::spawn(async move {
        let none = Effects::default();
        ending.end_session(id, None, EndReason::LoggedOut, none, NOW).await.unwrap()
    });
    all_refresh(&store, &session, 0).await;
    assert!(end.await.unwrap().is_some());
    let ended = held(&store, &session).await;
    assert_eq!((ended.ended_at, ended.end_reason), (Some(NOW), Some(EndReason::LoggedOut)));
    assert!(ended.counter <= 1);
    let after = refresh(&store, &session, ended.counter, NOW).await;
    assert_eq!(after.decision, Decision::Refused(Refusal::Ended));
}

pub(super) async fn disabling_wins_over_parallel_refreshes(store: Arc<dyn Store>) {
    let session = opened(&store).await;
    let disabling = Arc::clone(&store);
    let user = session.user_id.clone();
    let disable = tokio::spawn(async move {
        let none = Effects::default();
        disabling.change_user(&user, &UserChange::Disable, None, none, NOW).await.unwrap()
    });
    all_refresh(&store, &session, 0).await;
    disable.await.unwrap();
    let ended = held(&store, &session).await;
    assert_eq!(ended.end_reason, Some(EndReason::Disabled));
    let after = refresh(&store, &session, ended.counter, NOW).await;
    assert_eq!(after.decision, Decision::Refused(Refusal::Ended));
}
