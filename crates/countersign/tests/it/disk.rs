//! A disk that is really full: a small file system in memory, filled to the last byte.
//!
//! Mounting needs root. Where this machine does not let us, the tests say that they were skipped.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    probe::{Api, Choices, PASSWORD, Pair, place, seed, serve_database},
    server::Server,
};

/// It must work again so soon after there is room.
const RECOVERY: Duration = Duration::from_secs(5);

/// A file system of its own; goes with this value.
struct SmallDisk {
    root: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`, with a printed reason, where this machine does not let us mount.
    fn mount(mebibytes: usize) -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(root.path())
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { root }),
            Ok(output) => {
                let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                eprintln!("SKIPPED: this machine cannot mount a small disk: {reason}");
                None
            }
            Err(error) => {
                eprintln!("SKIPPED: there is no mount command: {error}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    fn database(&self) -> PathBuf {
        self.path().join("auth.db")
    }

    /// Leaves so many bytes.
    fn fill(&self, leave: u64) {
        let mut filler = File::options().create(true).append(true).open(self.filler()).unwrap();
        // Page by page, until nothing fits.
        while filler.write_all(&[0; 4_096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(leave)).unwrap();
    }

    /// There is room again.
    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that is about to be stopped may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn serve_on(disk: &SmallDisk) -> Server {
    serve_database(place(), &format!("sqlite:///{}", disk.database().display()))
}

/// What was acknowledged while the disk filled up.
#[derive(Default)]
struct Acknowledged {
    accounts: Vec<String>,
    /// By session: the newest pair.
    live: Vec<Pair>,
    dead: Vec<Pair>,
}

impl Acknowledged {
    /// All of it is there.
    async fn assert_kept(&mut self, api: &Api) {
        for name in &self.accounts {
            assert_eq!(api.login(name, PASSWORD).await.unwrap().status, 200, "{name} is lost");
        }
        for pair in &mut self.live {
            assert!(api.accepts(&pair.access).await);
            *pair = api.refresh(&pair.refresh).await.unwrap().pair();
        }
        for pair in &self.dead {
            api.assert_dead(pair).await;
        }
    }
}

/// Registers, refreshes and revokes until nothing can be written any more; how many were done. What
/// is refused is refused with 503.
async fn write_until_full(api: &Api, round: usize, kept: &mut Acknowledged) -> usize {
    let mut refused_in_a_row = 0;
    for number in 0..20_000 {
        let name = format!("user-{round}-{number}");
        let refused = match number % 4 {
            0 => {
                let answer = api.register(&name, PASSWORD).await.unwrap();
                match answer.status {
                    201 => kept.accounts.push(name),
                    status => assert_eq!((status, answer.error()), UNAVAILABLE, "{answer:?}"),
                }
                answer.status == 503
            }
            1 | 2 => {
                let index = number % kept.live.len();
                let answer = api.refresh(&kept.live[index].refresh).await.unwrap();
                match answer.status {
                    200 => kept.live[index] = answer.pair(),
                    status => assert_eq!((status, answer.error()), UNAVAILABLE, "{answer:?}"),
                }
                answer.status == 503
            }
            _ if kept.live.len() > 20 => {
                let pair = kept.live.swap_remove(number % kept.live.len());
                let answer = api.revoke(&pair.refresh).await.unwrap();
                // Acknowledged or not: this process refuses it from now on.
                assert!(!api.accepts(&pair.access).await, "{answer:?}");
                match answer.status {
                    200 => kept.dead.push(pair),
                    status => assert_eq!((status, answer.error()), UNAVAILABLE, "{answer:?}"),
                }
                answer.status == 503
            }
            _ => false,
        };
        refused_in_a_row = if refused { refused_in_a_row + 1 } else { 0 };
        if refused_in_a_row == 3 {
            return number;
        }
    }
    panic!("the disk is never full");
}

const UNAVAILABLE: (u16, &str) = (503, "temporarily_unavailable");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r03_a_full_disk_stops_writes_loses_nothing_and_passes() {
    let Some(disk) = SmallDisk::mount(6) else { return };
    let mut server = serve_on(&disk);
    let api = Api::of(&server);
    let mut choices = Choices::new(seed("COUNTERSIGN_DISK_SEED"));
    eprintln!("COUNTERSIGN_DISK_SEED is {choices:?}");
    let mut kept = Acknowledged::default();
    api.newcomer("ada").await;
    let mut slowest = Duration::ZERO;
    for round in 0..8 {
        for _ in 0..8 {
            kept.live.push(api.session("ada").await);
        }
        // So that each round fails at another write.
        disk.fill(choices.below(64 * 1_024) as u64);
        let written = write_until_full(&api, round, &mut kept).await;
        assert_full(&api, &mut kept).await;
        disk.empty();
        let emptied = Instant::now();
        wait_until_written(&api, round).await;
        slowest = slowest.max(emptied.elapsed());
        eprintln!(
            "round {round}: full after {written} requests, written again after {:?}",
            emptied.elapsed()
        );
        kept.assert_kept(&api).await;
    }
    assert!(slowest < RECOVERY);
    assert!(server.child.try_wait().unwrap().is_none(), "it was never started again");
    assert!(!server.log().contains("panicked"));
    server.kill9();
    server.restart();
    kept.assert_kept(&Api::of(&server)).await;
}

/// Nothing is written, everything is verified, and readiness says so.
async fn assert_full(api: &Api, kept: &mut Acknowledged) {
    for pair in &kept.live {
        assert!(api.accepts(&pair.access).await, "verification goes on");
    }
    for pair in &kept.dead {
        assert!(!api.accepts(&pair.access).await);
    }
    assert_eq!(api.get("/healthz", "").await.unwrap().status, 200);
    assert_eq!(api.get("/.well-known/jwks.json", "").await.unwrap().status, 200);
    let login = api.login("ada", PASSWORD).await.unwrap();
    assert_eq!((login.status, login.error()), UNAVAILABLE);
    assert!(login.retry_after.is_some(), "it says when to come back");
    let readiness = api.get("/readyz", "").await.unwrap();
    assert_eq!((readiness.status, readiness.error()), UNAVAILABLE);
    // Never acknowledged, refused nevertheless.
    let pair = kept.live.pop().unwrap();
    let answer = api.revoke(&pair.refresh).await.unwrap();
    assert_eq!((answer.status, answer.error()), UNAVAILABLE);
    assert!(!api.accepts(&pair.access).await);
}

async fn wait_until_written(api: &Api, round: usize) {
    let emptied = Instant::now();
    loop {
        let answer = api.register(&format!("after-{round}"), PASSWORD).await.unwrap();
        if answer.status == 201 {
            break;
        }
        assert_eq!((answer.status, answer.error()), UNAVAILABLE);
        assert!(emptied.elapsed() < RECOVERY, "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(api.get("/readyz", "").await.unwrap().status, 200);
}

/// Stopped by force while nothing can be written, and started with room: what was acknowledged is
/// there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r03_killed_on_a_full_disk_nothing_acknowledged_is_lost() {
    let Some(disk) = SmallDisk::mount(6) else { return };
    let mut server = serve_on(&disk);
    let api = Api::of(&server);
    let mut kept = Acknowledged::default();
    api.newcomer("ada").await;
    for _ in 0..30 {
        kept.live.push(api.session("ada").await);
    }
    disk.fill(0);
    write_until_full(&api, 0, &mut kept).await;
    server.kill9();
    disk.empty();
    server.restart();
    kept.assert_kept(&Api::of(&server)).await;
}
