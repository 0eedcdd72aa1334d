//! What strangers can make the process hold in memory.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use countersign::engine::limits::{LocalLimiter, Rates};

use crate::{
    probe::{Answer, Api, PASSWORD, percentile, place, serve},
    server::Server,
};

const KIB: u64 = 1_024;
const MIB: u64 = 1_024 * KIB;

/// The resident memory of a process.
fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * KIB
}

#[test]
#[ignore = "makes a million keys: `make faults` runs it"]
fn h07_a_million_names_and_addresses_fit_64_mebibytes() {
    let before = resident("self");
    let limiter = LocalLimiter::new(LocalLimiter::DEFAULT_CAPACITY);
    let rates: Rates = "5/minute; 10 per 15 minutes".parse().unwrap();
    let now = Duration::from_secs(1_000);
    for _ in 0..5 {
        assert!(limiter.check("login", "victim", &rates, now).allowed);
    }
    assert!(!limiter.check("login", "victim", &rates, now).allowed);
    let mut highest = 0;
    for number in 0..1_000_000_u64 {
        let network = format!("2001:db8:{:x}:{:x}::/64", number >> 16, number & 0xffff);
        limiter.check("login", &format!("name-{number} from {network}"), &rates, now);
        if number % 10_000 == 0 {
            highest = highest.max(resident("self"));
            assert!(!limiter.check("login", "victim", &rates, now).allowed, "unlocked by a flood");
        }
    }
    let grown = highest.saturating_sub(before);
    eprintln!("{} budgets are kept; {} KiB more than before", limiter.len(), grown / KIB);
    assert!(grown < 64 * MIB);
    assert!(!limiter.check("login", "victim", &rates, now).allowed, "unlocked by a flood");
    let later = now + Duration::from_secs(60);
    assert!(limiter.check("login", "victim", &rates, later).allowed, "its time has passed");
}

/// What a hash takes by default, in bytes, and how many may run.
const HASH: u64 = 19_456 * KIB;
const PERMITS: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time and memory: `make faults` runs it"]
async fn h23_a_thousand_parallel_log_ins_cost_two_hashes_of_memory() {
    let server = serve(
        place()
            .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456")
            .with_env("COUNTERSIGN_PASSWORDS_ITERATIONS", "2")
            .with_env("COUNTERSIGN_PASSWORDS_CONCURRENCY", "2")
            .with_env("COUNTERSIGN_PASSWORDS_QUEUE", "64"),
    );
    let api = Api::of(&server);
    assert_eq!(api.register("ada", PASSWORD).await.unwrap().status, 201);
    let access = api.session("ada").await.access;
    // A thousand connections cost what they cost; the hashes are what is measured.
    all_at_once(1_000, || {
        let api = api.clone();
        async move { api.get("/healthz", "").await.unwrap() }
    })
    .await;
    let base = resident(&server.child.id().to_string());
    let watch = Watch::start(&server, &api, access);
    let asked = Instant::now();
    let answers = all_at_once(1_000, || {
        let api = api.clone();
        async move { api.login("ada", PASSWORD).await.unwrap() }
    })
    .await;
    let took = asked.elapsed();
    let (highest, mut others) = watch.end().await;
    report(base, highest, &answers, took);
    let mut refused: Vec<Duration> = Vec::new();
    for (answer, took) in &answers {
        match answer.status {
            200 => {}
            503 => {
                assert!(answer.retry_after.is_some());
                refused.push(*took);
            }
            _ => panic!("{answer:?}"),
        }
    }
    let (refused_after, others_after) = (percentile(&mut refused, 50), percentile(&mut others, 99));
    eprintln!(
        "refused after {refused_after:?} (median), others answered after {others_after:?} (p99)"
    );
    assert!(highest <= (base + PERMITS * HASH) * 12 / 10, "{highest} bytes");
    assert!(!refused.is_empty(), "the queue has an end");
    assert!(others_after < Duration::from_millis(50), "{others_after:?}");
}

fn report(base: u64, highest: u64, answers: &[(Answer, Duration)], took: Duration) {
    let done = answers.iter().filter(|(answer, _)| answer.status == 200).count();
    eprintln!(
        "{done} of 1,000 logged in, {took:?} altogether; {} MiB before, {} MiB at the highest",
        base / MIB,
        highest / MIB,
    );
}

async fn all_at_once<F: Future<Output = Answer> + Send + 'static>(
    many: usize,
    ask: impl Fn() -> F,
) -> Vec<(Answer, Duration)> {
    let tasks: Vec<_> = (0..many)
        .map(|_| {
            let asked = ask();
            tokio::spawn(async move {
                let started = Instant::now();
                let answer = asked.await;
                (answer, started.elapsed())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Looks at the memory, and verifies tokens meanwhile.
struct Watch {
    stop: Arc<AtomicBool>,
    highest: Arc<AtomicU64>,
    memory: std::thread::JoinHandle<()>,
    others: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Watch {
    fn start(server: &Server, api: &Api, access: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let highest = Arc::new(AtomicU64::new(0));
        let process = server.child.id().to_string();
        let memory = {
            let (stop, highest) = (Arc::clone(&stop), Arc::clone(&highest));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    highest.fetch_max(resident(&process), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(2));
                }
            })
        };
        let others = {
            let (stop, api) = (Arc::clone(&stop), api.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    for path in ["/users/me", "/healthz"] {
                        let asked = Instant::now();
                        assert_eq!(api.get(path, &access).await.unwrap().status, 200);
                        times.push(asked.elapsed());
                    }
                }
                times
            })
        };
        Self { stop, highest, memory, others }
    }

    async fn end(self) -> (u64, Vec<Duration>) {
        self.stop.store(true, Ordering::Relaxed);
        self.memory.join().unwrap();
        let others = self.others.await.unwrap();
        (self.highest.load(Ordering::Relaxed), others)
    }
}
