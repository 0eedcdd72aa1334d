//! `GET /revocations`

use std::time::Duration;

use axum::http::Method;

use crate::fixture::{Answer, App, authorize, bare, text};

async fn ask(app: &App, credentials: &str, query: &str) -> Answer {
    let mut request = bare(Method::GET, &format!("/revocations{query}"));
    authorize(&mut request, credentials);
    app.send(request).await
}

#[tokio::test]
async fn a_follower_sees_a_snapshot_and_then_what_comes() {
    let app = App::new().await;
    let caller = app.resource_server().await;
    let snapshot = ask(&app, &caller, "").await.ok();
    assert_eq!(snapshot["from"], 0);
    let cursor = text(&snapshot, "cursor");
    let query = format!("?after={cursor}&wait=25");
    let (page, ()) = tokio::join!(ask(&app, &caller, &query), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let token = app.access_token().await;
        app.call(Method::POST, "/logout", &token, None).await.done();
    });
    let page = page.ok();
    assert_eq!(page["rows"].as_array().unwrap().len(), 1);
    assert_eq!(page["rows"][0]["kind"], "session");
    let nothing = ask(&app, &caller, &format!("?after={}", text(&page, "cursor"))).await.ok();
    assert_eq!(nothing["rows"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn the_caller_and_the_query_are_checked() {
    let app = App::new().await;
    app.get("/revocations").await.refused(401, "invalid_client");
    let access = format!("Bearer {}", app.access_token().await);
    ask(&app, &access, "").await.refused(403, "insufficient_scope");
    let admin = format!("Bearer {}", app.admin_token().await);
    ask(&app, &admin, "").await.ok();
    ask(&app, &admin, "?after=x").await.refused_field(400, "invalid_request", "after");
    ask(&app, &admin, "?wait=-1").await.refused_field(400, "invalid_request", "wait");
    ask(&app, &admin, "?wait=1&wait=1").await.refused_field(400, "invalid_request", "wait");
}
