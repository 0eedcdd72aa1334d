//! The tables: which figures stand in which.

use std::fmt::Write;

use anyhow::Result;

use super::number;
use crate::figures::Figures;

pub(super) struct Table {
    title: &'static str,
    note: &'static str,
    /// What follows the row's prefix in an id, and how the column is headed.
    columns: &'static [(&'static str, &'static str)],
    /// The prefix of the ids of a row, and how it is called.
    rows: &'static [(&'static str, &'static str)],
}

pub(super) const TABLES: &[Table] = &[
    Table {
        title: "Tokens in Rust",
        note: "Eight claims. In brackets the ratio to the bare signature of aws-lc-rs with a prepared key. `remembered` is `CachedVerifier`: \
               a token that is always the same, and any of 10,000.",
        columns: &[
            ("/bare", "bare"),
            ("/countersign", "`countersign-jose`"),
            ("/countersign, into a struct", "into a struct"),
            ("/jsonwebtoken, aws_lc_rs", "jsonwebtoken, `aws_lc_rs`"),
            ("/jsonwebtoken, rust_crypto", "`rust_crypto`"),
            ("/remembered", "remembered"),
            ("/remembered among 10,000", "any of 10,000"),
        ],
        rows: &[
            ("HS256 verify", "HS256 verify"),
            ("HS256 verify, no kid", "without `kid`"),
            ("RS256 verify", "RS256 verify"),
            ("ES256 verify", "ES256 verify"),
            ("EdDSA verify", "EdDSA verify"),
            ("HS256 sign", "HS256 sign"),
            ("RS256 sign", "RS256 sign"),
            ("ES256 sign", "ES256 sign"),
            ("EdDSA sign", "EdDSA sign"),
        ],
    },
    Table {
        title: "Revocation, a million entries",
        note: "One check looks for a token's session, user and token id in memory. The ids are far apart and taken in turns, so that \
               caches help as little as they would in earnest.",
        columns: &[("", "measured")],
        rows: &[
            ("revocation/let in", "a token that is let in"),
            ("revocation/revoked", "a token that is refused"),
            (
                "revocation/let in, while entries are written",
                "let in, while another thread writes without pause",
            ),
            ("revocation/bytes", "memory"),
        ],
    },
    Table {
        title: "A protected route of axum",
        note: "HTTP over loopback; requests in a second of the server thread's own time, in brackets the share of the open route. \
               Countersign checks revocation and gives a principal; jsonwebtoken decodes the same token into a struct. It is the same \
               token each time, which Countersign remembers unless it is told not to.",
        columns: &[
            ("/open", "open"),
            ("/countersign", "Countersign"),
            ("/nothing remembered", "nothing remembered"),
            ("/jsonwebtoken", "jsonwebtoken, its better backend"),
        ],
        rows: &[("axum/HS256", "HS256"), ("axum/ES256", "ES256")],
    },
    Table {
        title: "Tokens from Python",
        note: "Claims to a dict, CPU time, in brackets how many times that of `countersign`. The engine's check gives a principal and \
               includes revocation.",
        columns: &[
            ("/countersign", "`countersign`"),
            ("/countersign.jwt", "`countersign.jwt`"),
            ("/PyJWT", "PyJWT"),
            ("/python-jose", "python-jose"),
            ("/joserfc", "joserfc"),
            ("/authlib", "Authlib"),
            ("/engine, remembered", "the engine's check"),
        ],
        rows: &[
            ("python/HS256 verify", "HS256 verify"),
            ("python/HS256 sign", "HS256 sign"),
            ("python/ES256 verify", "ES256 verify"),
            ("python/ES256 sign", "ES256 sign"),
        ],
    },
    Table {
        title: "Protected routes in Python",
        note: "One server process on one core, the client on the other, the routes in turns; median requests a second, in brackets the \
               share of an empty dependency (FastAPI) or of the open route (Flask), which are asked with the same header. It is the same token each time, \
               which Countersign remembers. Revocation is checked on our side always, on the peers' only with Redis.",
        columns: &[
            ("/open", "open"),
            ("/empty", "empty dependency"),
            ("/countersign", "Countersign"),
            ("/pyjwt", "PyJWT"),
            ("/flask-jwt-extended", "Flask-JWT-Extended"),
            ("/flask-jwt-extended-redis", "with a block list in Redis"),
        ],
        rows: &[
            ("hosts/FastAPI HS256", "FastAPI, HS256"),
            ("hosts/FastAPI ES256", "FastAPI, ES256"),
            ("hosts/Flask HS256", "Flask, HS256"),
            ("hosts/Flask ES256", "Flask, ES256"),
        ],
    },
    Table {
        title: "Server and engine, durable SQLite",
        note: "WAL, `synchronous=FULL`, group commit. The server runs on one core, the client on the other. Argon2id is CPU time, both \
               in turns; argon2-cffi gets its memory from the system for each hash and clears it after, ours is used again. With \
               `GLIBC_TUNABLES=glibc.malloc.hugetlb=1` in the environment (glibc 2.35 and later) that memory lies on huge pages, and \
               a hash takes about a tenth less.",
        columns: &[("", "measured"), (" p50", "p50"), (" p99", "p99")],
        rows: &[
            ("server/refresh", "refresh over HTTP, 64 sessions at once"),
            ("server/sessions", "sessions issued in process, without the hash, 64 at once"),
            ("server/login", "log-in over HTTP, Argon2id 19 MiB t=2 p=1, one core"),
            (
                "server/revocation",
                "from a log-out's answer until another process on the same database refuses its access token",
            ),
            ("argon2/countersign", "Argon2id verification (to argon2-cffi's)"),
            ("argon2/argon2-cffi", "the same with argon2-cffi"),
            ("server/ready", "ready after start, new database and keys"),
            ("server/resident", "resident memory, idle"),
            ("server/binary", "binary"),
        ],
    },
];

impl Table {
    /// Columns of which nothing was measured are left out.
    pub(super) fn write(&self, figures: &Figures, page: &mut String) -> Result<()> {
        let is_there = |suffix: &str| {
            self.rows.iter().any(|(prefix, _)| figures.get(&format!("{prefix}{suffix}")).is_some())
        };
        let columns: Vec<_> = self.columns.iter().filter(|(suffix, _)| is_there(suffix)).collect();
        writeln!(page, "\n## {}\n\n{}\n", self.title, self.note)?;
        if columns.is_empty() {
            writeln!(page, "Not measured in this run.")?;
            return Ok(());
        }
        let heads: Vec<_> = columns.iter().map(|(_, head)| *head).collect();
        writeln!(page, "| | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()))?;
        for (prefix, name) in self.rows {
            let cells: Vec<_> = columns
                .iter()
                .map(|(suffix, _)| cell(figures, &format!("{prefix}{suffix}")))
                .collect();
            writeln!(page, "| {name} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

fn cell(figures: &Figures, id: &str) -> String {
    let Some(figure) = figures.get(id) else { return String::new() };
    let unit = match figure.unit.as_str() {
        // The note says what it is.
        "requests a second of CPU" | "requests a second" => "",
        unit => unit,
    };
    let (value, ratio) = (number(figure.value), figure.ratio.filter(|ratio| *ratio != 1.0));
    let ratio = ratio.map_or(String::new(), |ratio| format!(" ({})", number(ratio)));
    format!("{value} {unit}").trim_end().to_owned() + &ratio
}
