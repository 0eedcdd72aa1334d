use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

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
fn the_bound_is_forgotten_once_what_found_no_room_would_have_expired() {
    let view = RevocationView::new(1, Duration::from_secs(300));
    view.mark_read(Duration::from_secs(1), Duration::ZERO);
    let is_fresh = || view.is_fresh(Duration::from_secs(1));
    view.apply(&Target::Session { id: "held".into() }, Some(Timestamp::from_seconds(60)));
    view.apply(&Target::Session { id: "late".into() }, Some(Timestamp::from_seconds(600)));
    view.apply(&Target::Session { id: "early".into() }, Some(Timestamp::from_seconds(300)));
    view.purge(Timestamp::from_seconds(599));
    assert!(view.state(Duration::ZERO).overflowed && !is_fresh());
    view.purge(Timestamp::from_seconds(660));
    assert!(!view.state(Duration::ZERO).overflowed && is_fresh());
    view.apply(&Target::Session { id: "held".into() }, later());
    view.apply(&Target::Key { id: "key".into() }, None);
    view.purge(Timestamp::from_millis(i64::MAX / 2));
    assert!(!is_fresh(), "a key's tokens never expire");
}

#[test]
fn nothing_is_purged_before_it_expires_nor_kept_for_two_minutes_more() {
    const MINUTE: i64 = 60_000;
    let edges = [0, 1, 30_000, MINUTE - 1, MINUTE, MINUTE + 1, 2 * MINUTE - 1, 2 * MINUTE];
    for expires_at in edges.map(|edge| 27_000_000 * MINUTE + edge) {
        for after in (-2..=2).flat_map(|minute| [-1, 0, 1].map(|edge| minute * MINUTE + edge)) {
            let view = view();
            view.apply(
                &Target::Session { id: "session".into() },
                Some(Timestamp::from_millis(expires_at)),
            );
            view.purge(Timestamp::from_millis(expires_at + after));
            let revoked = view.is_revoked(&subject());
            assert!(revoked || after > 0, "{expires_at} {after}");
            assert!(!revoked || after < 2 * MINUTE, "{expires_at} {after}");
        }
    }
}

#[test]
fn the_end_that_counts_is_the_latest_that_was_said() {
    let [early, late] = [100, 500].map(|seconds| Some(Timestamp::from_seconds(seconds)));
    for ends in [[early, late], [late, early], [late, None], [None, early]] {
        let view = view();
        for end in ends {
            view.apply(&Target::User { id: "user".into(), below: 4 }, end);
        }
        view.purge(Timestamp::from_seconds(500));
        assert!(view.is_revoked(&subject()), "{ends:?}");
        view.purge(Timestamp::from_seconds(10_000));
        assert_eq!(view.is_revoked(&subject()), ends.contains(&None), "{ends:?}");
    }
}

#[test]
fn a_user_purged_and_revoked_anew_is_revoked_below_the_new_generation() {
    let view = view();
    view.apply(&Target::User { id: "user".into(), below: 9 }, Some(Timestamp::from_seconds(100)));
    view.purge(Timestamp::from_seconds(200));
    view.apply(&Target::User { id: "user".into(), below: 4 }, later());
    assert!(view.is_revoked(&subject()));
    assert!(!view.is_revoked(&Subject { generation: 4, ..subject() }));
}

#[test]
fn what_was_acknowledged_is_refused_while_others_write_and_purge() {
    const COUNT: usize = 3_000;
    let view = RevocationView::new(usize::MAX, Duration::from_secs(300));
    let acknowledged = AtomicUsize::new(0);
    let session = |number: usize| format!("session-{number}");
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..COUNT {
                view.apply(&Target::Session { id: session(number) }, later());
                acknowledged.store(number + 1, Ordering::Release);
            }
        });
        scope.spawn(|| {
            let mut number = 0;
            while acknowledged.load(Ordering::Acquire) < COUNT {
                // A minute's entries at a time, so that tables grow and shrink.
                for id in 0..200 {
                    let target = Target::Token { id: format!("token-{number}-{id}") };
                    view.apply(&target, Some(Timestamp::from_seconds(1)));
                }
                view.apply(&Target::Client { id: "client".into(), disabled: true }, later());
                view.purge(Timestamp::from_seconds(200));
                view.apply(&Target::Client { id: "client".into(), disabled: false }, None);
                number += 1;
            }
        });
        for step in 0.. {
            let known = acknowledged.load(Ordering::Acquire);
            let ids = [step * 31 % known.max(1), COUNT + step].map(session);
            let [old, never] = ids.each_ref().map(|session_id| {
                view.is_revoked(&Subject { session_id, client_id: "another", ..subject() })
            });
            assert!((old || known == 0) && !never, "{step} of {known}");
            if known == COUNT {
                break;
            }
        }
    });
    view.purge(Timestamp::from_seconds(200));
    assert_eq!(view.state(Duration::ZERO).entries, COUNT);
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
