//! Importing users that another system kept.

use countersign_engine::{
    imports::ImportRefused,
    ops::{
        actor::Actor,
        import_users::{ImportMode, ImportUser, ImportUsersRequest, Imported},
    },
    store::Users,
};
use serde_json::json;

use super::{
    flaky::Mode,
    world::{DAY, PASSWORD, WRONG, World, code, names},
};

/// A hash of `pa$$w\u{f6}rd \u{2603} 9` by Django.
const DJANGO: &str =
    "pbkdf2_sha256$1000$E4bDJLHcwwYEHN3QmKDsHk$t+q9QnBmVHcl4A9J31NnVkFTLQZbxQkP6uXjtFE9Mxc=";
const DJANGO_PASSWORD: &str = "pa$$w\u{f6}rd \u{2603} 9";

fn user(name: &str) -> ImportUser {
    ImportUser {
        username: name.into(),
        password_hash: Some(DJANGO.into()),
        email: Some(format!("{}@example.com", name.to_lowercase())),
        ..ImportUser::default()
    }
}

async fn import(world: &World, users: &[ImportUser], mode: ImportMode) -> Vec<Imported> {
    let request = ImportUsersRequest { users: users.to_vec(), mode, source: "users.csv".into() };
    world.engine.import_users(request, &Actor::cli()).await.unwrap()
}

async fn one(world: &World, user: ImportUser, mode: ImportMode) -> Imported {
    import(world, &[user], mode).await.remove(0)
}

#[tokio::test]
async fn an_imported_hash_logs_in_is_upgraded_and_the_same_still() {
    let world = World::new().await;
    assert!(matches!(one(&world, user("Ada"), ImportMode::Add).await, Imported::Added(_)));
    let stored = || async { world.store.find_login("ada").await.unwrap().unwrap().user };
    assert_eq!(stored().await.password_hash.unwrap().expose(), DJANGO);
    assert!(matches!(one(&world, user("ada"), ImportMode::Add).await, Imported::Same(_)));
    world.try_login("ada", DJANGO_PASSWORD, "198.51.100.1").await.unwrap();
    let upgraded = stored().await.password_hash.unwrap();
    assert!(upgraded.expose().starts_with("$argon2id$"));
    for mode in [ImportMode::Add, ImportMode::Update, ImportMode::TryAdd] {
        assert!(matches!(one(&world, user("ada"), mode).await, Imported::Same(_)), "{mode:?}");
    }
    assert_eq!(stored().await.password_hash.unwrap(), upgraded);
}

#[tokio::test]
async fn a_bad_row_stops_no_other_and_says_what_is_wrong() {
    let world = World::new().await;
    let bad = |change: fn(&mut ImportUser)| {
        let mut bad = user("bad");
        change(&mut bad);
        bad
    };
    let rows = [
        user("first"),
        bad(|user| user.username = "a b".into()),
        bad(|user| user.id = Some("a b".into())),
        bad(|user| user.email = Some("x".into())),
        bad(|user| user.roles = Some(names(&["a b"]))),
        bad(|user| user.scopes = Some(names(&["\""]))),
        bad(|user| user.claims = json!({"iss": 1}).as_object().cloned()),
        bad(|user| user.password_hash = Some("md5$x$y".into())),
        bad(|user| user.password_hash = Some("pbkdf2_sha256$99999999$salt$AAAA".into())),
        bad(|user| user.password = Some(PASSWORD.into())),
        bad(|user| (user.password_hash, user.password) = (None, Some("short".into()))),
        user("last"),
    ];
    let fields = [
        None,
        Some("username"),
        Some("id"),
        Some("email"),
        Some("roles"),
        None,
        Some("claims"),
        Some("password_hash"),
        Some("password_hash"),
        Some("password"),
        Some("password"),
        None,
    ];
    let answers = import(&world, &rows, ImportMode::Add).await;
    for ((answer, field), row) in answers.iter().zip(fields).zip(&rows) {
        match answer {
            Imported::Added(_) => assert!(["first", "last"].contains(&row.username.as_str())),
            Imported::Refused(error) => assert_eq!(error.field(), field, "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.events("account.added").await.len(), 2);
}

#[tokio::test]
async fn what_has_not_been_yet_is_no_time_of_birth() {
    let world = World::new().await;
    let now = countersign_engine::guard::time::Clock::now(world.clock.as_ref());
    for (created_at, good) in [(now.minus(DAY), true), (now.plus(DAY), false)] {
        let born = ImportUser { created_at: Some(created_at), ..user("ada") };
        let answer = one(&world, born, ImportMode::TryAdd).await;
        assert_eq!(matches!(answer, Imported::Added(_)), good, "{answer:?}");
    }
}

#[tokio::test]
async fn a_password_in_clear_is_hashed_once_and_found_again() {
    let world = World::new().await;
    let plain = |password: &str| ImportUser {
        password: Some(password.into()),
        password_hash: None,
        ..user("ada")
    };
    let tried = one(&world, plain(PASSWORD), ImportMode::TryAdd).await;
    assert!(matches!(tried, Imported::Added(_)));
    assert!(world.store.find_login("ada").await.unwrap().is_none(), "a dry run wrote");
    assert!(matches!(one(&world, plain(PASSWORD), ImportMode::Add).await, Imported::Added(_)));
    let held = world.store.find_login("ada").await.unwrap().unwrap().user.password_hash;
    assert!(matches!(one(&world, plain(PASSWORD), ImportMode::Add).await, Imported::Same(_)));
    for mode in [ImportMode::Add, ImportMode::TryAdd] {
        let other = one(&world, plain(WRONG), mode).await;
        assert!(matches!(&other, Imported::Different(_, fields) if fields[..] == ["password"]));
    }
    assert_eq!(world.store.find_login("ada").await.unwrap().unwrap().user.password_hash, held);
    world.login("ada").await;
}

#[tokio::test]
async fn an_update_takes_rights_and_sessions_at_once() {
    let world = World::new().await;
    let (ada, tokens) = world.user_in("ada").await;
    let fewer = ImportUser {
        username: "ada".into(),
        scopes: Some(names(&["read"])),
        ..ImportUser::default()
    };
    let different = one(&world, fewer.clone(), ImportMode::Add).await;
    assert!(matches!(&different, Imported::Different(_, fields) if fields[..] == ["scopes"]));
    assert!(world.check(&tokens).is_ok());
    assert!(matches!(one(&world, fewer, ImportMode::Update).await, Imported::Updated(_)));
    assert!(world.check(&tokens).is_err(), "the old scopes are still good");
    let tokens = world.refresh(&tokens).await.unwrap();
    let other = ImportUser {
        username: "ada".into(),
        password: Some(WRONG.into()),
        ..ImportUser::default()
    };
    assert!(matches!(one(&world, other, ImportMode::Update).await, Imported::Updated(_)));
    assert_eq!(code(world.refresh(&tokens).await), "invalid_grant");
    assert_eq!(world.stored(&ada.id).await.generation, 2);
}

#[tokio::test]
async fn names_and_ids_are_never_mixed_up() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let with_id = |id: &str, name| ImportUser { id: Some(id.into()), ..user(name) };
    let rows = [with_id(ada.id.as_str(), "bob"), with_id("u-7", "ADA"), with_id("u-7", "cy")];
    let answers = import(&world, &rows, ImportMode::Update).await;
    assert!(matches!(answers[0], Imported::Taken(ImportRefused::IdTaken)));
    assert!(matches!(answers[1], Imported::Taken(ImportRefused::NameTaken)));
    assert!(matches!(&answers[2], Imported::Added(id) if id.as_str() == "u-7"));
}

#[tokio::test]
async fn a_store_that_fails_is_no_fault_of_a_row_and_repeating_is_right() {
    let world = World::new().await;
    let request = || ImportUsersRequest {
        users: vec![user("ada"), user("bob")],
        mode: ImportMode::Add,
        source: "users.csv".into(),
    };
    for mode in [Mode::FailsBefore, Mode::FailsAfter] {
        world.store.set(mode);
        let answer = world.engine.import_users(request(), &Actor::cli()).await;
        assert_eq!(code(answer), "temporarily_unavailable", "{mode:?}");
    }
    world.store.set(Mode::Good);
    let answers = world.engine.import_users(request(), &Actor::cli()).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Imported::Same(_))), "{answers:?}");
    assert_eq!(world.events("account.added").await.len(), 2);
}

#[tokio::test]
async fn where_an_updates_answer_is_lost_its_tokens_are_refused_here() {
    let world = World::new().await;
    let (_, tokens) = world.user_in("ada").await;
    world.store.set(Mode::FailsBefore);
    let users =
        vec![ImportUser { username: "ada".into(), disabled: Some(true), ..ImportUser::default() }];
    let request = ImportUsersRequest { users, mode: ImportMode::Update, source: "x".into() };
    assert!(world.engine.import_users(request, &Actor::cli()).await.is_err());
    assert!(world.check(&tokens).is_err());
}
