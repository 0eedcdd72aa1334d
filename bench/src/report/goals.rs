//! The goals, each with the figures that say whether it is met.

use std::fmt::Write;

use anyhow::Result;

use super::number;
use crate::figures::Figures;

enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}
use Wanted::{AtLeast, AtMost};

struct Goal {
    what: &'static str,
    wanted: Wanted,
    unit: &'static str,
    reached: Option<f64>,
}

const BACKENDS: [&str; 2] = ["jsonwebtoken, aws_lc_rs", "jsonwebtoken, rust_crypto"];
const PYTHON_PEERS: [&str; 4] = ["PyJWT", "python-jose", "joserfc", "authlib"];

pub(super) fn write(figures: &Figures, page: &mut String) -> Result<()> {
    let goals: Vec<Goal> = [tokens, python, routes, revocation, server]
        .into_iter()
        .flat_map(|goals| goals(figures))
        .collect();
    let missed: Vec<&Goal> = goals.iter().filter(|goal| goal.is_met() == Some(false)).collect();
    writeln!(page, "\n## Goals\n")?;
    let measured = goals.iter().filter(|goal| goal.reached.is_some()).count();
    writeln!(page, "{} of {measured} met in this run.\n", measured - missed.len())?;
    writeln!(page, "| goal | wanted | reached | |\n|---|---|---|---|")?;
    for goal in &goals {
        goal.write(page)?;
    }
    Ok(())
}

impl Goal {
    fn is_met(&self) -> Option<bool> {
        self.reached.map(|reached| match self.wanted {
            AtLeast(least) => reached >= least,
            AtMost(most) => reached <= most,
        })
    }

    fn write(&self, page: &mut String) -> Result<()> {
        let (word, bound) = match self.wanted {
            AtLeast(least) => ("at least", least),
            AtMost(most) => ("at most", most),
        };
        let bound = if bound >= 1_000.0 { number(bound) } else { bound.to_string() };
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        let verdict = match self.is_met() {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let reached = self.reached.map_or(String::new(), |reached| number(reached) + " ");
        writeln!(page, "| {} | {word} {bound}{unit} | {reached}| {verdict} |", self.what)?;
        Ok(())
    }
}

const fn goal(
    what: &'static str,
    wanted: Wanted,
    unit: &'static str,
    reached: Option<f64>,
) -> Goal {
    Goal { what, wanted, unit, reached }
}

/// How many times quicker we are than the quicker backend of jsonwebtoken.
fn against_jsonwebtoken(figures: &Figures, what: &str) -> Option<f64> {
    let peers = BACKENDS.map(|backend| format!("{what}/{backend}"));
    let quicker = figures.least(&peers.each_ref().map(String::as_str))?;
    Some(quicker / figures.value(&format!("{what}/countersign"))?)
}

fn tokens(figures: &Figures) -> Vec<Goal> {
    let ratio = |what: &str| figures.ratio(&format!("{what}/countersign"));
    vec![
        goal("HS256 verify, to the bare MAC", AtMost(1.6), "", ratio("HS256 verify")),
        goal("the same without a `kid`", AtMost(1.6), "", ratio("HS256 verify, no kid")),
        goal(
            "HS256 verify, times the better jsonwebtoken (the least wanted is 3)",
            AtLeast(4.0),
            "",
            against_jsonwebtoken(figures, "HS256 verify"),
        ),
        goal(
            "HS256 sign, times the better jsonwebtoken",
            AtLeast(1.8),
            "",
            against_jsonwebtoken(figures, "HS256 sign"),
        ),
        goal("RS256 verify, to the bare signature", AtMost(1.05), "", ratio("RS256 verify")),
        goal("ES256 verify", AtMost(1.05), "", ratio("ES256 verify")),
        goal("EdDSA verify", AtMost(1.05), "", ratio("EdDSA verify")),
        goal("RS256 sign", AtMost(1.05), "", ratio("RS256 sign")),
        goal("ES256 sign", AtMost(1.05), "", ratio("ES256 sign")),
        goal("EdDSA sign", AtMost(1.05), "", ratio("EdDSA sign")),
    ]
}

fn python(figures: &Figures) -> Vec<Goal> {
    let times = |what: &str, peer: &str, ours: &str| {
        figures.times(&format!("python/{what}/{peer}"), &format!("python/{what}/{ours}"))
    };
    let peers = PYTHON_PEERS.map(|peer| format!("python/HS256 verify/{peer}"));
    let fastest = figures.least(&peers.each_ref().map(String::as_str));
    let ours = figures.value("python/HS256 verify/countersign");
    let fastest = fastest.zip(ours).map(|(fastest, ours)| fastest / ours);
    let to_pyjwt = |what: &str, ours: &str| times(what, "PyJWT", ours);
    let (verify, sign) = ("HS256 verify", "HS256 sign");
    let drop_in = to_pyjwt(verify, "countersign.jwt");
    let es256 = to_pyjwt("ES256 verify", "countersign");
    let remembered = to_pyjwt("ES256 verify", "engine, remembered");
    vec![
        goal(
            "Python: HS256 verify, times PyJWT",
            AtLeast(25.0),
            "",
            to_pyjwt(verify, "countersign"),
        ),
        goal("HS256 verify, times the fastest peer", AtLeast(13.0), "", fastest),
        goal("`countersign.jwt` HS256 decode, times PyJWT", AtLeast(10.0), "", drop_in),
        goal("HS256 sign, times PyJWT", AtLeast(12.0), "", to_pyjwt(sign, "countersign")),
        goal("ES256 verify, times PyJWT", AtLeast(2.0), "", es256),
        goal("ES256, a remembered token, times PyJWT", AtLeast(70.0), "", remembered),
    ]
}

fn routes(figures: &Figures) -> Vec<Goal> {
    let kept = |id: &str| figures.ratio(id);
    let rate = |host: &str, peer: &str| {
        figures.times(&format!("hosts/{host}/countersign"), &format!("hosts/{host}/{peer}"))
    };
    let (fje, redis) = ("flask-jwt-extended", "flask-jwt-extended-redis");
    vec![
        goal(
            "axum HS256, remembered, of the open route",
            AtLeast(0.85),
            "",
            kept("axum/HS256/countersign"),
        ),
        goal("axum ES256, remembered", AtLeast(0.93), "", kept("axum/ES256/countersign")),
        goal(
            "FastAPI HS256, of an empty dependency",
            AtLeast(0.9),
            "",
            kept("hosts/FastAPI HS256/countersign"),
        ),
        goal("FastAPI ES256", AtLeast(0.9), "", kept("hosts/FastAPI ES256/countersign")),
        goal("FastAPI HS256, times PyJWT", AtLeast(1.6), "", rate("FastAPI HS256", "pyjwt")),
        goal("FastAPI ES256, times PyJWT", AtLeast(1.6), "", rate("FastAPI ES256", "pyjwt")),
        goal(
            "Flask HS256, of the open route",
            AtLeast(0.92),
            "",
            kept("hosts/Flask HS256/countersign"),
        ),
        goal("Flask ES256", AtLeast(0.92), "", kept("hosts/Flask ES256/countersign")),
        goal("Flask HS256, times Flask-JWT-Extended", AtLeast(1.8), "", rate("Flask HS256", fje)),
        goal("the same with Redis", AtLeast(2.4), "", rate("Flask HS256", redis)),
        goal("Flask ES256, times Flask-JWT-Extended", AtLeast(1.8), "", rate("Flask ES256", fje)),
        goal("the same with Redis", AtLeast(2.4), "", rate("Flask ES256", redis)),
    ]
}

fn revocation(figures: &Figures) -> Vec<Goal> {
    let value = |what: &str| figures.value(&format!("revocation/{what}"));
    vec![
        goal("revocation among 1,000,000, let in", AtMost(100.0), "ns", value("let in")),
        goal("revocation among 1,000,000, refused", AtMost(100.0), "ns", value("revoked")),
        goal("memory of an entry", AtMost(64.0), "bytes", value("bytes")),
        goal(
            "a log-out is seen by another process, 99th percentile",
            AtMost(50.0),
            "ms",
            figures.value("server/revocation p99"),
        ),
    ]
}

fn server(figures: &Figures) -> Vec<Goal> {
    let value = |what: &str| figures.value(&format!("server/{what}"));
    vec![
        goal("refreshes a second, durable", AtLeast(2_000.0), "", value("refresh")),
        goal("their 99th percentile", AtMost(20.0), "ms", value("refresh p99")),
        goal("sessions issued a second", AtLeast(5_000.0), "", value("sessions")),
        goal(
            "Argon2id, to argon2-cffi's CPU",
            AtMost(0.65),
            "",
            figures.ratio("argon2/countersign"),
        ),
        goal("ready after start", AtMost(200.0), "ms", value("ready")),
        goal("resident memory, idle", AtMost(40.0), "MB", value("resident")),
        goal("the binary", AtMost(25.0), "MB", value("binary")),
    ]
}
