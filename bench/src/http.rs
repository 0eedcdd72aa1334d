//! The server over HTTP.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    measure::{Load, rate},
    server::Server,
};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Limits that never bite: here the server is measured, not its limits.
pub(crate) const NO_LIMITS: (&str, &str) =
    ("COUNTERSIGN_LIMITS_LOGIN_ADDRESS", "1000000 per second");

pub(crate) async fn post(client: &Client, url: &str, body: &Value) -> Result<Value> {
    let response = client
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await?;
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{url}: {status} {text}");
    Ok(serde_json::from_str(&text)?)
}

/// The token of this name in the answer to a log-in.
pub(crate) fn token<'a>(answer: &'a Value, name: &str) -> Result<&'a str> {
    answer.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))
}

struct Refresh {
    client: Client,
    url: String,
    token: String,
}

impl Load for Refresh {
    async fn step(&mut self) -> Result<()> {
        let answer = post(&self.client, &self.url, &json!({ "refresh_token": self.token })).await?;
        self.token = token(&answer, "refresh_token")?.to_owned();
        Ok(())
    }
}

/// Refreshes a second, 64 sessions at once, each a chain.
pub(crate) async fn refresh(binary: &Path) -> Result<()> {
    let server = Server::start(binary, &[NO_LIMITS]).await?;
    let client = Client::builder().build()?;
    let account = json!({ "username": "bench", "password": PASSWORD });
    post(&client, &format!("{}/register", server.base_url), &account).await?;
    rate("server/refresh", 64, |_| {
        let (client, base, account) = (client.clone(), server.base_url.clone(), account.clone());
        async move {
            let answer = post(&client, &format!("{base}/login"), &account).await?;
            let token = token(&answer, "refresh_token")?.to_owned();
            Ok(Refresh { client, url: format!("{base}/refresh"), token })
        }
    })
    .await
}

struct Login {
    client: Client,
    url: String,
    account: Value,
}

impl Load for Login {
    async fn step(&mut self) -> Result<()> {
        post(&self.client, &self.url, &self.account).await.map(drop)
    }
}

/// Log-ins a second with the default Argon2id cost.
pub(crate) async fn login(binary: &Path) -> Result<()> {
    let server = Server::start(binary, &[NO_LIMITS]).await?;
    let client = Client::builder().build()?;
    rate("server/login", 4, |index| {
        let (client, base) = (client.clone(), server.base_url.clone());
        async move {
            let account = json!({ "username": format!("bench{index}"), "password": PASSWORD });
            post(&client, &format!("{base}/register"), &account).await?;
            Ok(Login { client, url: format!("{base}/login"), account })
        }
    })
    .await
}
