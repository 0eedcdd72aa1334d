//! One's own sessions.

use super::{
    flaky::Mode,
    world::{DAY, MINUTE, World, code, from, is_revoked},
};

#[tokio::test]
async fn asvs_7_5_2_a_user_lists_and_ends_the_own_ones() {
    let world = World::new().await;
    let (_, first) = world.user_in("ada").await;
    world.clock.advance(MINUTE);
    let second = world.login("ada").await;
    let (_, others) = world.user_in("bob").await;
    let ada = world.principal(&second);
    let ids = || async {
        let sessions = world.engine.sessions(&ada).await.unwrap();
        sessions.iter().map(|session| session.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [second.session_id.clone(), first.session_id.clone()]);
    let origin = from("198.51.100.1");
    for not_theirs in [others.session_id.as_str(), "nonsense", &first.session_id.to_uppercase()] {
        let result = world.engine.end_own_session(&ada, not_theirs, &origin).await;
        assert_eq!(code(result), "not_found", "{not_theirs}");
    }
    assert!(world.check(&others).is_ok());
    world.engine.end_own_session(&ada, &first.session_id, &origin).await.unwrap();
    assert!(is_revoked(world.check(&first)));
    assert_eq!(code(world.refresh(&first).await), "invalid_grant");
    assert_eq!(ids().await, std::slice::from_ref(&second.session_id));
    assert_eq!(world.events("session.ended").await[0].detail["reason"], "ended_by_user");
    world.pass(DAY * 15).await;
    assert!(ids().await.is_empty(), "an expired one is not live");
}

#[tokio::test]
async fn r03_what_cannot_be_stored_is_refused_here_all_the_same() {
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        let world = World::new().await;
        let (_, first) = world.user_in("ada").await;
        let ada = world.principal(&world.login("ada").await);
        let (_, others) = world.user_in("bob").await;
        let origin = from("198.51.100.1");
        world.store.set(mode);
        let result = world.engine.end_own_session(&ada, &first.session_id, &origin).await;
        assert_eq!(code(result), "temporarily_unavailable");
        assert!(is_revoked(world.check(&first)), "{mode:?}");
        // Whose a session is must be known first, or anybody could end anybody's.
        world.store.set(Mode::Down);
        let result = world.engine.end_own_session(&ada, &others.session_id, &origin).await;
        assert_eq!(code(result), "temporarily_unavailable");
        assert!(world.check(&others).is_ok());
    }
}
