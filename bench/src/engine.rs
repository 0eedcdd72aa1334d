//! The engine without HTTP: sessions issued without the hash.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::Result;
use countersign_engine::{
    Engine, EngineConfig, Parts, guard::time::SystemClock, ids::Origin, master::MasterKeys,
    ops::start_session::StartSessionRequest, random::SystemRandom,
};
use countersign_store::sqlite::{SqliteOptions, SqliteStore};
use secrecy::ExposeSecret;

use crate::measure::{Load, rate};

struct Issue {
    engine: Engine,
    subject: usize,
    issued: usize,
}

impl Load for Issue {
    async fn step(&mut self) -> Result<()> {
        // A hundred sessions a user, so that none must end to make room.
        let subject = format!("user-{}-{}", self.subject, self.issued / 100);
        self.issued += 1;
        let request = StartSessionRequest {
            subject: subject.parse()?,
            scopes: BTreeSet::from(["read".to_owned()]),
            claims: serde_json::Map::new(),
            amr: Vec::new(),
            resource: None,
        };
        self.engine.start_session(request, &Origin::default()).await?;
        Ok(())
    }
}

/// Sessions issued a second, everything but the password hash.
pub(crate) async fn sessions() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(&SqliteOptions::new(folder.path().join("bench.db")))?;
    let random = Arc::new(SystemRandom);
    let master = MasterKeys::parse(MasterKeys::generate(1, random.as_ref()).expose_secret())?;
    let config = EngineConfig::new("http://127.0.0.1:8080", &["bench"])?;
    let clock = Arc::new(SystemClock::new());
    let parts = Parts::new(config, Arc::new(store), master, clock, random);
    let engine = Engine::open(parts).await?;
    rate("server/sessions", 64, |subject| {
        let engine = engine.clone();
        async move { Ok(Issue { engine, subject, issued: 0 }) }
    })
    .await
}
