//! Two processes on one database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::server::{Place, Server};

const PASSWORD: &str = "correct horse battery staple";

#[tokio::test]
async fn two_processes_are_one_service() {
    let place = Arc::new(Place::new());
    let start = || Server::start_in(Arc::clone(&place), &[]);
    // Both on a database that neither has seen.
    let (left, right) = std::thread::scope(|scope| {
        let (left, right) = (scope.spawn(start), scope.spawn(start));
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_eq!(left.register("ada", PASSWORD).await.status(), 201);
    let answer = right.login("ada", PASSWORD).await;
    let (access, refresh) = (answer["access_token"].as_str().unwrap(), &answer["refresh_token"]);
    assert_eq!(left.get("/users/me", access).await.status(), 200);
    let rotated = left.post("/refresh", &json!({"refresh_token": refresh})).await;
    assert_eq!(rotated.status(), 200);

    let logout = left.http.post(left.url("/logout")).bearer_auth(access).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    assert_eq!(left.get("/users/me", access).await.status(), 401, "the process that took it");
    let acknowledged = Instant::now();
    while right.get("/users/me", access).await.status() != 401 {
        assert!(acknowledged.elapsed() < Duration::from_secs(3), "the other process lets it in");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let mut server = Server::start(&[]);
    assert_eq!(server.register("ada", PASSWORD).await.status(), 201);
    let answer = server.login("ada", PASSWORD).await;
    let access = answer["access_token"].as_str().unwrap();
    let logout = server.http.post(server.url("/logout")).bearer_auth(access).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    server.kill9();
    server.restart();
    assert_eq!(server.get("/users/me", access).await.status(), 401);
    server.login("ada", PASSWORD).await;
}
