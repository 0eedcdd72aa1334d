//! Measures a server binary and the engine on durable SQLite, and prints what it finds.
//!
//! `bench BINARY` — the server runs on one core and this client on the other, where there are two.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

mod engine;
mod http;
mod measure;
mod server;

use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let binary: PathBuf = std::env::args_os().nth(1).context("usage: bench BINARY")?.into();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(run(binary))
}

async fn run(binary: PathBuf) -> Result<()> {
    println!("Countersign on durable SQLite (WAL, synchronous=FULL)");
    println!();
    server::footprint(&binary).await?;
    http::refresh(&binary).await?;
    http::login(&binary).await?;
    engine::sessions().await?;
    engine::password_hash().await?;
    Ok(())
}
