use std::time::Duration;

use countersign_guard::{
    revocation::{RevocationView, Subject, Target},
    time::Timestamp,
};

fn subject<'a>() -> Subject<'a> {
    Subject {
        token_id: "token",
        session_id: "session",
        user_id: "user",
        generation: 3,
        client_id: "client",
        key_id: "key",
    }
}

fn view() -> RevocationView {
    RevocationView::new(16, Duration::from_secs(300))
}

fn later() -> Option<Timestamp> {
    Some(Timestamp::from_seconds(1_000))
}

#[test]
fn every_target_kind_kills_the_token_that_names_it() {
    let targets = [
        Target::Token { id: "token".into() },
        Target::Session { id: "session".into() },
        Target::User { id: "user".into(), below: 4 },
        Target::Client { id: "client".into(), disabled: true },
        Target::Key { id: "key".into() },
    ];
    for target in targets {
        let view = view();
        assert!(!view.is_revoked(&subject()));
        view.apply(&target, later());
        assert!(view.is_revoked(&subject()), "{target:?}");
    }
}

#[test]
fn ids_of_one_kind_do_not_revoke_another() {
    let view = view();
    view.apply(&Target::Token { id: "session".into() }, later());
    view.apply(&Target::Session { id: "user".into() }, later());
    assert!(!view.is_revoked(&subject()));
}

#[test]
fn a_user_is_revoked_below_a_generation_and_never_by_a_lower_one() {
    let view = view();
    view.apply(&Target::User { id: "user".into(), below: 3 }, later());
    assert!(!view.is_revoked(&subject()));
    view.apply(&Target::User { id: "user".into(), below: 5 }, later());
    view.apply(&Target::User { id: "user".into(), below: 2 }, later());
    assert!(view.is_revoked(&Subject { generation: 4, ..subject() }));
    assert!(!view.is_revoked(&Subject { generation: 5, ..subject() }));
}

#[test]
fn an_enabled_client_is_let_in_again() {
    let view = view();
    view.apply(&Target::Client { id: "client".into(), disabled: true }, later());
    view.apply(&Target::Client { id: "client".into(), disabled: false }, later());
    assert!(!view.is_revoked(&subject()));
}

#[test]
fn purge_drops_only_what_has_expired() {
    let view = view();
    view.apply(&Target::Session { id: "session".into() }, Some(Timestamp::from_seconds(100)));
    view.purge(Timestamp::from_seconds(100));
    assert!(view.is_revoked(&subject()));
    view.apply(&Target::Session { id: "session".into() }, Some(Timestamp::from_seconds(500)));
    view.purge(Timestamp::from_seconds(300));
    assert!(view.is_revoked(&subject()), "revoked again meanwhile");
    view.purge(Timestamp::from_seconds(700));
    assert!(!view.is_revoked(&subject()));
}

#[test]
fn a_revoked_key_never_expires() {
    let view = view();
    view.apply(&Target::Key { id: "key".into() }, None);
    view.purge(Timestamp::from_millis(i64::MAX / 2));
    assert!(view.is_revoked(&subject()));
}

#[test]
fn the_bound_makes_the_view_stale_and_drops_nothing() {
    let view = RevocationView::new(1, Duration::from_secs(300));
    view.mark_read(Duration::from_secs(1), Duration::ZERO);
    view.apply(&Target::Session { id: "session".into() }, later());
    assert!(view.is_fresh(Duration::from_secs(1)));
    view.apply(&Target::Session { id: "another".into() }, later());
    assert!(!view.is_fresh(Duration::from_secs(1)));
    assert!(view.is_revoked(&subject()));
}

#[test]
fn a_view_is_stale_before_its_first_reading_and_after_the_bound() {
    let view = view();
    assert!(!view.is_fresh(Duration::ZERO));
    view.mark_read(Duration::from_secs(10), Duration::from_secs(2));
    assert_eq!(view.staleness(Duration::from_secs(10)), Some(Duration::from_secs(2)));
    assert!(view.is_fresh(Duration::from_secs(308)));
    assert!(!view.is_fresh(Duration::from_secs(309)));
}
