//! Refresh tokens over HTTP: one successor, whatever races with whatever, and no way back.

use std::{
    io::Write,
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Barrier;

use crate::{
    probe::{Answer, Api, Choices, Pair, place, seed, serve, successors},
    server::Server,
};

/// All of these at the same moment.
async fn at_once<T: Send + 'static>(
    many: usize,
    ask: impl Fn(usize) -> std::pin::Pin<Box<dyn Future<Output = T> + Send>>,
) -> Vec<T> {
    let start = Arc::new(Barrier::new(many));
    let tasks: Vec<_> = (0..many)
        .map(|number| {
            let (start, asked) = (Arc::clone(&start), ask(number));
            tokio::spawn(async move {
                start.wait().await;
                asked.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn refresh_at_once(api: &Api, token: &str, many: usize) -> Vec<Answer> {
    at_once(many, |_| {
        let (api, token) = (api.clone(), token.to_owned());
        Box::pin(async move { api.refresh(&token).await.unwrap() })
    })
    .await
}

/// The counter of a session's row.
fn counter(server: &Server, session_id: &str) -> u32 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(server.dir.database(), flags).unwrap();
    connection
        .query_row(
            "SELECT counter FROM sessions WHERE lower(hex(id)) = replace(?1, '-', '')",
            [session_id],
            |row| row.get(0),
        )
        .unwrap()
}

/// Sends a refresh and goes away before the answer comes, if it ever does.
fn refresh_and_hang_up(server: &Server, token: &str, after: Duration) {
    let address = server.base_url.strip_prefix("http://").unwrap();
    let body = format!("{{\"refresh_token\":\"{token}\"}}");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /refresh HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    std::thread::sleep(after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h08_of_64_parallel_refreshes_there_is_one_successor() {
    let server = serve(place());
    let api = Api::of(&server);
    let mut pair = api.newcomer("ada").await;
    for round in 1..=20 {
        let answers = refresh_at_once(&api, &pair.refresh, 64).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert_eq!(successors(&answers).len(), 1, "round {round}");
        for answer in answers.iter().step_by(16) {
            assert!(api.accepts(&answer.pair().access).await, "nobody is logged out");
        }
        pair = answers[0].pair();
        assert_eq!(counter(&server, &pair.session_id()), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_two_parallel_refreshes_see_one_successor() {
    let server = serve(place());
    let api = Api::of(&server);
    let mut pair = api.newcomer("ada").await;
    for round in 0..100 {
        let answers = refresh_at_once(&api, &pair.refresh, 2).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        assert_eq!(successors(&answers).len(), 1, "round {round}");
        pair = answers[1].pair();
    }
}

/// Without a grace the second of two is a thief, wherever the first one stands at that moment; then
/// there is no successor left, the first one's included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f02_a_replay_during_the_rotation_leaves_no_successor() {
    let server = serve(place().with_env("COUNTERSIGN_SESSIONS_GRACE", "0s"));
    let api = Api::of(&server);
    api.newcomer("ada").await;
    for round in 0..100 {
        let pair = api.session("ada").await;
        let answers = refresh_at_once(&api, &pair.refresh, 4).await;
        let won: Vec<Pair> = answers.iter().filter_map(Answer::tokens).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        assert!(
            answers.iter().all(|answer| answer.status == 200 || answer.error() == "invalid_grant")
        );
        api.assert_dead(&won[0]).await;
        api.assert_dead(&pair).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_a_lost_answer_is_repeated() {
    let server = serve(place());
    let api = Api::of(&server);
    let pair = api.newcomer("ada").await;
    refresh_and_hang_up(&server, &pair.refresh, Duration::from_millis(200));
    assert_eq!(counter(&server, &pair.session_id()), 1, "the rotation is done to its end");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let first = api.refresh(&pair.refresh).await.unwrap().pair();
    let second = api.refresh(&pair.refresh).await.unwrap().pair();
    assert_eq!(first.refresh, second.refresh);
    assert_eq!(counter(&server, &pair.session_id()), 1);
    let next = api.refresh(&first.refresh).await.unwrap().pair();
    assert_ne!(next.refresh, first.refresh);
    for access in [&pair.access, &first.access, &second.access, &next.access] {
        assert!(api.accepts(access).await);
    }
}

/// The same after the process that rotated is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_a_lost_answer_is_repeated_after_a_kill() {
    let mut server = serve(place());
    let pair = Api::of(&server).newcomer("ada").await;
    let lost = Api::of(&server).refresh(&pair.refresh).await.unwrap().pair();
    server.kill9();
    server.restart();
    let again = Api::of(&server).refresh(&pair.refresh).await.unwrap().pair();
    assert_eq!(again.refresh, lost.refresh);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_after_the_grace_a_retry_ends_the_session() {
    let mut server = serve(place().with_env("COUNTERSIGN_SESSIONS_GRACE", "1s"));
    let api = Api::of(&server);
    let first = api.newcomer("ada").await;
    let second = api.refresh(&first.refresh).await.unwrap().pair();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let answer = api.refresh(&first.refresh).await.unwrap();
    assert_eq!((answer.status, answer.error()), (400, "invalid_grant"));
    api.assert_dead(&second).await;
    server.kill9();
    server.restart();
    let api = Api::of(&server);
    api.assert_dead(&first).await;
    api.assert_dead(&second).await;
}

/// The grace covers the predecessor only, and it does not slide.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h09_an_older_token_ends_the_session() {
    let mut server = serve(place());
    let api = Api::of(&server);
    api.newcomer("ada").await;
    let mut stolen = Vec::new();
    for older in 2..5 {
        let mut chain = vec![api.session("ada").await];
        for _ in 0..older {
            let token = &chain.last().unwrap().refresh;
            let next = api.refresh(token).await.unwrap().pair();
            chain.push(next);
        }
        let replay = api.refresh(&chain[0].refresh).await.unwrap();
        assert_eq!((replay.status, replay.error()), (400, "invalid_grant"));
        for pair in &chain {
            api.assert_dead(pair).await;
        }
        stolen.push(chain);
    }
    for by_force in [true, false] {
        if by_force {
            server.kill9();
        } else {
            assert!(server.stop().success());
        }
        server.restart();
        let api = Api::of(&server);
        for pair in stolen.iter().flatten() {
            api.assert_dead(pair).await;
        }
    }
}

/// 50 sessions over ten restarts, five of them by force.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h11_a_rotated_token_stays_rotated_over_restarts() {
    let mut server = serve(place().with_env("COUNTERSIGN_SESSIONS_GRACE", "0s"));
    Api::of(&server).newcomer("ada").await;
    for restart in 0..10 {
        let api = Api::of(&server);
        let mut rotated = Vec::new();
        for _ in 0..5 {
            let old = api.session("ada").await;
            let new = api.refresh(&old.refresh).await.unwrap().pair();
            rotated.push((old, new));
        }
        if restart % 2 == 0 {
            server.kill9();
        } else {
            assert!(server.stop().success());
        }
        server.restart();
        let api = Api::of(&server);
        for (old, new) in &rotated {
            assert!(api.accepts(&new.access).await);
            let replay = api.refresh(&old.refresh).await.unwrap();
            assert_eq!((replay.status, replay.error()), (400, "invalid_grant"));
            api.assert_dead(new).await;
        }
    }
}

/// How a session is ended while it is refreshed.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Logout,
    Revocation,
    LogoutEverywhere,
}

/// Ends the session amid refreshes; every pair that was ever given for it.
async fn end_amid_refreshes(api: &Api, name: &str, ending: Ending, delay: Duration) -> Vec<Pair> {
    let pair = api.session(name).await;
    let end = {
        let (api, pair) = (api.clone(), pair.clone());
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            let answer = match ending {
                Ending::Logout => api.logout(&pair.access).await,
                Ending::Revocation => api.revoke(&pair.refresh).await,
                Ending::LogoutEverywhere => api.logout_all(&pair.access).await,
            };
            // One of the others may have been so late that it was taken for a thief.
            assert!(matches!(answer.unwrap().status, 200 | 204 | 401));
        })
    };
    let chained = {
        let (api, mut token) = (api.clone(), pair.refresh.clone());
        tokio::spawn(async move {
            let mut pairs = Vec::new();
            while let Some(pair) = api.refresh(&token).await.unwrap().tokens() {
                token.clone_from(&pair.refresh);
                pairs.push(pair);
            }
            pairs
        })
    };
    let answers = refresh_at_once(api, &pair.refresh, 3).await;
    end.await.unwrap();
    let mut pairs = vec![pair];
    pairs.extend(answers.iter().filter_map(Answer::tokens));
    pairs.extend(chained.await.unwrap());
    pairs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h10_whoever_refreshes_while_the_session_ends_gets_nothing_that_lasts() {
    const ROUNDS: usize = 500;
    const AT_ONCE: usize = 5;
    let mut server = serve(place());
    let api = Api::of(&server);
    let mut choices = Choices::new(seed("COUNTERSIGN_RACE_SEED"));
    eprintln!("COUNTERSIGN_RACE_SEED is {choices:?}");
    let mut tasks = Vec::new();
    for part in 0..AT_ONCE {
        let (api, mut choices) = (api.clone(), Choices::new(choices.next()));
        tasks.push(tokio::spawn(async move {
            let name = format!("user-{part}");
            api.newcomer(&name).await;
            let mut kept = Vec::new();
            let mut given = 0;
            for round in 0..ROUNDS / AT_ONCE {
                let ending = match round % 3 {
                    0 => Ending::Logout,
                    1 => Ending::Revocation,
                    _ => Ending::LogoutEverywhere,
                };
                let delay = choices.millis(0, 12);
                let pairs = end_amid_refreshes(&api, &name, ending, delay).await;
                given += pairs.len();
                for pair in pairs.iter().rev().take(4) {
                    api.assert_dead(pair).await;
                }
                for pair in &pairs {
                    assert!(!api.accepts(&pair.access).await, "{ending:?} round {round}");
                }
                kept.extend(pairs.into_iter().next_back());
            }
            (given, kept)
        }));
    }
    let mut kept = Vec::new();
    let mut given = 0;
    for task in tasks {
        let (some, pairs) = task.await.unwrap();
        given += some;
        kept.extend(pairs);
    }
    eprintln!("{ROUNDS} rounds, {given} pairs of tokens");
    assert!(given > 2 * ROUNDS, "nothing raced");
    server.kill9();
    server.restart();
    let api = Api::of(&server);
    for pair in &kept {
        api.assert_dead(pair).await;
    }
}

/// Killed a little later each time: wherever a refresh, a log-in or a revocation stood, what is left
/// is before or after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f09_killed_at_any_step_leaves_before_or_after() {
    let mut server = serve(place());
    let mut pair = Api::of(&server).newcomer("ada").await;
    let mut outcomes = [0; 2];
    for micros in [0, 200, 400, 600, 800, 1_000, 1_300, 1_600, 2_000, 2_500, 3_000, 4_000, 6_000] {
        let before = counter(&server, &pair.session_id());
        let api = Api::of(&server);
        let revoked = api.session("ada").await;
        let refresh = {
            let (api, token) = (api.clone(), pair.refresh.clone());
            tokio::spawn(async move { api.refresh(&token).await })
        };
        let revoke = {
            let (api, token) = (api.clone(), revoked.refresh.clone());
            tokio::spawn(async move { api.revoke(&token).await })
        };
        let sent = Instant::now();
        while sent.elapsed() < Duration::from_micros(micros) {
            std::thread::yield_now();
        }
        server.kill9();
        let (refreshed, acknowledged) = (refresh.await.unwrap(), revoke.await.unwrap());
        server.restart();
        let api = Api::of(&server);
        let after = counter(&server, &pair.session_id());
        assert!(after == before || after == before + 1, "{before} became {after}");
        assert!(refreshed.is_err() || after == before + 1, "an acknowledged rotation is gone");
        outcomes[usize::from(after > before)] += 1;
        let first = api.refresh(&pair.refresh).await.unwrap().pair();
        let second = api.refresh(&pair.refresh).await.unwrap().pair();
        assert_eq!(first.refresh, second.refresh);
        if let Ok(answer) = refreshed {
            assert_eq!(answer.pair().refresh, first.refresh);
        }
        let lives = api.accepts(&revoked.access).await;
        assert!(acknowledged.is_err() || !lives, "an acknowledged revocation is gone");
        let refreshes = api.refresh(&revoked.refresh).await.unwrap().status == 200;
        assert_eq!(lives, refreshes, "half revoked");
        pair = first;
    }
    eprintln!("before {} times, after {} times", outcomes[0], outcomes[1]);
}
