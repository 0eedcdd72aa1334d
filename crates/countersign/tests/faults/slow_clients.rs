//! Clients that take their time, to take everybody else's.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    probe::{Api, percentile, place, serve},
    server::Server,
};

/// A header or a body must have arrived within this, and some more for a machine with other things
/// to do.
const TIMEOUT: Duration = Duration::from_secs(10);
const MARGIN: Duration = Duration::from_secs(3);

/// What of a request is never finished.
#[derive(Clone, Copy, Debug)]
enum Slow {
    Header,
    Body,
    /// Not even a first byte.
    Silent,
}

fn address(server: &Server) -> String {
    server.base_url.strip_prefix("http://").unwrap().to_owned()
}

/// Begins a request, sends a byte a second, and says how long the server put up with it.
async fn trickle(address: &str, slow: Slow) -> Duration {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let connected = Instant::now();
    let beginning = match slow {
        Slow::Silent => String::new(),
        Slow::Header => format!("POST /login HTTP/1.1\r\nHost: {address}\r\nX-Slow: "),
        Slow::Body => format!(
            "POST /login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: 1000\r\n\r\n"
        ),
    };
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let read = reader.read_to_end(&mut answer);
    let write = async {
        if matches!(slow, Slow::Silent) {
            return std::future::pending().await;
        }
        while writer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        // Closed, or reset: either way it is over.
        _ = read => {}
        () = write => {}
        () = tokio::time::sleep(3 * TIMEOUT) => panic!("{slow:?} is never closed"),
    }
    connected.elapsed()
}

async fn p99(api: &Api, access: &str, long: Duration) -> Duration {
    let started = Instant::now();
    let mut times = Vec::new();
    while started.elapsed() < long {
        let asked = Instant::now();
        assert_eq!(api.me(access).await.unwrap().status, 200);
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    percentile(&mut times, 99)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time: `make faults` runs it"]
async fn h21_a_thousand_slow_clients_hold_up_nobody() {
    let server = serve(place());
    let api = Api::of(&server);
    let access = api.newcomer("ada").await.access;
    let before = p99(&api, &access, Duration::from_secs(5)).await;
    let slow: Vec<_> = (0..1_000)
        .map(|number| {
            let address = address(&server);
            let slow = [Slow::Header, Slow::Body, Slow::Silent][number % 3];
            tokio::spawn(async move { trickle(&address, slow).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let during = p99(&api, &access, Duration::from_secs(8)).await;
    // A new connection, too.
    let newcomer = Instant::now();
    assert_eq!(reqwest::get(server.url("/healthz")).await.unwrap().status(), 200);
    let newcomer = newcomer.elapsed();
    let mut closed = Vec::new();
    for connection in slow {
        closed.push(connection.await.unwrap());
    }
    let longest = percentile(&mut closed, 100);
    eprintln!(
        "others' p99 was {before:?} before and {during:?} during; a new connection {newcomer:?}; \
         slow ones were closed after {:?} (median), {longest:?} (longest)",
        percentile(&mut closed, 50),
    );
    assert!(longest < TIMEOUT + MARGIN);
    // Twice as long, or too short to be told apart from the machine's own business.
    assert!(during < (2 * before).max(Duration::from_millis(10)));
    assert!(newcomer < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time: `make faults` runs it"]
async fn h21_there_are_never_more_connections_than_allowed() {
    let server = serve(place().with_env("COUNTERSIGN_SERVER_MAX_CONNECTIONS", "50"));
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let address = address(&server);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.unwrap();
                stream.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await.unwrap();
                tokio::time::sleep(TIMEOUT).await;
            })
        })
        .collect();
    let mut most = 0;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        most = most.max(sockets(&server));
    }
    eprintln!("{most} sockets at the most, with 200 clients");
    // The listener, and what a signal wakes.
    assert!((50..=55).contains(&most), "{most}");
    for connection in slow {
        connection.await.unwrap();
    }
    assert_eq!(reqwest::get(server.url("/healthz")).await.unwrap().status(), 200);
}

fn sockets(server: &Server) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap();
    let is_socket = |path: std::path::PathBuf| {
        std::fs::read_link(path).is_ok_and(|link| link.to_string_lossy().starts_with("socket:"))
    };
    files.filter(|file| is_socket(file.as_ref().unwrap().path())).count()
}
