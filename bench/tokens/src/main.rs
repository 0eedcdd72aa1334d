//! What verifying and signing a token costs, beside the bare signature of aws-lc-rs with a prepared
//! key and beside jsonwebtoken with both of its backends; what a revocation check costs; and what a
//! protected route of axum keeps of an open one. All sides of a comparison take turns in one run.
//!
//! `bench-tokens [tokens] [revocation] [axum]`: the parts named, or all of them.

mod bare;
mod figures;
mod measure;
mod peer;
mod revocation;
mod routes;

use std::{
    hint::black_box,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use countersign_jose::{Algorithm, Audience, CachedVerifier, Issuer, Signer, SigningKey, Verifier};
use serde::{Deserialize, Serialize};

use crate::bare::Bare;
use crate::measure::Table;
use crate::peer::{Backend, Peer};

const TOKENS: usize = 10_000;
const ISSUER: &str = "https://auth.example.com";
const AUDIENCE: &str = "api";

/// Eight claims, as an access token has them.
#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: String,
    client_id: String,
    scope: String,
}

impl Claims {
    fn new(subject: usize, now: i64) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            sub: format!("01910f3e-7b5a-7c3e-9d5b-{subject:012}"),
            aud: AUDIENCE.to_owned(),
            exp: now + 900,
            iat: now,
            jti: format!("01910f3e-7b5a-7c3e-9d5c-{subject:012}"),
            client_id: "first-party".to_owned(),
            scope: "read write".to_owned(),
        }
    }
}

fn main() -> Result<()> {
    peer::install();
    // jsonwebtoken asks the system's clock.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?;
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("tokens") {
        tokens(now)?;
    }
    if wanted("revocation") {
        revocation::measure()?;
    }
    if wanted("axum") {
        routes::measure(now)?;
    }
    figures::versions();
    Ok(())
}

fn tokens(now: i64) -> Result<()> {
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm)?;
        verify(&key, &Signer::new(key.clone()), "", now)?;
        sign(&key, now)?;
    }
    let key = SigningKey::generate(Algorithm::Hs256)?;
    verify(&key, &Signer::new(key.clone()).without_kid(), ", no kid", now)
}

fn verifier(key: &SigningKey) -> Result<Verifier> {
    let (issuer, audience) = (Issuer::one(ISSUER), Audience::one(AUDIENCE));
    Ok(Verifier::builder(key.verifying_key(), &[key.algorithm()], issuer, audience).build()?)
}

fn verify(key: &SigningKey, signer: &Signer, note: &str, now: i64) -> Result<()> {
    let token = signer.sign(&Claims::new(0, now))?;
    let bare = Bare::new(key)?;
    let (message, signature) = bare::split(&token)?;
    let ours = verifier(key)?;
    let peer = Peer::new(key)?;
    let remembered = Remembered::new(key, now)?;
    let mut at = 0;

    let mut table = Table::new(format!("{} verify{note}", key.algorithm()));
    table.row("bare", || bare.verify(black_box(message), black_box(&signature)));
    table.row("countersign", || ours.verify(black_box(&token), now).is_ok());
    table.row("countersign, into a struct", || {
        ours.verify_as::<Claims>(black_box(&token), now).is_ok()
    });
    for backend in Backend::ALL {
        let (peer, token) = (&peer, &token);
        table.row(backend.name(), move || peer.verify(backend, black_box(token)));
    }
    if let Some(remembered) = &remembered {
        table.row("remembered", || remembered.finds(black_box(0), now));
        table.row("remembered among 10,000", || {
            // An order that nothing guesses.
            at = (at + 7_919) % TOKENS;
            remembered.finds(at, now)
        });
    }
    table.measure();
    Ok(())
}

/// A cache that holds all these tokens.
struct Remembered {
    tokens: Vec<String>,
    verifier: CachedVerifier<Claims>,
}

impl Remembered {
    fn new(key: &SigningKey, now: i64) -> Result<Option<Self>> {
        if key.algorithm().is_symmetric() {
            return Ok(None);
        }
        let signer = Signer::new(key.clone());
        let tokens = (0..TOKENS).map(|subject| signer.sign(&Claims::new(subject, now)));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        let verifier = CachedVerifier::new(verifier(key)?, 2 * TOKENS);
        for token in &tokens {
            verifier.verify(token, now)?;
        }
        Ok(Some(Self { tokens, verifier }))
    }

    fn finds(&self, at: usize, now: i64) -> bool {
        self.tokens.get(at).is_some_and(|token| self.verifier.verify(token, now).is_ok())
    }
}

fn sign(key: &SigningKey, now: i64) -> Result<()> {
    let claims = Claims::new(0, now);
    let signer = Signer::new(key.clone());
    let token = signer.sign(&claims)?;
    let (message, _) = bare::split(&token)?;
    let bare = Bare::new(key)?;
    let peer = Peer::new(key)?;

    let mut table = Table::new(format!("{} sign", key.algorithm()));
    table.row("bare", || bare.sign(black_box(message)));
    table.row("countersign", || signer.sign(black_box(&claims)).is_ok());
    for backend in Backend::ALL {
        let (peer, claims) = (&peer, &claims);
        table.row(backend.name(), move || peer.sign(backend, black_box(claims)));
    }
    table.measure();
    Ok(())
}
