//! What the fault tests run and ask: the program with warnings only, requests that may be lost, and
//! choices that a seed repeats.

use std::{collections::BTreeSet, fmt, fs, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{RequestBuilder, header::RETRY_AFTER};
use serde_json::{Value, json};

use crate::server::{AUDIENCE, ISSUER, Place, Server};

/// A password that the policy takes.
pub(crate) const PASSWORD: &str = "a long and quiet river";

/// A folder in which no account runs out of tries.
pub(crate) fn place() -> Place {
    Place::new()
        .with_env("COUNTERSIGN_LIMITS_ACCOUNT_NETWORK", "1000000/minute")
        .with_env("COUNTERSIGN_LIMITS_ACCOUNT_UNKNOWN", "1000000/minute")
        .with_env("COUNTERSIGN_LIMITS_LOGIN_ADDRESS", "1000000/minute")
        .with_env("COUNTERSIGN_LIMITS_REGISTER_ADDRESS", "1000000/minute")
        .with_env("COUNTERSIGN_LIMITS_FAILURES_ADDRESS", "1000000/minute")
}

/// Serves the folder's database. Only warnings are logged: at trace level a load would mostly log.
pub(crate) fn serve(place: Place) -> Server {
    let url = place.database_url();
    serve_database(place, &url)
}

/// Serves this database, which may be another folder's.
pub(crate) fn serve_database(place: Place, url: &str) -> Server {
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        url,
        "--issuer",
        ISSUER,
        "--audience",
        AUDIENCE,
        "--log-level",
        "warn",
        "--log-format",
        "json",
    ];
    Server::launch(place, &args)
}

/// The request was sent, or not; nobody knows what came of it.
#[derive(Debug)]
pub(crate) struct Lost(String);

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    /// The error code, if it is one.
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The tokens; there must be some.
    pub(crate) fn pair(&self) -> Pair {
        assert_eq!(self.status, 200, "{self:?}");
        self.tokens().unwrap()
    }

    /// The tokens, if it has some.
    pub(crate) fn tokens(&self) -> Option<Pair> {
        Some(Pair {
            access: self.body["access_token"].as_str()?.to_owned(),
            refresh: self.body["refresh_token"].as_str()?.to_owned(),
        })
    }
}

/// A pair of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Pair {
    /// The session.
    pub(crate) fn session_id(&self) -> String {
        claim(&self.access, "sid")
    }
}

/// A text claim of a token, unverified.
pub(crate) fn claim(token: &str, name: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims[name].as_str().unwrap_or_default().to_owned()
}

/// The routes, as a client sees them.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    http: reqwest::Client,
    base_url: String,
}

impl Api {
    /// Of this server, as long as it keeps its port.
    pub(crate) fn of(server: &Server) -> Self {
        Self { http: server.http.clone(), base_url: server.base_url.clone() }
    }

    pub(crate) async fn register(&self, name: &str, password: &str) -> Result<Answer, Lost> {
        self.post("/register", &json!({"username": name, "password": password})).await
    }

    pub(crate) async fn login(&self, name: &str, password: &str) -> Result<Answer, Lost> {
        self.post("/login", &json!({"username": name, "password": password})).await
    }

    pub(crate) async fn login_for(
        &self,
        name: &str,
        password: &str,
        scope: &str,
    ) -> Result<Answer, Lost> {
        let body = json!({"username": name, "password": password, "scope": scope});
        self.post("/login", &body).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Result<Answer, Lost> {
        self.post("/refresh", &json!({"refresh_token": token})).await
    }

    pub(crate) async fn me(&self, access: &str) -> Result<Answer, Lost> {
        self.get("/users/me", access).await
    }

    pub(crate) async fn logout(&self, access: &str) -> Result<Answer, Lost> {
        answer(self.http.post(self.url("/logout")).bearer_auth(access)).await
    }

    pub(crate) async fn logout_by_refresh(&self, token: &str) -> Result<Answer, Lost> {
        self.post("/logout", &json!({"refresh_token": token})).await
    }

    pub(crate) async fn logout_all(&self, access: &str) -> Result<Answer, Lost> {
        answer(self.http.post(self.url("/logout/all")).bearer_auth(access)).await
    }

    pub(crate) async fn end_session(&self, access: &str, id: &str) -> Result<Answer, Lost> {
        let path = format!("/users/me/sessions/{id}");
        answer(self.http.delete(self.url(&path)).bearer_auth(access)).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Result<Answer, Lost> {
        let form = "application/x-www-form-urlencoded";
        let request = self.http.post(self.url("/revoke")).header("content-type", form);
        answer(request.body(format!("token={token}"))).await
    }

    pub(crate) async fn change_password(
        &self,
        access: &str,
        old: &str,
        new: &str,
    ) -> Result<Answer, Lost> {
        let body = json!({"current_password": old, "new_password": new});
        let request = self.http.post(self.url("/users/me/password"));
        answer(request.bearer_auth(access).json(&body)).await
    }

    pub(crate) async fn get(&self, path: &str, access: &str) -> Result<Answer, Lost> {
        let request = self.http.get(self.url(path));
        let request = if access.is_empty() { request } else { request.bearer_auth(access) };
        answer(request).await
    }

    /// Registers and logs in.
    pub(crate) async fn newcomer(&self, name: &str) -> Pair {
        let answer = self.register(name, PASSWORD).await.unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        self.session(name).await
    }

    /// Logs in.
    pub(crate) async fn session(&self, name: &str) -> Pair {
        self.login(name, PASSWORD).await.unwrap().pair()
    }

    /// Whether an access token is accepted; anything but yes and no fails the test.
    pub(crate) async fn accepts(&self, access: &str) -> bool {
        let answer = self.me(access).await.unwrap();
        match answer.status {
            200 => true,
            401 => {
                assert_eq!(answer.error(), "invalid_token", "{answer:?}");
                false
            }
            _ => panic!("{answer:?}"),
        }
    }

    /// Fails unless both tokens are refused.
    pub(crate) async fn assert_dead(&self, pair: &Pair) {
        assert!(!self.accepts(&pair.access).await, "an access token lives");
        let answer = self.refresh(&pair.refresh).await.unwrap();
        assert_eq!((answer.status, answer.error()), (400, "invalid_grant"), "{answer:?}");
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer, Lost> {
        answer(self.http.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, Lost> {
    let lost = |error: reqwest::Error| Lost(format!("{error:?}"));
    let response = request.send().await.map_err(lost)?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = response.text().await.map_err(lost)?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Answer { status, retry_after, body })
}

/// What successors these answers hold: one, if all is well.
pub(crate) fn successors<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeSet<String> {
    answers.into_iter().filter_map(Answer::tokens).map(|pair| pair.refresh).collect()
}

/// Choices that a seed repeats (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Choices(u64);

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap()
    }

    /// One of them; none if there is none.
    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }

    /// Milliseconds from `least` up to `most`.
    pub(crate) fn millis(&mut self, least: usize, most: usize) -> Duration {
        Duration::from_millis((least + self.below(most - least)) as u64)
    }
}

/// The seed that a variable names, or a new one.
pub(crate) fn seed(variable: &str) -> u64 {
    let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| {
        let bytes = fs::File::open("/dev/urandom").and_then(|mut file| {
            let mut bytes = [0; 4];
            std::io::Read::read_exact(&mut file, &mut bytes).map(|()| bytes)
        });
        u64::from(u32::from_be_bytes(bytes.unwrap()))
    })
}

/// The value at `percent` of the way through these.
pub(crate) fn percentile(durations: &mut [Duration], percent: usize) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() * percent / 100).or(durations.last()).copied().unwrap_or_default()
}
