//! What a password verification costs, beside argon2-cffi: CPU time, in turns.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use countersign_engine::{
    passwords::{Argon2Parameters, PasswordHasher, VerifyOutcome},
    random::SystemRandom,
    users::PasswordHash,
};
use secrecy::SecretString;
use serde_json::Value;

use crate::{figures::compared, measure::median};

const TURNS: usize = 25;
/// Verifications a turn.
const CALLS: u32 = 4;
const PASSWORD: &str = "a password of some length";

/// Measures the engine's hasher, as log-ins use it, and the peer, which is `script` run by `python`.
pub(crate) async fn compare(python: &Path, script: &Path) -> Result<()> {
    let mut peer = Peer::start(python, script)?;
    let ours = Ours::new().await?;
    ours.turn().await?;
    peer.turn()?;
    let (mut own, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (own_millis, their_millis) = (ours.turn().await?, peer.turn()?);
        own.push(own_millis);
        theirs.push(their_millis);
        ratios.push(own_millis / their_millis);
    }
    compared("argon2/countersign", median(own), "ms", median(ratios));
    compared("argon2/argon2-cffi", median(theirs), "ms", 1.0);
    peer.end()
}

struct Ours {
    hasher: PasswordHasher,
    hash: PasswordHash,
    password: SecretString,
}

impl Ours {
    async fn new() -> Result<Self> {
        let hasher = PasswordHasher::new(Argon2Parameters::default(), 1, 8, &SystemRandom)?;
        let password = SecretString::from(PASSWORD);
        let hash = hasher.hash(&password, &SystemRandom).await?;
        Ok(Self { hasher, hash, password })
    }

    /// Milliseconds of this process's CPU for one verification.
    async fn turn(&self) -> Result<f64> {
        let before = cpu_nanos()?;
        for _ in 0..CALLS {
            let outcome = self.hasher.verify(&self.password, Some(&self.hash)).await?;
            ensure!(outcome == VerifyOutcome::Match { upgrade: false }, "{outcome:?}");
        }
        Ok((cpu_nanos()? - before) / 1e6 / f64::from(CALLS))
    }
}

/// The CPU time of all threads of this process. They are idle by now, so that none has more on its
/// clock than the system has written down.
fn cpu_nanos() -> Result<f64> {
    let mut nanos = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += text.split(' ').next().context("no time in schedstat")?.parse::<f64>()?;
    }
    Ok(nanos)
}

/// A process that verifies so often as it is told by a line, and answers with what it cost.
struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &Path, script: &Path) -> Result<Self> {
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", python.display()))?;
        let orders = process.stdin.take().context("no stdin")?;
        let answers = BufReader::new(process.stdout.take().context("no stdout")?);
        let mut peer = Self { process, orders, answers };
        // Its first line says which version it is.
        print!("{}", peer.line()?);
        Ok(peer)
    }

    fn turn(&mut self) -> Result<f64> {
        writeln!(self.orders, "{CALLS}")?;
        let line = self.line()?;
        let answer: Value = serde_json::from_str(&line)?;
        answer.get("milliseconds").and_then(Value::as_f64).with_context(|| line)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "argon2-cffi's process ended");
        Ok(line)
    }

    fn end(self) -> Result<()> {
        let Self { mut process, orders, .. } = self;
        drop(orders);
        process.wait()?;
        Ok(())
    }
}
