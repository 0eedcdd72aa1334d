//! The revocation view with a million entries.

use std::{
    fs,
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use countersign_guard::{
    revocation::{RevocationView, Subject, Target},
    time::Timestamp,
};

use crate::figures::figure;
use crate::measure::median;

const ENTRIES: u64 = 1_000_000;
const CALLS: u64 = 20_000;
const ROUNDS: usize = 51;
const TURN: usize = 500;

pub(crate) fn measure() -> Result<()> {
    let view = RevocationView::new(2_000_000, Duration::from_secs(300));
    let before = resident()?;
    for number in 0..ENTRIES {
        view.apply(&target(number), Some(Timestamp::from_seconds(1)));
    }
    let bytes = (resident()? - before) / ENTRIES as f64;
    figure("revocation/bytes", bytes, "bytes an entry, resident", None);

    let refused: Vec<Ids> = (0..CALLS).map(|call| Ids::new(scattered(call), 0)).collect();
    let let_in: Vec<Ids> = (0..CALLS).map(|call| Ids::new(scattered(call), ENTRIES)).collect();
    figure("revocation/revoked", check(&view, &refused, true), "ns a check", None);
    figure("revocation/let in", check(&view, &let_in, false), "ns a check", None);
    let writing = while_writing(&view, || check(&view, &let_in, false));
    figure("revocation/let in, while entries are written", writing, "ns a check", None);
    Ok(())
}

/// Sessions, tokens and users in turns.
fn target(number: u64) -> Target {
    let id = id(number);
    match number % 3 {
        0 => Target::Session { id },
        1 => Target::Token { id },
        _ => Target::User { id, below: 5 },
    }
}

/// In the form of a UUID.
fn id(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}-7b5a-7c3e-9d5b-{number:012x}", mixed >> 32)
}

/// One entry after the other, far from each other.
fn scattered(call: u64) -> u64 {
    call * 48_271 % (ENTRIES / 3) * 3
}

/// The ids of one token.
struct Ids {
    token: String,
    session: String,
    user: String,
}

impl Ids {
    fn new(number: u64, beyond: u64) -> Self {
        let at = |kind: u64| id(number + kind + beyond);
        Self { session: at(0), token: at(1), user: at(2) }
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            token_id: &self.token,
            session_id: &self.session,
            user_id: &self.user,
            generation: 1,
            client_id: "first-party",
            key_id: "key",
        }
    }
}

/// The median of the turns, in nanoseconds.
fn check(view: &RevocationView, ids: &[Ids], expected: bool) -> f64 {
    let turn = |ids: &[Ids]| {
        let began = Instant::now();
        for ids in ids {
            assert_eq!(view.is_revoked(black_box(&ids.subject())), expected);
        }
        began.elapsed().as_secs_f64() * 1e9 / ids.len() as f64
    };
    // Short enough to be over before the next interruption.
    let turns = (0..ROUNDS).flat_map(|_| ids.chunks(TURN)).map(turn);
    median(turns.collect())
}

/// Measures while another thread revokes as fast as it can.
fn while_writing(view: &RevocationView, measure: impl FnOnce() -> f64) -> f64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 10 * ENTRIES;
            while !done.load(Ordering::Relaxed) && number < 10 * ENTRIES + 900_000 {
                view.apply(&target(number), Some(Timestamp::from_seconds(1)));
                number += 1;
            }
        });
        let nanos = measure();
        done.store(true, Ordering::Relaxed);
        nanos
    })
}

fn resident() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024.0)
}
