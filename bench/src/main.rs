//! The load generator of `make bench`, and what writes its report.
//!
//! `bench measure BINARY` measures a server binary and the engine on durable SQLite; the server runs
//! on one core and this client on the other, where there are two. `bench machine LOAD` says where that is.
//! Both print lines; `bench report FOLDER` reads the lines of a whole run and writes the page.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod engine;
mod figures;
mod http;
mod machine;
mod measure;
mod report;
mod server;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match arguments.as_slice() {
        [verb, load] if verb == Path::new("machine") => machine::describe(&load.to_string_lossy()),
        [verb, binary] if verb == Path::new("measure") => measure(binary)?,
        [verb, folder] if verb == Path::new("report") => report::write(folder)?,
        _ => bail!("usage: bench machine LOAD | bench measure BINARY | bench report FOLDER"),
    }
    Ok(())
}

fn measure(binary: &Path) -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build()?.block_on(async {
        server::footprint(binary).await?;
        http::refresh(binary).await?;
        http::login(binary).await?;
        engine::sessions().await?;
        engine::password_hash().await
    })
}
