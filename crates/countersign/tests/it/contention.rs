//! Many at once, and clients that do not wait: nobody sees the database's locks, nothing is left
//! half done, and stopping loses nothing.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};

use crate::{
    probe::{Answer, Api, Choices, PASSWORD, percentile, place, seed, serve, serve_database},
    server::{Place, Server},
};

/// What a user of the server may do, so that the log of revocations and the audit log can be read.
const READER: [&str; 4] = ["--scope", "countersign:revocations", "--scope", "countersign:admin"];

async fn reader(server: &Server, api: &Api) -> String {
    server.add_user("reader", PASSWORD, &READER);
    let scope = "countersign:revocations countersign:admin";
    let answer = api.login_for("reader", PASSWORD, scope).await.unwrap();
    answer.pair().access
}

/// How often each status was answered, and how long the answers took; shared by its clones.
#[derive(Clone, Default)]
struct Tally(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    statuses: HashMap<u16, usize>,
    times: Vec<Duration>,
}

impl Tally {
    fn count(&self, answer: &Answer, took: Duration) {
        let mut counts = self.0.lock().unwrap();
        *counts.statuses.entry(answer.status).or_default() += 1;
        counts.times.push(took);
    }

    fn statuses(&self) -> HashMap<u16, usize> {
        self.0.lock().unwrap().statuses.clone()
    }

    fn percentile(&self, percent: usize) -> Duration {
        percentile(&mut self.0.lock().unwrap().times, percent)
    }
}

/// 48 writers on one process and 16 on another, over one file, while somebody holds on to an old
/// snapshot, others read the logs, and the write-ahead log is brought home again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r09_writers_and_long_readers_do_not_see_each_other() {
    let first = serve(place());
    let second = serve_database(place(), &first.dir.database_url());
    let access = reader(&first, &Api::of(&first)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (writes, reads) = (Tally::default(), Tally::default());
    let mut tasks = Vec::new();
    for writer in 0..64 {
        let api = Api::of(if writer < 48 { &first } else { &second });
        let (stop, tally) = (Arc::clone(&stop), writes.clone());
        tasks.push(tokio::spawn(async move { write(&api, writer, &stop, &tally).await }));
    }
    for server in [&first, &second] {
        let (api, access) = (Api::of(server), access.clone());
        let (stop, tally) = (Arc::clone(&stop), reads.clone());
        tasks.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                for path in ["/admin/events?limit=1000", "/revocations", "/admin/users"] {
                    let asked = Instant::now();
                    let answer = api.get(path, &access).await.unwrap();
                    tally.count(&answer, asked.elapsed());
                }
            }
        }));
    }
    let longest_log = hold_snapshots(&first, Duration::from_secs(10)).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    eprintln!(
        "writes {:?}: {:?} (median), {:?} (p99); reads {:?}: {:?} (p99); the write-ahead log had \
         {longest_log} bytes",
        writes.statuses(),
        writes.percentile(50),
        writes.percentile(99),
        reads.statuses(),
        reads.percentile(99),
    );
    assert!(writes.statuses().keys().all(|status| [200, 201, 204].contains(status)));
    assert!(reads.statuses().keys().all(|status| *status == 200));
    // A log cannot begin anew while somebody reads an old snapshot of it; afterwards it must.
    let home = cut_log(&first, Duration::from_secs(20)).await;
    assert!(home <= 64 * 1_024 * 1_024, "the write-ahead log keeps {home} bytes");
    for server in [&first, &second] {
        assert!(!server.log().contains("locked"), "{}", server.log());
    }
}

async fn write(api: &Api, writer: usize, stop: &AtomicBool, tally: &Tally) {
    for round in 0.. {
        let name = format!("user-{writer}-{round}");
        let asked = Instant::now();
        tally.count(&api.register(&name, PASSWORD).await.unwrap(), asked.elapsed());
        let asked = Instant::now();
        let login = api.login(&name, PASSWORD).await.unwrap();
        tally.count(&login, asked.elapsed());
        let mut pair = login.pair();
        for _ in 0..8 {
            let asked = Instant::now();
            let answer = api.refresh(&pair.refresh).await.unwrap();
            tally.count(&answer, asked.elapsed());
            pair = answer.pair();
        }
        let asked = Instant::now();
        tally.count(&api.revoke(&pair.refresh).await.unwrap(), asked.elapsed());
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Reads one snapshot for a second, then the next; the longest that the write-ahead log was.
async fn hold_snapshots(server: &Server, long: Duration) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(server.dir.database(), flags).unwrap();
    let log = server.dir.file("auth.db-wal");
    let started = Instant::now();
    let mut longest = 0;
    while started.elapsed() < long {
        let snapshot = connection.unchecked_transaction().unwrap();
        let count = || -> i64 {
            snapshot.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap()
        };
        let before = count();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(count(), before, "a snapshot does not move");
        longest = longest.max(fs::metadata(&log).unwrap().len());
    }
    longest
}

/// Writes until the write-ahead log has begun anew and was cut, or the time is over; its length.
async fn cut_log(server: &Server, at_most: Duration) -> u64 {
    let log = server.dir.file("auth.db-wal");
    let length = || fs::metadata(&log).unwrap().len();
    let (api, started) = (Api::of(server), Instant::now());
    for number in 0.. {
        if length() <= 64 * 1_024 * 1_024 || started.elapsed() > at_most {
            break;
        }
        api.register(&format!("cut-{number}"), PASSWORD).await.unwrap();
    }
    length()
}

/// A request that nobody waits for.
fn send_and_hang_up(server: &Server, path: &str, body: &serde_json::Value, after: Duration) {
    let address = server.base_url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    std::thread::sleep(after);
}

fn open_files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_of_1000_clients_that_hang_up_each_is_served_wholly_or_not_at_all() {
    const EACH: usize = 500;
    let server = serve(place());
    let api = Api::of(&server);
    let mut choices = Choices::new(seed("COUNTERSIGN_HANGUP_SEED"));
    eprintln!("COUNTERSIGN_HANGUP_SEED is {choices:?}");
    let mut pairs = Vec::new();
    for number in 0..10 {
        pairs.push(api.newcomer(&format!("user-{number}")).await);
    }
    let files = open_files(&server);
    let micros = |choices: &mut Choices| Duration::from_micros(choices.below(3_000) as u64);
    let mut repeated = 0;
    for round in 0..EACH {
        let body = serde_json::json!({"username": format!("gone-{round}"), "password": PASSWORD});
        send_and_hang_up(&server, "/register", &body, micros(&mut choices));
        let pair = &mut pairs[round % 10];
        let body = serde_json::json!({"refresh_token": pair.refresh});
        send_and_hang_up(&server, "/refresh", &body, micros(&mut choices));
        let first = api.refresh(&pair.refresh).await.unwrap().pair();
        let second = api.refresh(&pair.refresh).await.unwrap().pair();
        assert_eq!(first.refresh, second.refresh, "round {round}");
        repeated += usize::from(first.access != second.access);
        *pair = first;
    }
    assert_eq!(repeated, EACH);
    let mut done = 0;
    for round in 0..EACH {
        let name = format!("gone-{round}");
        match api.login(&name, PASSWORD).await.unwrap().status {
            200 => done += 1,
            401 => assert_eq!(api.register(&name, PASSWORD).await.unwrap().status, 201),
            status => panic!("{status}"),
        }
    }
    eprintln!("{done} of {EACH} registrations were done although nobody waited");
    nothing_leaked(&server, &api, files).await;
}

/// As many log-ins at once as ever before, and no more open files.
async fn nothing_leaked(server: &Server, api: &Api, files: usize) {
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let api = api.clone();
            tokio::spawn(async move {
                api.login(&format!("user-{}", number % 10), PASSWORD).await.unwrap().status
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200, "a permit is missing");
    }
    let started = Instant::now();
    // The kept connections of 60 clients, and some readers.
    while open_files(server) > files + 80 {
        assert!(started.elapsed() < Duration::from_secs(10), "{} files", open_files(server));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Costly passwords, so that log-ins are under way when it is told to stop; and somebody who waits
/// for revocations, which may take 25 seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_stopped_under_load_it_finishes_what_it_began() {
    let mut server = serve(costly());
    let api = Api::of(&server);
    let access = reader(&server, &api).await;
    let mut names = Vec::new();
    for number in 0..20 {
        let name = format!("user-{number}");
        assert_eq!(api.register(&name, PASSWORD).await.unwrap().status, 201);
        names.push(name);
    }
    let cursor = api.get("/revocations", &access).await.unwrap().body["cursor"].clone();
    let poll = {
        let (api, access) = (api.clone(), access.clone());
        let path = format!("/revocations?wait=25&after={}", cursor.as_str().unwrap());
        tokio::spawn(async move { api.get(&path, &access).await })
    };
    let begun = Arc::new(AtomicUsize::new(0));
    let logins: Vec<_> = names
        .into_iter()
        .map(|name| {
            let (api, begun) = (api.clone(), Arc::clone(&begun));
            tokio::spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                api.login(&name, PASSWORD).await
            })
        })
        .collect();
    // All are sent, most of them wait for their hash.
    while begun.load(Ordering::Relaxed) < logins.len() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let told = Instant::now();
    server.signal("TERM");
    let mut kept = Vec::new();
    for login in logins {
        kept.push(login.await.unwrap().expect("what was begun is answered").pair());
    }
    let answered = told.elapsed();
    assert!(server.wait(Duration::from_secs(10)).success());
    let ended = told.elapsed();
    eprintln!("the last log-in was answered after {answered:?}, the end came after {ended:?}");
    assert!(ended < Duration::from_secs(10));
    let poll = poll.await.unwrap().expect("a poll is answered when the end begins");
    assert_eq!(poll.status, 200);
    server.restart();
    let api = Api::of(&server);
    for pair in kept {
        assert!(api.accepts(&pair.access).await);
        assert_eq!(api.refresh(&pair.refresh).await.unwrap().status, 200);
    }
}

fn costly() -> Place {
    place()
        .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456")
        .with_env("COUNTERSIGN_PASSWORDS_ITERATIONS", "4")
}

/// Told to stop amid quick writes: each one that was acknowledged is there afterwards, and readiness
/// is lost before connections are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r19_what_was_acknowledged_before_the_end_is_kept() {
    let mut server = serve(place().with_env("COUNTERSIGN_SERVER_DRAIN_PAUSE", "1s"));
    let api = Api::of(&server);
    let names = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..16)
        .map(|writer| {
            let (api, names) = (api.clone(), Arc::clone(&names));
            tokio::spawn(async move {
                for number in 0.. {
                    let name = format!("user-{writer}-{number}");
                    match api.register(&name, PASSWORD).await {
                        Ok(answer) => {
                            assert_eq!(answer.status, 201, "{answer:?}");
                            names.lock().unwrap().push(name);
                        }
                        Err(_) => return,
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = Instant::now();
    server.signal("TERM");
    let mut unready = false;
    while let Ok(answer) = api.get("/readyz", "").await {
        unready |= answer.status == 503;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(unready, "it says that it stops before it does");
    assert!(server.wait(Duration::from_secs(10)).success());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    for task in tasks {
        task.await.unwrap();
    }
    server.restart();
    let api = Api::of(&server);
    let names = Arc::into_inner(names).unwrap().into_inner().unwrap();
    eprintln!("{} acknowledged registrations", names.len());
    assert!(!names.is_empty());
    for name in names {
        assert_eq!(api.login(&name, PASSWORD).await.unwrap().status, 200, "{name} is lost");
    }
}
