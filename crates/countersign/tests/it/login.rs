//! Guessing passwords: what it tells, how often it can be tried, and what it costs.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::json;

use crate::{
    answers::{Answer, PASSWORD},
    server::{Place, Server},
};

const WRONG: &str = "not the password";

/// Tries a password from another address of this machine.
async fn try_from(server: &Server, last: u8, username: &str, password: &str) -> Answer {
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    let client = reqwest::Client::builder().local_address(address).build().unwrap();
    let body = json!({"username": username, "password": password});
    Answer::to(client.post(server.url("/login")).json(&body)).await
}

#[tokio::test]
async fn h01_every_refused_log_in_looks_and_costs_the_same() {
    let (server, root) = Server::with_root().await;
    for name in ["ada", "gone", "deleted"] {
        server.join(name).await;
    }
    server.call(Method::POST, "/admin/users/gone/disable", &root, None).await.ok();
    server.call(Method::DELETE, "/admin/users/deleted", &root, None).await.done();
    let body = json!({"username": "nopassword"});
    server.call(Method::POST, "/admin/users", &root, Some(body)).await.created();
    let tries = [
        ("ada", WRONG),
        ("nobody", WRONG),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("gone", WRONG),
        ("deleted", PASSWORD),
        ("nopassword", ""),
        ("no name at all", PASSWORD),
        ("", ""),
    ];
    let mut json_answers = Vec::new();
    let mut form_answers = Vec::new();
    for (username, password) in tries {
        let before = server.hashes().await;
        let answer = server.try_login(username, password).await;
        answer.refused(401, "invalid_credentials");
        assert_eq!(server.hashes().await, before + 1, "{username:?}");
        json_answers.push(answer.seen());
        // The form leaves empty values out, as it must.
        if !username.is_empty() && !password.is_empty() {
            let pairs =
                [("grant_type", "password"), ("username", username), ("password", password)];
            let answer = server.form("/token", &pairs).await;
            answer.refused(400, "invalid_grant");
            assert_eq!(server.hashes().await, before + 2, "{username:?}");
            form_answers.push(answer.seen());
        }
    }
    assert!(json_answers.iter().all(|seen| *seen == json_answers[0]), "{json_answers:#?}");
    assert!(form_answers.iter().all(|seen| *seen == form_answers[0]), "{form_answers:#?}");
}

/// How often a value of `left` is below one of `right`, ties being halves: 0.5 when nothing tells
/// them apart.
fn order(left: &[Duration], right: &[Duration]) -> f64 {
    let pairs = left.iter().flat_map(|left| right.iter().map(move |right| left.cmp(right)));
    let (mut below, mut all) = (0.0, 0.0);
    for order in pairs {
        all += 1.0;
        below += match order {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        };
    }
    below / all
}

#[tokio::test]
async fn h02_an_unknown_name_takes_as_long_as_a_wrong_password() {
    // The real cost, and no budget, for what shall be measured is the check.
    let place = Place::new()
        .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456")
        .with_env("COUNTERSIGN_PASSWORDS_ITERATIONS", "2")
        .with_env("COUNTERSIGN_LIMITS_ACCOUNT_NETWORK", "none")
        .with_env("COUNTERSIGN_LIMITS_ACCOUNT_UNKNOWN", "none");
    let (server, root) = Server::with_root_in(place).await;
    server.join("ada").await;
    server.join("gone").await;
    server.call(Method::POST, "/admin/users/gone/disable", &root, None).await.ok();
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..60 {
        // Each goes first, second and third equally often.
        for place in 0..3 {
            let index = (round + place) % 3;
            let started = Instant::now();
            let answer = server.try_login(["ada", "eve", "gone"][index], WRONG).await;
            times[index].push(started.elapsed());
            assert_eq!(answer.status, 401);
        }
    }
    let [wrong, unknown, disabled] = &times;
    for other in [unknown, disabled] {
        let order = order(wrong, other);
        assert!((0.3..=0.7).contains(&order), "{order}");
    }
}

#[tokio::test]
async fn h05_a_guesser_has_few_tries_whatever_the_route_and_the_spelling() {
    let server = Server::start(&[]);
    for name in ["ada", "grace"] {
        server.join(name).await;
    }
    // An unknown name runs out as a known one does, to the byte.
    for name in ["ada", "nobody"] {
        let before = server.hashes().await;
        let spellings = [name.to_owned(), name.to_uppercase(), "\u{ff21}da".to_owned()];
        let mut limited = Vec::new();
        for index in 0..12 {
            let name = &spellings[index % if name == "ada" { 3 } else { 2 }];
            let answer = if index % 2 == 0 {
                server.try_login(name, WRONG).await
            } else {
                let pairs = [("grant_type", "password"), ("username", name), ("password", WRONG)];
                server.form("/token", &pairs).await
            };
            if index >= 5 {
                answer.refused(429, "rate_limited");
                limited.push(answer.header("ratelimit-policy").to_owned());
            }
        }
        assert_eq!(server.hashes().await, before + 5, "{name}");
        assert!(limited.iter().all(|policy| policy == "\"account\";q=5;w=60"), "{limited:?}");
        // The right password is not let in, or it would be told which was right.
        server.try_login(name, PASSWORD).await.refused(429, "rate_limited");
    }
    // Whoever has an access token guesses the password no more often.
    let token = server.pair("grace").await.access;
    let before = server.hashes().await;
    for _ in 0..5 {
        let body = json!({"current_password": WRONG, "new_password": "another quiet river"});
        let answer = server.call(Method::POST, "/users/me/password", &token, Some(body)).await;
        answer.refused(403, "reauthentication_failed");
    }
    let body = json!({"current_password": WRONG, "email": null});
    let answer = server.call(Method::PATCH, "/users/me", &token, Some(body)).await;
    answer.refused(429, "rate_limited");
    assert_eq!(server.hashes().await, before + 5);
    // Good log-ins cost nothing.
    server.join("alan").await;
    for _ in 0..20 {
        server.pair("alan").await;
    }
}

#[tokio::test]
async fn h05_guesses_at_the_same_time_are_no_more() {
    let server = Server::start(&[]);
    server.join("ada").await;
    let before = server.hashes().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let body = json!({"username": "ada", "password": WRONG});
        tries.spawn(Answer::to(server.http.post(server.url("/login")).json(&body)));
    }
    let answers = tries.join_all().await;
    let checked = answers.iter().filter(|answer| answer.status == 401).count();
    let others = answers.iter().filter(|answer| ![401, 429].contains(&answer.status)).count();
    assert_eq!((checked, others), (5, 0));
    assert_eq!(server.hashes().await, before + 5);
}

#[tokio::test]
async fn h06_headers_that_lie_about_the_address_change_nothing() {
    let place = Place::new().with_env("COUNTERSIGN_LIMITS_LOGIN_ADDRESS", "20/minute");
    let server = Server::start_in(place, &[]);
    let body = |name: &str| json!({"username": name, "password": WRONG});
    let lie = async |index: u8, name: &str| {
        let address = format!("203.0.113.{index}");
        let mut request = server.http.post(server.url("/login")).json(&body(name));
        for header in ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip"] {
            request = request.header(header, &address);
        }
        Answer::to(request.header("forwarded", format!("for={address}"))).await
    };
    let mut statuses = Vec::new();
    for index in 0..10 {
        statuses.push(lie(index, "ada").await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429, 429, 429]);
    // The address has its own limit over all names: ten have gone.
    let mut allowed = 0;
    for index in 10..40 {
        allowed += usize::from(lie(index, &format!("user{index}")).await.status == 401);
    }
    assert_eq!(allowed, 10);
    let warnings = server.log().matches("set trusted_proxies to its address").count();
    assert_eq!(warnings, 1);
}

#[tokio::test]
async fn h06_a_proxy_that_is_trusted_says_who_it_speaks_for_and_no_more() {
    let place = Place::new().with_env("COUNTERSIGN_HTTP_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8");
    let server = Server::start_in(place, &[]);
    let ask = async |forwarded: String| {
        let body = json!({"username": "ada", "password": WRONG});
        let request = server.http.post(server.url("/login")).json(&body);
        Answer::to(request.header("x-forwarded-for", forwarded)).await.status
    };
    let mut statuses = Vec::new();
    for index in 0..7 {
        // The left side is the client's own invention.
        statuses.push(ask(format!("203.0.113.{index}, 198.51.100.7, 10.0.0.9")).await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    // Another address is another budget; IPv6 counts by its /64.
    assert_eq!(ask("198.51.100.8".into()).await, 401);
    for index in 1..=4 {
        assert_eq!(ask(format!("2001:db8:0:1::{index}")).await, 401);
    }
    // And all unknown networks together have ten.
    assert_eq!(ask("198.51.100.9".into()).await, 429);
    // Who is not trusted is himself.
    let body = json!({"username": "grace", "password": WRONG});
    let client = reqwest::Client::builder().local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5)));
    let client = client.build().unwrap();
    for index in 0..7 {
        let request = client.post(server.url("/login")).json(&body);
        let request = request.header("x-forwarded-for", format!("198.51.100.{index}"));
        let expected = if index < 5 { 401 } else { 429 };
        assert_eq!(Answer::to(request).await.status, expected);
    }
}

#[tokio::test]
async fn budgets_outlive_a_stop_and_a_crash() {
    let mut server = Server::start(&[]);
    server.join("ada").await;
    server.try_login("ada", WRONG).await.refused(401, "invalid_credentials");
    server.try_login("ada", WRONG).await.refused(401, "invalid_credentials");
    assert!(server.stop().success());
    server.restart();
    server.try_login("ada", WRONG).await.refused(401, "invalid_credentials");
    server.try_login("ada", WRONG).await.refused(401, "invalid_credentials");
    server.kill9();
    server.restart();
    // One comes back every 12 seconds.
    let mut more = 0;
    while server.try_login("ada", WRONG).await.status == 401 {
        more += 1;
        assert!(more <= 4, "the budget was forgotten");
    }
    assert!(more >= 1);
}

#[tokio::test]
async fn an_attacker_does_not_lock_the_owner_out() {
    let mut server = Server::start(&[]);
    server.join("ada").await;
    // The owner signs in from here, once.
    assert_eq!(try_from(&server, 2, "ada", PASSWORD).await.status, 200);
    // Attackers on many addresses use up what unknown networks have.
    let before = server.hashes().await;
    let mut last = 0;
    for index in 10..40 {
        last = try_from(&server, index, "ada", WRONG).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(server.hashes().await, before + 10);
    // Not even the right password gets in from an unknown network now,
    try_from(&server, 41, "ada", PASSWORD).await.refused(429, "rate_limited");
    // but the owner does, mistypes included, also after a restart.
    assert_eq!(try_from(&server, 2, "ada", WRONG).await.status, 401);
    assert_eq!(try_from(&server, 2, "ada", PASSWORD).await.status, 200);
    server.kill9();
    server.restart();
    assert_eq!(try_from(&server, 2, "ada", PASSWORD).await.status, 200);
    try_from(&server, 42, "ada", PASSWORD).await.refused(429, "rate_limited");
    // Whoever shares the owner's network has that network's budget, and no more.
    let before = server.hashes().await;
    for _ in 0..8 {
        last = try_from(&server, 2, "ada", WRONG).await.status;
    }
    assert_eq!(last, 429);
    assert!(server.hashes().await - before <= 5);
}

#[tokio::test]
async fn h23_a_thousand_log_ins_at_once_have_bounds() {
    // The real cost: 19 MiB for each hash.
    let place = Place::new()
        .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456")
        .with_env("COUNTERSIGN_PASSWORDS_ITERATIONS", "2")
        .with_env("COUNTERSIGN_PASSWORDS_CONCURRENCY", "2")
        .with_env("COUNTERSIGN_PASSWORDS_QUEUE", "16");
    let server = Server::start_in(place, &[]);
    server.join("ada").await;
    let (before, _) = server.memory();
    let mut tries = tokio::task::JoinSet::new();
    for index in 0..1_000 {
        let body = json!({"username": format!("user{index}"), "password": PASSWORD});
        let request = server.http.post(server.url("/login")).json(&body);
        tries.spawn(async move {
            let started = Instant::now();
            (Answer::to(request).await, started.elapsed())
        });
    }
    let health = async {
        let client = reqwest::Client::new();
        let mut worst = Duration::ZERO;
        for _ in 0..20 {
            let started = Instant::now();
            Answer::to(client.get(server.url("/healthz"))).await.ok();
            worst = worst.max(started.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worst
    };
    let (answers, worst) = tokio::join!(tries.join_all(), health);
    let count = |status: u16| answers.iter().filter(|(answer, _)| answer.status == status).count();
    assert_eq!(count(401) + count(503), 1_000);
    assert!(count(401) >= 18 && count(503) >= 500, "{} {}", count(401), count(503));
    for (answer, _) in answers.iter().filter(|(answer, _)| answer.status == 503) {
        answer.refused(503, "temporarily_unavailable");
        assert!(!answer.header("retry-after").is_empty());
    }
    // The client and the server share the machine, so this is generous.
    assert!(worst < Duration::from_secs(3), "/healthz took {worst:?}");
    let (_, most) = server.memory();
    let bound = before + 2 * 19_456 * 1_024 + 96 * 1_024 * 1_024;
    assert!(most <= bound, "{} MiB, bound {} MiB", most >> 20, bound >> 20);
    server.pair("ada").await;
}
