//! The real program is killed under load, again and again, and started on what it left behind:
//! nothing that it acknowledged may be missing, and nothing may be half there.
//!
//! `COUNTERSIGN_CRASH_KILLS` says how often (20), `COUNTERSIGN_CRASH_SEED` repeats the choices of a
//! run: who asks for what, and after how long it is killed. What meets what inside the server is
//! the machine's; a failure names its seed and keeps its journal.

mod checker;
mod journal;
mod load;

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use self::{
    checker::{Database, check, check_old_predecessors},
    journal::JournalFile,
    load::{Client, Violation},
};
use crate::{
    probe::{Api, Choices, place, seed, serve},
    server::{AUDIENCE, ISSUER, Place, Server},
};

const CLIENTS: usize = 16;
/// It must be ready again within this.
const READY: Duration = Duration::from_secs(2);

struct Run {
    server: Server,
    clients: Vec<Client>,
    database: Database,
    choices: Choices,
    journal: JournalFile,
    starts: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    let kills = std::env::var("COUNTERSIGN_CRASH_KILLS").ok();
    let kills: usize = kills.map_or(20, |text| text.parse().expect("a number of kills"));
    let seed = seed("COUNTERSIGN_CRASH_SEED");
    let mut run = Run::new(seed, "").await;
    if let Err(violation) = run.all(kills).await {
        run.journal.note(&violation);
        panic!(
            "{violation}\nseed: COUNTERSIGN_CRASH_SEED={seed}\njournal: {}\nserver's log:\n{}",
            run.journal.path().display(),
            run.server.log()
        );
    }
    run.report(kills, seed);
    run.journal.remove();
}

/// What a database that lost something would look like.
const DAMAGES: [(&str, &str); 9] = [
    (
        "an account",
        "DELETE FROM users WHERE id = (SELECT user_id FROM sessions ORDER BY id DESC LIMIT 1)",
    ),
    (
        "a password",
        "UPDATE users SET password_hash = (SELECT password_hash FROM users AS others \
         WHERE others.id <> users.id) \
         WHERE id = (SELECT user_id FROM sessions ORDER BY id DESC LIMIT 1)",
    ),
    (
        // Who has refreshed it was told of it: the very newest may be known to nobody yet.
        "a session",
        "DELETE FROM sessions WHERE id = \
         (SELECT max(id) FROM sessions WHERE counter > 0 AND ended_at IS NULL)",
    ),
    (
        "a rotation",
        "UPDATE sessions SET counter = counter - 1 WHERE id = \
         (SELECT id FROM sessions WHERE counter > 0 ORDER BY rotated_at LIMIT 1)",
    ),
    (
        "the end of a session",
        "UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = \
         (SELECT id FROM sessions WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT 1)",
    ),
    (
        "the revocation of a session",
        "DELETE FROM revocations WHERE seq = \
         (SELECT min(seq) FROM revocations WHERE kind = 'session')",
    ),
    (
        "the revocations of access tokens",
        "DELETE FROM revocations WHERE kind = 'token' \
         AND (SELECT count(*) FROM revocations WHERE kind = 'token') > 3",
    ),
    (
        "an audit row of an end",
        "DELETE FROM events WHERE id = (SELECT min(id) FROM events WHERE kind = 'session.ended')",
    ),
    (
        "the audit rows of revoked access tokens",
        "DELETE FROM events WHERE kind = 'token.revoked' \
         AND (SELECT count(*) FROM events WHERE kind = 'token.revoked') > 3",
    ),
];

/// The checker is worth its name: whatever is taken out of the database, it misses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_missed() {
    let seed = seed("COUNTERSIGN_CRASH_SEED");
    for (number, (what, damage)) in DAMAGES.into_iter().enumerate() {
        let mut run = Run::new(seed, &format!("-{number}")).await;
        let missed = run.damaged(damage).await;
        let Err(violation) = missed else { panic!("{what} was not missed; seed {seed}") };
        eprintln!("{what}: {violation}");
        run.journal.remove();
    }
}

impl Run {
    /// A new server, which is killed some times already while it makes its database.
    async fn new(seed: u64, suffix: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-crash-{seed}{suffix}.journal"));
        let journal = JournalFile::create(&path);
        let mut choices = Choices::new(seed);
        let place = place();
        for _ in 0..4 {
            kill_while_starting(&place, choices.millis(1, 120)).await;
        }
        Self {
            server: serve(place),
            clients: (0..CLIENTS)
                .map(|number| Client::new(number, seed, journal.clone()))
                .collect(),
            database: Database::default(),
            choices,
            journal,
            starts: Vec::new(),
        }
    }

    /// One kill, then this is done to the database, then the check.
    async fn damaged(&mut self, damage: &str) -> Result<(), Violation> {
        let mut changed = 0;
        for kill in 0..10 {
            // Long enough that the oldest of anything was acknowledged.
            self.load_and_kill(kill, Duration::from_secs(1)).await?;
            let database = rusqlite::Connection::open(self.server.dir.database()).unwrap();
            changed = database.execute(damage, []).unwrap();
            drop(database);
            self.start().await?;
            if changed > 0 {
                break;
            }
            self.check().await?;
        }
        assert!(changed > 0, "there was nothing to take out");
        self.check().await
    }

    async fn all(&mut self, kills: usize) -> Result<(), Violation> {
        for kill in 0..kills {
            let patience = self.choices.millis(100, 1_200);
            self.load_and_kill(kill, patience).await?;
            self.start().await?;
            self.check().await?;
        }
        self.at_rest().await
    }

    /// All clients at once, and at a random moment no server any more.
    async fn load_and_kill(&mut self, kill: usize, patience: Duration) -> Result<(), Violation> {
        let api = Api::of(&self.server);
        let stop = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = self
            .clients
            .drain(..)
            .map(|mut client| {
                let (api, stop) = (api.clone(), Arc::clone(&stop));
                tokio::spawn(async move {
                    let result = client.work(&api, &stop).await;
                    (client, result)
                })
            })
            .collect();
        tokio::time::sleep(patience).await;
        self.journal.note(format_args!("kill {kill} after {patience:?}"));
        self.server.kill9();
        stop.store(true, Ordering::Relaxed);
        for task in tasks {
            let (client, result) = task.await.unwrap();
            self.clients.push(client);
            result?;
        }
        Ok(())
    }

    /// Starts it again; one in three times it is killed while it starts, too.
    async fn start(&mut self) -> Result<(), Violation> {
        if self.choices.below(3) == 0 {
            kill_while_starting(&self.server.dir, self.choices.millis(1, 80)).await;
        }
        let started = Instant::now();
        self.server.restart();
        let api = Api::of(&self.server);
        loop {
            let ready = api.get("/readyz", "").await.map_err(|lost| lost.to_string())?;
            if ready.status == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = started.elapsed();
        self.starts.push(took);
        self.journal.note(format_args!("ready after {took:?}"));
        if took > READY {
            return Err(format!("it was ready after {took:?}, not within {READY:?}"));
        }
        Ok(())
    }

    async fn check(&mut self) -> Result<(), Violation> {
        self.database.read(&self.server.dir.database())?;
        self.database.expect(&mut self.clients)?;
        let api = Api::of(&self.server);
        let database = Arc::new(std::mem::take(&mut self.database));
        let tasks: Vec<_> = self
            .clients
            .drain(..)
            .map(|mut client| {
                let (api, database) = (api.clone(), Arc::clone(&database));
                tokio::spawn(async move {
                    let result = check(&mut client, &api, &database).await;
                    (client, result)
                })
            })
            .collect();
        for task in tasks {
            let (client, result) = task.await.unwrap();
            self.clients.push(client);
            result?;
        }
        self.database = Arc::into_inner(database).unwrap();
        Ok(())
    }

    /// The last look: every account, every session, every audit row, read anew.
    async fn at_rest(&mut self) -> Result<(), Violation> {
        for client in &mut self.clients {
            client.accounts.iter_mut().for_each(|account| account.touched = true);
        }
        let api = Api::of(&self.server);
        let mut thefts = 0;
        for client in &mut self.clients {
            thefts += check_old_predecessors(client, &api, 8).await?;
        }
        self.check().await?;
        self.server.restart();
        let expected = std::mem::take(&mut self.database);
        self.database = expected.forgetting_rows();
        self.database.read(&self.server.dir.database())?;
        self.database.expect(&mut self.clients)?;
        self.journal.note(format_args!("{thefts} late predecessors"));
        Ok(())
    }

    fn report(&mut self, kills: usize, seed: u64) {
        let requests: u64 = self.clients.iter().map(|client| client.journal.asked()).sum();
        let accounts: usize = self.clients.iter().map(|client| client.accounts.len()).sum();
        let sessions: usize = self.clients.iter().map(|client| client.sessions.len()).sum();
        self.starts.sort_unstable();
        eprintln!(
            "{kills} kills, {requests} requests, {accounts} accounts, {sessions} sessions, {} \
             acknowledged changes audited; ready again after {:?} (median) and {:?} (longest); \
             seed {seed}",
            self.database.expectations(),
            self.starts[self.starts.len() / 2],
            self.starts.last().unwrap(),
        );
    }
}

/// Starts it on this folder's database, and kills it after so long.
async fn kill_while_starting(place: &Place, after: Duration) {
    let database = place.database_url();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &database,
        "--issuer",
        ISSUER,
        "--audience",
        AUDIENCE,
    ];
    let mut command = place.command(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::sleep(after).await;
    let _ = child.kill();
    child.wait().unwrap();
}
