//! Revocation through the real program: refused at once here, soon by every process on the same
//! database, for ever after a crash, and acknowledged only when it is stored.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::{
    probe::{Answer, Api, PASSWORD, Pair, percentile, place, serve, serve_database},
    server::Server,
};

/// Another process on the same database must refuse within this.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// Every way by which tokens die before their time.
#[derive(Clone, Copy, Debug)]
enum Way {
    Logout,
    LogoutByRefreshToken,
    LogoutEverywhere,
    RevokeRefreshToken,
    RevokeAccessToken,
    EndOwnSession,
    ChangePassword,
}

impl Way {
    const ALL: [Self; 7] = [
        Self::Logout,
        Self::LogoutByRefreshToken,
        Self::LogoutEverywhere,
        Self::RevokeRefreshToken,
        Self::RevokeAccessToken,
        Self::EndOwnSession,
        Self::ChangePassword,
    ];

    async fn ask(self, api: &Api, pair: &Pair) -> Answer {
        let answer = match self {
            Self::Logout => api.logout(&pair.access).await,
            Self::LogoutByRefreshToken => api.logout_by_refresh(&pair.refresh).await,
            Self::LogoutEverywhere => api.logout_all(&pair.access).await,
            Self::RevokeRefreshToken => api.revoke(&pair.refresh).await,
            Self::RevokeAccessToken => api.revoke(&pair.access).await,
            Self::EndOwnSession => api.end_session(&pair.access, &pair.session_id()).await,
            Self::ChangePassword => {
                api.change_password(&pair.access, PASSWORD, "another river").await
            }
        };
        answer.unwrap()
    }

    /// Does it, and sees it acknowledged.
    async fn take(self, api: &Api, pair: &Pair) {
        let answer = self.ask(api, pair).await;
        assert!(matches!(answer.status, 200 | 204), "{self:?}: {answer:?}");
    }

    fn ends_the_session(self) -> bool {
        !matches!(self, Self::RevokeAccessToken)
    }
}

/// One account and one session for each way.
async fn sessions(api: &Api) -> Vec<(Way, Pair)> {
    let mut sessions = Vec::new();
    for way in Way::ALL {
        sessions.push((way, api.newcomer(&format!("{way:?}")).await));
    }
    sessions
}

async fn assert_refused(api: &Api, way: Way, pair: &Pair) {
    if way.ends_the_session() {
        api.assert_dead(pair).await;
    } else {
        assert!(!api.accepts(&pair.access).await, "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h12_what_is_revoked_is_refused_at_once_and_for_ever() {
    let mut server = serve(place());
    let sessions = sessions(&Api::of(&server)).await;
    for (way, pair) in &sessions {
        let api = Api::of(&server);
        assert!(api.accepts(&pair.access).await);
        way.take(&api, pair).await;
        assert_refused(&api, *way, pair).await;
    }
    for by_force in [true, false] {
        if by_force {
            server.kill9();
        } else {
            assert!(server.stop().success());
        }
        server.restart();
        for (way, pair) in &sessions {
            assert_refused(&Api::of(&server), *way, pair).await;
        }
    }
}

/// Killed right behind the acknowledgement: it was on the disk before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_revocation_survives_a_kill_right_behind_it() {
    let mut server = serve(place());
    for (way, pair) in sessions(&Api::of(&server)).await {
        way.take(&Api::of(&server), &pair).await;
        server.kill9();
        server.restart();
        assert_refused(&Api::of(&server), way, &pair).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_on_the_same_database_refuses_within_a_second() {
    let first = serve(place());
    let second = serve_database(place(), &first.dir.database_url());
    let (here, there) = (Api::of(&first), Api::of(&second));
    let mut delays = Vec::new();
    for round in 0..5 {
        for way in Way::ALL {
            // Alternating, so that neither of them is special.
            let (from, to) = if round % 2 == 0 { (&here, &there) } else { (&there, &here) };
            let pair = from.newcomer(&format!("{way:?}-{round}")).await;
            assert!(to.accepts(&pair.access).await, "a session is good everywhere");
            way.take(from, &pair).await;
            let acknowledged = Instant::now();
            while to.accepts(&pair.access).await {
                assert!(acknowledged.elapsed() < ELSEWHERE, "{way:?} is not heard of");
            }
            delays.push(acknowledged.elapsed());
            assert_refused(to, way, &pair).await;
        }
    }
    eprintln!(
        "refused by the other process after {:?} (median), {:?} (p95), {:?} (longest)",
        percentile(&mut delays, 50),
        percentile(&mut delays, 95),
        percentile(&mut delays, 100),
    );
}

/// A process that was not there when it happened reads it before it answers anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_starts_later_knows_it_from_the_start() {
    let first = serve(place());
    let sessions = sessions(&Api::of(&first)).await;
    for (way, pair) in &sessions {
        way.take(&Api::of(&first), pair).await;
    }
    let second = serve_database(place(), &first.dir.database_url());
    for (way, pair) in &sessions {
        assert_refused(&Api::of(&second), *way, pair).await;
    }
}

/// Somebody else holds the database's lock for longer than a write waits: nothing can be stored, so
/// nothing is acknowledged; this process refuses the tokens all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_stored_is_not_acknowledged_and_refused_nevertheless() {
    let server = serve(place());
    let api = Api::of(&server);
    let sessions = sessions(&api).await;
    let other = api.newcomer("bystander").await;
    let lock = Lock::take(&server);
    let mut tasks = Vec::new();
    for (way, pair) in sessions.clone() {
        let api = api.clone();
        tasks.push(tokio::spawn(async move {
            let answer = way.ask(&api, &pair).await;
            (way, pair, answer)
        }));
    }
    for task in tasks {
        let (way, pair, answer) = task.await.unwrap();
        let told = (answer.status, answer.error());
        assert_eq!(told, (503, "temporarily_unavailable"), "{way:?}: {answer:?}");
        assert!(answer.retry_after.is_some(), "{way:?} says when to come back");
        // A password that could not be checked changes nothing.
        if !matches!(way, Way::ChangePassword) {
            assert!(!api.accepts(&pair.access).await, "{way:?} is refused nevertheless");
        }
    }
    assert!(api.accepts(&other.access).await, "verification goes on");
    lock.release();
    assert!(api.refresh(&other.refresh).await.unwrap().status == 200, "and writing, too");
    for (way, pair) in &sessions {
        // The access token is refused here already; the refresh token still shows who asks.
        let answer = match way {
            Way::RevokeAccessToken | Way::ChangePassword => continue,
            _ => api.revoke(&pair.refresh).await.unwrap(),
        };
        assert_eq!(answer.status, 200, "{way:?}: {answer:?}");
        api.assert_dead(pair).await;
    }
}

/// The lock that writers need, held by this process.
struct Lock(Connection);

impl Lock {
    fn take(server: &Server) -> Self {
        let connection = Connection::open(server.dir.database()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }

    fn release(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}
