//! How long after a log-out was acknowledged another process still lets its access token in.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::{
    http::{NO_LIMITS, PASSWORD, post, token},
    measure::percentiles,
    server::Server,
};

const SAMPLES: u32 = 300;
/// Between two questions: short beside what is measured, and the servers have time to breathe.
const PAUSE: Duration = Duration::from_micros(250);
/// Never so long: then it is not followed at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two servers on one database, as `serve` sets them up: sessions end at one, their tokens are shown
/// to the other until it refuses them.
pub(crate) async fn revocation(binary: &Path) -> Result<()> {
    let here = Server::start(binary, &[NO_LIMITS]).await?;
    let elsewhere = here.start_beside(binary, &[]).await?;
    let client = Client::builder().build()?;
    let account = json!({ "username": "bench", "password": PASSWORD });
    post(&client, &format!("{}/register", here.base_url), &account).await?;
    let mut spans = Vec::new();
    for sample in 0..SAMPLES {
        let session = post(&client, &format!("{}/login", here.base_url), &account).await?;
        let asked = Asked { client: &client, base: &elsewhere.base_url, session: &session };
        ensure!(asked.lets_in().await?, "a good token is refused");
        // Log-outs fall anywhere between two looks at the log, however often it is looked at.
        tokio::time::sleep(Duration::from_micros(u64::from(sample * 6_180) % 50_000)).await;
        log_out(&client, &here.base_url, &session).await?;
        spans.push(asked.refuses_after().await?);
    }
    percentiles("server/revocation", spans);
    Ok(())
}

async fn log_out(client: &Client, base: &str, session: &Value) -> Result<()> {
    let body = json!({ "refresh_token": token(session, "refresh_token")? });
    let request = client.post(format!("{base}/logout")).header("content-type", "application/json");
    let status = request.body(body.to_string()).send().await?.status();
    ensure!(status.is_success(), "log-out: {status}");
    Ok(())
}

/// The other process, and what it is shown.
struct Asked<'a> {
    client: &'a Client,
    base: &'a str,
    session: &'a Value,
}

impl Asked<'_> {
    async fn lets_in(&self) -> Result<bool> {
        let access = token(self.session, "access_token")?;
        let request = self.client.get(format!("{}/users/me", self.base)).bearer_auth(access);
        let status = request.send().await?.status();
        ensure!(status.is_success() || status == StatusCode::UNAUTHORIZED, "{status}");
        Ok(status.is_success())
    }

    async fn refuses_after(&self) -> Result<Duration> {
        let acknowledged = Instant::now();
        while self.lets_in().await? {
            ensure!(acknowledged.elapsed() < PATIENCE, "a revocation is not seen elsewhere");
            tokio::time::sleep(PAUSE).await;
        }
        Ok(acknowledged.elapsed())
    }
}
