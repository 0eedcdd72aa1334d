//! Rotation through the whole engine on a file, by two engines as two processes would: many rounds,
//! and in each everybody at the same moment.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use countersign_engine::{
    Engine, EngineConfig, Error, Parts, TokenResponse,
    guard::{Presented, time::SystemClock},
    ids::Origin,
    master::MasterKeys,
    ops::{
        callers::ClientCredentials, logout::LogoutProof, refresh::RefreshRequest,
        revoke::RevokeRequest, start_session::StartSessionRequest,
    },
    random::SystemRandom,
    store::Sessions,
};
use countersign_store::sqlite::{SqliteOptions, SqliteStore};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Barrier;

const ROUNDS: u32 = 500;

/// Two engines that share nothing but the file, and a handle to look at its rows.
async fn engines(folder: &Path) -> ([Engine; 2], SqliteStore) {
    let options = SqliteOptions::new(folder.join("auth.db"));
    let master = MasterKeys::generate(1, &SystemRandom);
    let open = async || {
        let mut config = EngineConfig::new("https://auth.example", &["api"]).unwrap();
        config.limits.failures_address = "1000000/minute".parse().unwrap();
        let parts = Parts::new(
            config,
            Arc::new(SqliteStore::open(&options).unwrap()),
            MasterKeys::parse(master.expose_secret()).unwrap(),
            Arc::new(SystemClock::new()),
            Arc::new(SystemRandom),
        );
        Engine::open(parts).await.unwrap()
    };
    ([open().await, open().await], SqliteStore::open(&options).unwrap())
}

async fn start(engine: &Engine) -> TokenResponse {
    let request = StartSessionRequest {
        subject: "ada".parse().unwrap(),
        scopes: BTreeSet::new(),
        claims: serde_json::Map::new(),
        amr: Vec::new(),
        resource: None,
    };
    engine.start_session(request, &Origin::default()).await.unwrap()
}

async fn refresh(engine: &Engine, token: &SecretString) -> Result<TokenResponse, Error> {
    let request = RefreshRequest {
        refresh_token: token.clone(),
        scope: None,
        client: ClientCredentials::default(),
        idempotency_key: None,
    };
    engine.refresh(request, &Origin::default()).await
}

async fn refresh_at_once(
    engines: &[Engine; 2],
    token: &SecretString,
    many: usize,
) -> Vec<Result<TokenResponse, Error>> {
    let start = Arc::new(Barrier::new(many));
    let tasks: Vec<_> = (0..many)
        .map(|number| {
            let (engine, token) = (engines[number % 2].clone(), token.clone());
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                refresh(&engine, &token).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h08_500_rounds_of_64_parallel_refreshes_have_one_successor_each() {
    let folder = tempfile::tempdir().unwrap();
    let (engines, store) = engines(folder.path()).await;
    let mut pair = start(&engines[0]).await;
    let id = pair.session_id.parse().unwrap();
    for round in 1..=ROUNDS {
        let answers = refresh_at_once(&engines, &pair.refresh_token, 64).await;
        let successors: BTreeSet<String> = answers
            .iter()
            .map(|answer| answer.as_ref().unwrap().refresh_token.expose_secret().to_owned())
            .collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let session = store.find_session(id).await.unwrap().unwrap();
        assert_eq!((session.counter, session.ended_at), (round, None));
        pair = answers.into_iter().next().unwrap().unwrap();
        let presented = Presented::bearer(pair.access_token.expose_secret());
        assert!(engines[0].authenticate(&presented).is_ok(), "nobody is logged out");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h10_500_rounds_of_refreshes_against_an_end_leave_nothing_alive() {
    let folder = tempfile::tempdir().unwrap();
    let (engines, store) = engines(folder.path()).await;
    let mut won = 0;
    for round in 0..ROUNDS {
        let engine = &engines[0];
        let pair = start(engine).await;
        let end = {
            let (engine, token) = (engine.clone(), pair.refresh_token.clone());
            tokio::spawn(async move {
                for _ in 0..round % 7 {
                    tokio::task::yield_now().await;
                }
                if round % 2 == 0 {
                    let proof = LogoutProof::RefreshToken(token);
                    engine.logout(proof, false, &Origin::default()).await
                } else {
                    let client = ClientCredentials::default();
                    engine.revoke(RevokeRequest { token, client }, &Origin::default()).await
                }
            })
        };
        let here = [engine.clone(), engine.clone()];
        let answers = refresh_at_once(&here, &pair.refresh_token, 6).await;
        end.await.unwrap().unwrap();
        let given: Vec<TokenResponse> = answers.into_iter().filter_map(Result::ok).collect();
        won += usize::from(!given.is_empty());
        for tokens in given.iter().chain([&pair]) {
            let presented = Presented::bearer(tokens.access_token.expose_secret());
            assert!(engine.authenticate(&presented).is_err(), "round {round}");
            for engine in &engines {
                let refused = refresh(engine, &tokens.refresh_token).await;
                assert!(matches!(refused, Err(Error::InvalidGrant { .. })), "round {round}");
            }
        }
        let id = pair.session_id.parse().unwrap();
        assert!(store.find_session(id).await.unwrap().unwrap().ended_at.is_some());
    }
    assert!(won > 0, "the end always came first");
}
