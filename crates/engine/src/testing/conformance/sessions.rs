//! Sessions: made only while what was verified holds, bounded in number, ended once.

use std::sync::Arc;

use super::fixtures::*;
use crate::{
    limits::Rate,
    sessions::{EndReason, Session},
    store::{
        BudgetOutcome, BudgetRule, ChangeUserOutcome, CreateSession, CreateSessionOutcome,
        CreateUserOutcome, Effects, Store, Verified,
    },
    users::{PasswordHash, User, UserChange},
};

pub(super) async fn every_field_survives(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let full = Session {
        client_id: "mobile-app".parse().unwrap(),
        claims: serde_json::json!({"device": {"id": [1, 2]}}).as_object().unwrap().clone(),
        counter: u32::MAX,
        rotated_at: NOW.plus(seconds(1)),
        retry_key_hash: Some([9; 32]),
        auth_time: NOW.minus(seconds(5)),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        acr: Some("2".to_owned()),
        cnf_jkt: Some("thumb".to_owned()),
        ended_at: Some(NOW),
        end_reason: Some(EndReason::Superseded),
        device: Some("Mozilla/5.0 (\u{1f310}) '; --".to_owned()),
        ..session(&ada, 1)
    };
    for session in [full, session(&ada, 2)] {
        open(&store, &session).await;
        assert_eq!(store.find_session(session.id).await.unwrap(), Some(session));
    }
    assert_eq!(store.find_session(session_id(3)).await.unwrap(), None);
}

async fn create(store: &Arc<dyn Store>, intent: CreateSession) -> CreateSessionOutcome {
    store.create_session(intent, NOW).await.unwrap()
}

async fn assert_refused(store: &Arc<dyn Store>, intent: CreateSession) {
    let id = intent.session.id;
    let events = event_kinds(store).await;
    assert_eq!(create(store, intent).await, CreateSessionOutcome::Refused);
    assert_eq!(store.find_session(id).await.unwrap(), None);
    assert_eq!(event_kinds(store).await, events);
}

pub(super) async fn a_wrong_hash_writes_nothing(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let verified = Verified::Password {
        hash: PasswordHash::new("older"),
        upgraded: Some(PasswordHash::new("upgraded")),
    };
    let intent = CreateSession { verified, network: Some([1; 16]), ..log_in(session(&ada, 1)) };
    assert_refused(&store, intent).await;
    let record = store.find_login("ada").await.unwrap().unwrap();
    assert_eq!((record.user, record.networks), (ada, Vec::new()));
    let stranger = user("stranger");
    assert_refused(&store, log_in(session(&stranger, 2))).await;
    assert_eq!(store.find_user(&stranger.id).await.unwrap(), None);
}

pub(super) async fn an_inactive_user_gets_none(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    apply(&store, &ada, UserChange::Disable).await;
    assert_refused(&store, log_in(session(&ada, 1))).await;
    apply(&store, &ada, UserChange::Enable).await;
    open(&store, &session(&ada, 1)).await;
}

async fn apply(store: &Arc<dyn Store>, user: &User, change: UserChange) {
    let outcome = store.change_user(&user.id, &change, None, Effects::default(), NOW).await;
    assert!(matches!(outcome.unwrap(), ChangeUserOutcome::Changed { .. }));
}

pub(super) async fn the_application_may_bring_users_but_not_dead_ones(store: Arc<dyn Store>) {
    initialise(&store).await;
    let brought = User::new(user_id("app:42"), NOW);
    let vouched = |number| CreateSession {
        verified: Verified::Application,
        ..log_in(session(&brought, number))
    };
    for number in [1, 2] {
        let CreateSessionOutcome::Created { user, .. } = create(&store, vouched(number)).await
        else {
            panic!("the application vouches for the user");
        };
        assert_eq!(*user, brought);
    }
    assert_eq!(store.find_user(&brought.id).await.unwrap(), Some(brought.clone()));
    let again = store.create_user(&brought, Effects::default()).await.unwrap();
    assert_eq!(again, CreateUserOutcome::IdTaken);
    apply(&store, &brought, UserChange::Disable).await;
    assert_refused(&store, vouched(3)).await;
    apply(&store, &brought, UserChange::Delete).await;
    assert_refused(&store, vouched(3)).await;
}

pub(super) async fn an_upgraded_hash_is_stored(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let verified = Verified::Password {
        hash: PasswordHash::new("hash"),
        upgraded: Some(PasswordHash::new("upgraded")),
    };
    create(&store, CreateSession { verified, ..log_in(session(&ada, 1)) }).await;
    let held = store.find_user(&ada.id).await.unwrap().unwrap();
    assert_eq!(held, User { password_hash: Some(PasswordHash::new("upgraded")), ..ada.clone() });
    assert_refused(&store, log_in(session(&ada, 2))).await;
}

pub(super) async fn a_password_change_wins_over_parallel_log_ins(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let owner = ada.clone();
    in_parallel(&store, MANY, move |store, number| {
        let ada = owner.clone();
        async move {
            if number == MANY / 2 {
                let new = PasswordHash::new("new");
                apply(&store, &ada, UserChange::Password { expected: None, new }).await;
            } else {
                let intent = log_in(session(&ada, number as u64));
                store.create_session(intent, NOW).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap(), []);
}

pub(super) async fn the_oldest_live_sessions_make_room(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let at =
        |number: u64| Session { created_at: NOW.plus(seconds(number)), ..session(&ada, number) };
    for number in 1..=3 {
        open(&store, &at(number)).await;
    }
    // Expired and ended ones do not count.
    open(&store, &Session { idle_expires_at: NOW, ..session(&ada, 8) }).await;
    open(&store, &Session { ended_at: Some(NOW), ..session(&ada, 9) }).await;
    let outcome = create(&store, CreateSession { most_live: 2, ..log_in(at(4)) }).await;
    let CreateSessionOutcome::Created { mut ended, .. } = outcome else {
        panic!("{outcome:?}");
    };
    ended.sort();
    assert_eq!(ended, [session_id(1), session_id(2)]);
    let live = store.list_sessions(&ada.id, NOW).await.unwrap();
    assert_eq!(live, [at(4), at(3)]);
    let old = store.find_session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((old.ended_at, old.end_reason), (Some(NOW), Some(EndReason::Superseded)));
    let logged = targets(&store).await;
    assert!(logged.len() == 2 && logged.contains(&at(1).target()));
    assert!(logged.contains(&at(2).target()));
    let ends = event_kinds(&store).await.into_iter().filter(|kind| kind == "session.ended");
    assert_eq!(ends.count(), 2);
}

pub(super) async fn parallel_log_ins_never_exceed_the_bound(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let owner = ada.clone();
    in_parallel(&store, MANY, move |store, number| {
        let intent = CreateSession { most_live: 5, ..log_in(session(&owner, number as u64)) };
        async move { store.create_session(intent, NOW).await.unwrap() }
    })
    .await;
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap().len(), 5);
    assert_eq!(targets(&store).await.len(), MANY - 5);
}

pub(super) async fn a_success_gives_budgets_back(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let rule = BudgetRule { key: [1; 16], rate: Rate::new(1, seconds(60)).unwrap() };
    assert_eq!(store.take(&[rule], NOW).await.unwrap(), BudgetOutcome::Taken);
    create(&store, CreateSession { refunds: vec![rule], ..log_in(session(&ada, 1)) }).await;
    assert_eq!(store.take(&[rule], NOW).await.unwrap(), BudgetOutcome::Taken);
    let wrong = CreateSession {
        refunds: vec![rule],
        verified: proven("wrong"),
        ..log_in(session(&ada, 2))
    };
    assert_refused(&store, wrong).await;
    assert_ne!(store.take(&[rule], NOW).await.unwrap(), BudgetOutcome::Taken);
}

pub(super) async fn the_last_16_networks_are_remembered(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let from = |number: u8| CreateSession {
        network: Some([number; 16]),
        ..log_in(session(&ada, u64::from(number)))
    };
    for number in 1..=20 {
        create(&store, from(number)).await;
    }
    let again = CreateSession { session: session(&ada, 30), ..from(10) };
    create(&store, again).await;
    let networks = store.find_login("ada").await.unwrap().unwrap().networks;
    let expected: Vec<_> =
        [10].into_iter().chain((5..=20).rev().filter(|number| *number != 10)).collect();
    assert_eq!(networks, expected.iter().map(|number| [*number; 16]).collect::<Vec<_>>());
}

pub(super) async fn the_list_is_of_live_sessions_newest_first(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let bob = add_user(&store, "bob").await;
    let at = |number: u64| Session {
        created_at: NOW.plus(seconds(number)),
        ..session(&ada, 100 - number)
    };
    for number in [2, 1, 3] {
        open(&store, &at(number)).await;
    }
    open(&store, &session(&bob, 9)).await;
    open(&store, &Session { idle_expires_at: NOW, ..session(&ada, 10) }).await;
    open(&store, &Session { absolute_expires_at: NOW, ..session(&ada, 11) }).await;
    open(&store, &Session { ended_at: Some(NOW), ..session(&ada, 12) }).await;
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap(), [at(3), at(2), at(1)]);
}

async fn end(
    store: &Arc<dyn Store>,
    number: u64,
    reason: EndReason,
    later: u64,
) -> Option<Session> {
    let now = NOW.plus(seconds(later));
    store.end_session(session_id(number), None, reason, Effects::default(), now).await.unwrap()
}

pub(super) async fn an_ended_session_stays_as_it_ended_and_is_revoked_again(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let session = session(&ada, 1);
    open(&store, &session).await;
    let first = end(&store, 1, EndReason::LoggedOut, 1).await.unwrap();
    let at = Some(NOW.plus(seconds(1)));
    assert_eq!((first.ended_at, first.end_reason), (at, Some(EndReason::LoggedOut)));
    assert_eq!(store.find_session(session.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(end(&store, 1, EndReason::EndedByAdmin, 2).await, Some(first));
    assert_eq!(targets(&store).await, [session.target(), session.target()]);
    assert_eq!(end(&store, 2, EndReason::LoggedOut, 1).await, None);
}

pub(super) async fn another_owners_session_is_not_there(store: Arc<dyn Store>) {
    let ada = with_user(&store, "ada").await;
    let bob = add_user(&store, "bob").await;
    let session = session(&ada, 1);
    store
        .create_session(CreateSession { events: Vec::new(), ..log_in(session.clone()) }, NOW)
        .await
        .unwrap();
    let by = async |owner: &User| {
        let owner = Some(&owner.id);
        store.end_session(session.id, owner, EndReason::EndedByUser, marks("m"), NOW).await.unwrap()
    };
    assert_eq!(by(&bob).await, None);
    assert_nothing_written(&store).await;
    assert_eq!(store.list_sessions(&ada.id, NOW).await.unwrap().len(), 1);
    assert!(by(&ada).await.is_some());
    let logged = targets(&store).await;
    assert!(logged.contains(&session.target()) && logged.contains(&token("m")));
}
