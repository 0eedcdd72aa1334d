//! What comes back, checked the same way everywhere, and the requests that every subject needs.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use crate::server::{Place, Server};

/// A password that may be set.
pub(crate) const PASSWORD: &str = "a long and quiet river";
/// What a form's `Content-Type` is.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// How long something that comes by itself may take, loaded machines included.
const SOON: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Sends, and reads the answer to its end.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, which must say that it is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/json",
            "{}: {}",
            self.status,
            self.body
        );
        serde_json::from_str(&self.body).unwrap()
    }

    /// The JSON of a 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// The JSON of a 201.
    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.body);
        self.json()
    }

    /// A success without a body.
    #[track_caller]
    pub(crate) fn done(&self) {
        assert_eq!((self.status, self.body.as_str()), (204, ""));
    }

    /// A failure of this status and code, in the one shape that failures have.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, &body["error"]), (status, &json!(code)), "{body}");
        let description = body["error_description"].as_str().unwrap();
        assert!(!description.is_empty() && is_plain(description), "{description}");
        let known =
            |name: &String| ["error", "error_description", "field"].contains(&name.as_str());
        assert!(body.as_object().unwrap().keys().all(known), "{body}");
        assert_eq!((self.header("cache-control"), self.header("pragma")), ("no-store", "no-cache"));
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        body
    }

    /// The same, with the member or parameter at fault.
    #[track_caller]
    pub(crate) fn refused_field(&self, status: u16, code: &str, field: &str) {
        let body = self.refused(status, code);
        assert_eq!(body["field"], field, "{body}");
    }

    /// Everything that a caller sees and that is not new in every answer.
    pub(crate) fn seen(&self) -> (u16, Vec<(String, String)>, String) {
        let own = |name: &str| ["date", "x-request-id"].contains(&name);
        let headers = self.headers.iter().filter(|(name, _)| !own(name.as_str()));
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        (self.status, headers, self.body.clone())
    }
}

/// RFC 6749 5.2: the characters of `error` and `error_description`.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// A member that is text.
#[track_caller]
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// A pair of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The whole token response.
    pub(crate) all: Value,
}

impl Pair {
    #[track_caller]
    pub(crate) fn of(all: Value) -> Self {
        Self { access: text(&all, "access_token"), refresh: text(&all, "refresh_token"), all }
    }

    /// The access token's claims.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.access)
    }
}

/// The claims of a token, read without any check.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header or the claims of a token, read without any check.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// base64url without padding.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `name=value&…`, encoded as forms are.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                    char::from(byte).to_string()
                }
                b' ' => "+".into(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The methods of a path item of OpenAPI, which has other members, too.
pub(crate) fn operations(item: &Value) -> impl Iterator<Item = (Method, &Value)> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    known.into_iter().filter_map(|method| {
        let operation = item.get(method.as_str().to_ascii_lowercase())?;
        Some((method, operation))
    })
}

/// Seconds since the epoch.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Asks again until the answer is `Some`.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < SOON, "it did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Server {
    /// A server with the administrator `root`, and root's access token for everything there is.
    pub(crate) async fn with_root() -> (Self, String) {
        Self::with_root_in(Place::new()).await
    }

    /// The same in this folder.
    pub(crate) async fn with_root_in(place: Place) -> (Self, String) {
        let server = Self::start_in(place, &[]);
        let mut more = Vec::new();
        for scope in ["countersign:admin", "countersign:introspect", "countersign:revocations"] {
            more.extend(["--scope", scope]);
        }
        server.add_user("root", PASSWORD, &more);
        let token = server.root_token().await;
        (server, token)
    }

    /// Another access token of root.
    pub(crate) async fn root_token(&self) -> String {
        let scope = "countersign:admin countersign:introspect countersign:revocations";
        let body = json!({"username": "root", "password": PASSWORD, "scope": scope});
        Pair::of(self.send("/login", &body).await.ok()).access
    }

    /// `POST` with a JSON body.
    pub(crate) async fn send(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.http.post(self.url(path)).json(body)).await
    }

    /// `POST` with a form.
    pub(crate) async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        Answer::to(self.form_request(path, &form(pairs))).await
    }

    /// `POST` with a form that is encoded already; more can be added.
    pub(crate) fn form_request(&self, path: &str, form: &str) -> RequestBuilder {
        self.http.post(self.url(path)).header("content-type", FORM).body(form.to_owned())
    }

    /// `POST` of a body that is refused unread. The connection may end while it is still sent, and the
    /// answer with it; then it is sent again.
    pub(crate) async fn send_too_much(&self, path: &str, content_type: &str, body: &str) -> Answer {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        until("the answer arrives", async || {
            let request = client.post(self.url(path)).header("content-type", content_type);
            let response = request.body(body.to_owned()).send().await.ok()?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Some(Answer { status, headers, body: response.text().await.ok()? })
        })
        .await
    }

    /// `GET` without anything.
    pub(crate) async fn fetch(&self, path: &str) -> Answer {
        Answer::to(self.http.get(self.url(path))).await
    }

    /// Any method, with an access token, with or without a JSON body.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let request = self.http.request(method, self.url(path)).bearer_auth(token);
        Answer::to(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// `GET /users/me`
    pub(crate) async fn me(&self, token: &str) -> Answer {
        self.call(Method::GET, "/users/me", token, None).await
    }

    /// `POST /refresh`
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.send("/refresh", &json!({"refresh_token": token})).await
    }

    /// `POST /login`
    pub(crate) async fn try_login(&self, username: &str, password: &str) -> Answer {
        self.send("/login", &json!({"username": username, "password": password})).await
    }

    /// A log-in that succeeds.
    pub(crate) async fn pair(&self, username: &str) -> Pair {
        Pair::of(self.try_login(username, PASSWORD).await.ok())
    }

    /// An account, and its first log-in.
    pub(crate) async fn join(&self, username: &str) -> Pair {
        let body = json!({"username": username, "password": PASSWORD});
        self.send("/register", &body).await.created();
        self.pair(username).await
    }

    /// A client; its secret, or nothing.
    pub(crate) async fn client(&self, root: &str, id: &str, kind: &str) -> String {
        let body = json!({"id": id, "kind": kind});
        let answer = self.call(Method::POST, "/admin/clients", root, Some(body)).await.created();
        answer["client_secret"].as_str().unwrap_or_default().to_owned()
    }

    /// Neither token of the pair is good for anything.
    pub(crate) async fn assert_dead(&self, pair: &Pair) {
        self.me(&pair.access).await.refused(401, "invalid_token");
        self.refresh(&pair.refresh).await.refused(400, "invalid_grant");
    }

    /// What a counter of `/metrics` says, all labels together.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let metrics = self.fetch("/metrics").await;
        let lines = metrics.body.lines().filter(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        let values = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
        values.sum()
    }

    /// How many password hashes have been computed to verify.
    pub(crate) async fn hashes(&self) -> u64 {
        self.counter("countersign_password_verifications_total").await
    }

    /// Bytes of resident memory, and the most there ever were.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    /// A connection for requests that no client library would send.
    pub(crate) fn connect(&self) -> TcpStream {
        let address = self.base_url.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    /// Sends these bytes and reads until the server closes: the status and everything read.
    pub(crate) fn raw(&self, request: impl AsRef<[u8]>) -> (u16, String) {
        let mut stream = self.connect();
        // It may refuse before it has read all.
        let _ = stream.write_all(request.as_ref());
        read_answer(&mut stream)
    }
}

/// Reads until the other side closes: the status, 0 without one, and everything read.
pub(crate) fn read_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = crate::server::text(&bytes);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, text)
}
