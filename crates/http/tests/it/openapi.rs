//! The OpenAPI document says what the routes do.

use axum::http::Method;
use countersign_http::{HttpConfig, RouteGroup, inlined, openapi};
use serde_json::{Value, json};

use crate::fixture::{App, ISSUER, bare};

fn document() -> Value {
    serde_json::to_value(openapi(ISSUER, &HttpConfig::default())).unwrap()
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| *name != "servers")
                .map(|(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
        })
        .collect()
}

#[tokio::test]
async fn every_documented_operation_answers() {
    let app = App::new().await;
    let operations = operations(&document());
    assert_eq!(operations.len(), 43);
    for (path, method, _) in operations {
        let path = path.replace("{id}", "x").replace("{kid}", "x");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let status = app.send(bare(method.clone(), &path)).await.status.as_u16();
        assert!(status != 404 && status != 405, "{method} {path}: {status}");
    }
}

/// The other direction: a method that is not documented is not taken.
#[tokio::test]
async fn what_is_not_documented_is_not_there() {
    let app = App::new().await;
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if item.get(method.to_lowercase()).is_none() {
                let path = path.replace("{id}", "x").replace("{kid}", "x");
                let request = bare(Method::from_bytes(method.as_bytes()).unwrap(), &path);
                app.send(request).await.refused(405, "method_not_allowed");
            }
        }
    }
}

#[test]
fn every_operation_is_whole() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{name}");
        assert!(operation["tags"].is_array(), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        let silent = ["/healthz", "/openapi.json"].contains(&path.as_str())
            || path.starts_with("/.well-known");
        assert_eq!(responses.contains_key("500"), !silent, "{name}");
        if operation.get("requestBody").is_some() {
            for status in ["400", "408", "413", "415"] {
                assert!(responses.contains_key(status), "{name} {status}");
            }
        }
        if path.starts_with("/admin") {
            for status in ["401", "403"] {
                assert!(responses.contains_key(status), "{name} {status}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut count = 0;
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
        count += 1;
    }
    assert!(count > 50);
    let inlined = inlined(&openapi(ISSUER, &HttpConfig::default()));
    assert!(!inlined.to_string().contains("$ref"));
    assert!(inlined["components"]["schemas"].is_null());
    assert!(inlined["components"]["securitySchemes"]["bearer"].is_object());
}

#[test]
fn the_authorize_button_finds_the_token_endpoint() {
    let mut config = HttpConfig::default();
    config.mount = "/auth".into();
    let document = serde_json::to_value(openapi(ISSUER, &config)).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["password"]["flows"]["password"]["tokenUrl"], "/auth/token");
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
    assert_eq!(document["servers"][0]["url"], "/auth");
    let metadata = &document["paths"]["/.well-known/oauth-authorization-server"];
    assert_eq!(metadata["servers"][0]["url"], "/");
}

#[test]
fn only_groups_that_are_on_are_documented() {
    let mut config = HttpConfig::default();
    config.routes = [RouteGroup::Register].into();
    let document = serde_json::to_value(openapi(ISSUER, &config)).unwrap();
    assert_eq!(document["paths"].as_object().unwrap().len(), 1);
    assert!(document["components"]["securitySchemes"].get("password").is_none());
}

#[test]
fn only_schemes_that_there_are_are_asked_for() {
    let mut config = HttpConfig::default();
    config.routes = [RouteGroup::Account].into();
    let document = serde_json::to_value(openapi(ISSUER, &config)).unwrap();
    assert_eq!(document["paths"]["/users/me"]["get"]["security"], json!([{ "bearer": [] }]));
}

#[tokio::test]
async fn it_is_served() {
    let app = App::new().await;
    assert_eq!(app.get("/openapi.json").await.ok(), document());
}
