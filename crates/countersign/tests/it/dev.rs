//! `serve --dev`: needs nothing, stays on this machine.

use std::process::Command;

use serde_json::Value;

use crate::server::{Place, Server, text};

const DEV: [&str; 4] = ["serve", "--dev", "--listen", "127.0.0.1:0"];

#[tokio::test]
async fn it_needs_nothing_and_its_lines_can_be_pasted() {
    let mut server = Server::launch(Place::new(), &DEV);
    let printed = server.printed().join("\n");
    let account = printed.lines().find(|line| line.starts_with("account")).unwrap();
    let password = account.split_whitespace().nth(3).unwrap().to_owned();
    assert!(password.len() >= 16, "{account}");
    assert!(printed.contains(&format!("{}/docs/", server.base_url)));
    let answer = server.login("demo", &password).await;
    assert_eq!(answer["scope"], "profile");
    let me: Value = server
        .get("/users/me", answer["access_token"].as_str().unwrap())
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(me["roles"][0], "demo");
    let metadata: Value =
        server.get("/.well-known/oauth-authorization-server", "").await.json().await.unwrap();
    assert_eq!(metadata["issuer"], server.base_url);

    let lines: Vec<&str> = printed.lines().filter(|line| !line.starts_with(['a', 'd'])).collect();
    let pasted = Command::new("sh").arg("-c").arg(lines.join("\n")).output().unwrap();
    let said = text(&pasted.stdout);
    assert!(pasted.status.success() && pasted.stderr.is_empty(), "{}", text(&pasted.stderr));
    assert_eq!(said.matches("\"access_token\"").count(), 2, "{said}");
    assert!(said.contains("204 No Content") && said.contains("invalid_token"), "{said}");
    server.assert_no_secret_in_logs(&[&password]);

    server.restart();
    let printed = server.printed().join("\n");
    assert!(!printed.contains(&password), "{printed}");
    assert!(
        printed.contains("countersign users passwd demo --database sqlite:///dev-data/"),
        "{printed}"
    );
    server.login("demo", &password).await;
}

#[test]
fn it_refuses_to_be_seen_by_others() {
    let place = Place::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let output = place.run(&["serve", "--dev", "--listen", listen, "--insecure-http"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("--dev is for this machine only"));
    }
}
