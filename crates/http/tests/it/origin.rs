//! Whose request it is (H06)

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
};
use serde_json::json;

use crate::fixture::{App, PASSWORD, json_request, peer};

fn attempt(username: &str) -> Request<Body> {
    let body = json!({"username": username, "password": "not the password"});
    json_request(Method::POST, "/login", &body)
}

/// How many of 40 log-ins for different names pass the limit of their address.
async fn passed(app: &App, mut change: impl FnMut(usize, &mut Request<Body>)) -> usize {
    let mut count = 0;
    for index in 0..40 {
        let mut request = attempt(&format!("user{index}"));
        change(index, &mut request);
        count += usize::from(app.send(request).await.status == 401);
    }
    count
}

fn forward(request: &mut Request<Body>, value: &str) {
    request.headers_mut().insert("x-forwarded-for", value.parse().unwrap());
}

#[tokio::test]
async fn h06_headers_that_anybody_can_write_move_no_limit() {
    let plain = passed(&App::new().await, |_, _| {}).await;
    assert_eq!(plain, 30);
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"]
    {
        let app = App::new().await;
        let spoofed = passed(&app, |index, request| {
            let value = format!("198.51.100.{index}");
            request.headers_mut().insert(name, value.parse().unwrap());
        });
        assert_eq!(spoofed.await, plain, "{name}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_names_its_clients() {
    let proxies = vec!["203.0.113.0/24".parse().unwrap()];
    let app = App::with(|_| {}, |http| http.trusted_proxies = proxies).await;
    let each_another =
        passed(&app, |index, request| forward(request, &format!("198.51.100.{index}")));
    assert_eq!(each_another.await, 40);
    let same_hop =
        passed(&app, |index, request| forward(request, &format!("10.9.{index}.1, 192.0.2.1")));
    assert_eq!(same_hop.await, 30);
}

#[tokio::test]
async fn the_peer_comes_from_the_connection_or_the_host() {
    let app = App::new().await;
    let one = passed(&app, |index, request| {
        let address: SocketAddr = format!("[::ffff:192.0.2.{}]:80", index % 2).parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
        request.extensions_mut().insert(countersign_http::PeerAddress(Some(address.ip())));
    });
    assert_eq!(one.await, 40);
    let nobody = passed(&app, |_, request| {
        request.extensions_mut().insert(countersign_http::PeerAddress(None));
    });
    assert_eq!(nobody.await, 30);
    let another = passed(&app, |_, request| {
        request.extensions_mut().insert(peer(200));
    });
    assert_eq!(another.await, 30);
}

#[tokio::test]
async fn the_address_and_the_agent_reach_the_audit_log_and_the_session() {
    let app = App::new().await;
    let body = json!({"username": "ada", "password": PASSWORD});
    let mut request = json_request(Method::POST, "/login", &body);
    let agent = format!("Tester/1.0 \u{1b}[31m{}", "x".repeat(500));
    request
        .headers_mut()
        .insert("user-agent", agent.as_bytes().try_into().unwrap_or("Tester/1.0".parse().unwrap()));
    request.headers_mut().insert("x-request-id", "from-test".parse().unwrap());
    let tokens = app.send(request).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    let sessions = app.call(Method::GET, "/users/me/sessions", token, None).await.ok();
    let device = sessions["sessions"][0]["device"].as_str().unwrap();
    assert!(device.starts_with("Tester/1.0") && device.len() <= 200);
    let admin = app.admin_token().await;
    let events =
        app.call(Method::GET, "/admin/events?kind=login.succeeded", &admin, None).await.ok();
    let event = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["detail"]["request_id"] == "from-test");
    assert_eq!(event.unwrap()["address"], "203.0.113.7");
}
