//! `POST /token` and `POST /refresh` (RFC 6749)

use axum::http::Method;
use countersign_engine::clients::ClientKind;
use serde_json::json;

use crate::fixture::{
    App, PASSWORD, authorize, bare, basic, form_request, json_request, text, with_body,
};

const FORM: &str = "application/x-www-form-urlencoded";

fn password_form(more: &str) -> String {
    format!("username=ada&password={}{more}", PASSWORD.replace(' ', "+"))
}

async fn refresh_token(app: &App) -> String {
    text(&app.tokens().await, "refresh_token")
}

#[tokio::test]
async fn t01_only_post_is_taken() {
    let app = App::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = app.send(bare(method, "/token")).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn t02_unknown_parameters_are_ignored_even_twice() {
    let app = App::new().await;
    let form =
        format!("grant_type=refresh_token&refresh_token={}&x=1&x=2", refresh_token(&app).await);
    app.post_form("/token", &form).await.ok();
}

#[tokio::test]
async fn t03_an_empty_parameter_is_an_omitted_one() {
    let app = App::new().await;
    let empty = app.post_form("/token", "grant_type=refresh_token&refresh_token=").await;
    empty.refused_field(400, "invalid_request", "refresh_token");
    let form = password_form("&grant_type=&scope=&client_id=&client_secret=");
    app.post_form("/token", &form).await.ok();
}

#[tokio::test]
async fn t04_a_repeated_parameter_is_an_invalid_request() {
    let app = App::new().await;
    let token = refresh_token(&app).await;
    for form in [
        "grant_type=refresh_token&grant_type=refresh_token".to_owned(),
        format!("grant_type=refresh_token&refresh_token={token}&refresh_token={token}"),
        format!("grant_type=refresh_token&refresh_token={token}&scope=&scope="),
        format!("grant_type=refresh_token&refresh_token={token}&client_id=a&client_id=a"),
        password_form("&username=ada"),
    ] {
        app.post_form("/token", &form).await.refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn t05_two_client_authentications_are_an_invalid_request() {
    let app = App::new().await;
    let secret = app.client("backend", ClientKind::Confidential).await;
    let form = format!("grant_type=refresh_token&refresh_token=x&client_secret={secret}");
    let mut request = form_request("/token", &form);
    authorize(&mut request, &basic("backend", &secret));
    app.send(request).await.refused(400, "invalid_request");
    let mut request = form_request("/token", "grant_type=refresh_token&refresh_token=x");
    authorize(&mut request, &basic("backend", &secret));
    authorize(&mut request, &basic("backend", &secret));
    app.send(request).await.refused(400, "invalid_request");
}

#[tokio::test]
async fn t06_basic_credentials_are_form_decoded() {
    let app = App::new().await;
    let secret = app.client("backend", ClientKind::Confidential).await;
    let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for credentials in [basic("backend", &secret), basic("b%61ckend", &encoded)] {
        let mut request = form_request("/token", "grant_type=refresh_token&refresh_token=x");
        authorize(&mut request, &credentials);
        // The client is let in; only its token is not good.
        app.send(request).await.refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn t07_a_client_secret_in_the_url_is_refused() {
    let app = App::new().await;
    let form = format!("grant_type=refresh_token&refresh_token={}", refresh_token(&app).await);
    for path in ["/token?client_secret=s", "/token?a=b&client%5Fsecret=", "/revoke?client_secret=s"]
    {
        app.post_form(path, &form).await.refused_field(400, "invalid_request", "client_secret");
    }
    app.post_form("/token", &form).await.ok();
}

#[tokio::test]
async fn t08_guessing_is_limited() {
    let app = App::new().await;
    let mut last = 0;
    for _ in 0..70 {
        let mut request = form_request("/token", "grant_type=refresh_token&refresh_token=x");
        authorize(&mut request, &basic("backend", "guess"));
        last = app.send(request).await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn t09_t10_success_has_its_shape_and_is_never_cached() {
    let app = App::new().await;
    let form = format!("grant_type=refresh_token&refresh_token={}", refresh_token(&app).await);
    for form in [form, password_form(""), password_form("&grant_type=password")] {
        let answer = app.post_form("/token", &form).await;
        let tokens = answer.ok();
        assert_eq!(tokens["token_type"], "bearer");
        assert!(tokens["expires_in"].is_u64());
        assert_eq!(tokens["scope"], "reports:read reports:write");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
    }
}

#[tokio::test]
async fn t11_t17_what_is_missing_is_an_invalid_request() {
    let app = App::new().await;
    for (form, field) in [
        ("", "grant_type"),
        ("username=ada", "grant_type"),
        ("grant_type=refresh_token", "refresh_token"),
        ("grant_type=password&username=ada", "password"),
        ("grant_type=password&password=x", "username"),
    ] {
        app.post_form("/token", form).await.refused_field(400, "invalid_request", field);
    }
}

#[tokio::test]
async fn t12_an_invalid_client_is_challenged() {
    let app = App::new().await;
    for credentials in [basic("nobody", "x"), "Basic !!!".into(), basic("first-party", "x")] {
        let mut request = form_request("/token", "grant_type=refresh_token&refresh_token=x");
        authorize(&mut request, &credentials);
        let answer = app.send(request).await;
        answer.refused(401, "invalid_client");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Basic realm=\"https://auth.example\""), "{challenge}");
    }
}

#[tokio::test]
async fn t13_a_token_that_is_not_good_is_an_invalid_grant() {
    let app = App::new().await;
    let token = refresh_token(&app).await;
    app.client("phone", ClientKind::Public).await;
    let foreign = format!("grant_type=refresh_token&refresh_token={token}&client_id=phone");
    app.post_form("/token", &foreign).await.refused(400, "invalid_grant");
    let access = app.access_token().await;
    for bad in ["x", "cs_rt_x", access.as_str()] {
        let form = format!("grant_type=refresh_token&refresh_token={bad}");
        app.post_form("/token", &form).await.refused(400, "invalid_grant");
        app.post_json("/refresh", &json!({"refresh_token": bad}))
            .await
            .refused(400, "invalid_grant");
    }
    app.post_json("/refresh", &json!({"refresh_token": token})).await.ok();
    app.pass(15 * 86_400);
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    app.post_form("/token", &form).await.refused(400, "invalid_grant");
    let wrong = "grant_type=password&username=ada&password=wrong";
    app.post_form("/token", wrong).await.refused(400, "invalid_grant");
}

#[tokio::test]
async fn t14_the_password_form_is_for_the_first_party_only() {
    let app = App::new().await;
    app.client("phone", ClientKind::Public).await;
    let secret = app.client("backend", ClientKind::Confidential).await;
    app.post_form("/token", &password_form("&client_id=phone"))
        .await
        .refused(400, "unauthorized_client");
    let form = password_form(&format!("&client_id=backend&client_secret={secret}"));
    app.post_form("/token", &form).await.refused(400, "unauthorized_client");
    app.post_form("/token", &password_form("&client_id=first-party")).await.ok();
}

#[tokio::test]
async fn t15_other_grants_are_not_offered() {
    let app = App::new().await;
    for grant in ["authorization_code", "client_credentials", "implicit", "PASSWORD", "x"] {
        let form = format!("grant_type={grant}&username=ada&password=x&refresh_token=x&code=x");
        app.post_form("/token", &form).await.refused(400, "unsupported_grant_type");
    }
    let app = App::with(|config| config.accounts.password_grant = false, |_| {}).await;
    for form in [password_form(""), password_form("&grant_type=password")] {
        app.post_form("/token", &form).await.refused(400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn t16_t21_a_refresh_narrows_and_never_widens() {
    let app = App::new().await;
    let token = refresh_token(&app).await;
    let form = format!("grant_type=refresh_token&refresh_token={token}&scope=");
    app.post_form("/token", &format!("{form}admin")).await.refused(400, "invalid_scope");
    let narrow = app.post_form("/token", &format!("{form}reports:read")).await.ok();
    assert_eq!(narrow["scope"], "reports:read");
    let next = text(&narrow, "refresh_token");
    let whole = app.post_json("/refresh", &json!({"refresh_token": next})).await.ok();
    assert_eq!(whole["scope"], "reports:read reports:write");
}

#[tokio::test]
async fn t25_another_resource_is_an_invalid_target() {
    let app = App::new().await;
    app.post_form("/token", &password_form("&resource=elsewhere"))
        .await
        .refused(400, "invalid_target");
    app.post_form("/token", &password_form("&resource=reports")).await.ok();
}

#[tokio::test]
async fn t28_a_lost_answer_is_repeated_with_the_same_successor() {
    let app = App::new().await;
    let body = json!({"refresh_token": refresh_token(&app).await});
    let first = app.post_json("/refresh", &body).await.ok();
    let again = app.post_json("/refresh", &body).await.ok();
    assert_eq!(first["refresh_token"], again["refresh_token"]);
    app.pass(31);
    app.post_json("/refresh", &body).await.refused(400, "invalid_grant");
    let successor = json!({"refresh_token": first["refresh_token"]});
    app.post_json("/refresh", &successor).await.refused(400, "invalid_grant");
}

#[tokio::test]
async fn an_idempotency_key_has_no_window() {
    let app = App::new().await;
    let body = json!({"refresh_token": refresh_token(&app).await});
    let mut successors = Vec::new();
    for _ in 0..2 {
        let mut request = json_request(Method::POST, "/refresh", &body);
        request.headers_mut().insert("idempotency-key", "attempt-1".parse().unwrap());
        successors.push(text(&app.send(request).await.ok(), "refresh_token"));
        app.pass(600);
    }
    assert_eq!(successors[0], successors[1]);
    for bad in [vec![String::new()], vec!["x".repeat(256)], vec!["a".into(), "b".into()]] {
        let mut request = json_request(Method::POST, "/refresh", &body);
        for value in bad {
            request.headers_mut().append("idempotency-key", value.parse().unwrap());
        }
        app.send(request).await.refused_field(400, "invalid_request", "Idempotency-Key");
    }
}

#[tokio::test]
async fn what_the_authorize_button_sends_is_a_log_in() {
    let app = App::new().await;
    let mut request = form_request("/token", &password_form("&grant_type=password&scope="));
    authorize(&mut request, &basic("", ""));
    app.send(request).await.ok();
}

#[tokio::test]
async fn forms_are_forms() {
    let app = App::new().await;
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let request = with_body(Method::POST, "/token", content_type, password_form(""));
        app.send(request).await.refused(415, "unsupported_media_type");
    }
    let utf8 =
        with_body(Method::POST, "/token", &format!("{FORM}; charset=UTF-8"), password_form(""));
    app.send(utf8).await.ok();
    app.post_form("/token", "grant_type=%ff").await.refused(400, "invalid_request");
    let large = format!("grant_type={}", "x".repeat(70_000));
    app.post_form("/token", &large).await.refused(413, "payload_too_large");
}
