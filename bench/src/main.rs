//! The load generator of `make bench`, and what writes its report.
//!
//! `bench measure BINARY` measures a server binary and the engine on durable SQLite; the server runs
//! on one core and this client on the other, where there are two. `bench argon2 PYTHON SCRIPT` measures
//! the password hash beside argon2-cffi; `bench machine LOAD` says where that is. They print lines;
//! `bench report FOLDER` reads the lines of a whole run and writes the page.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod argon2;
mod elsewhere;
mod engine;
mod figures;
mod http;
mod machine;
mod measure;
mod report;
mod server;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tokio::runtime::{Builder, Runtime};

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match arguments.as_slice() {
        [verb, load] if verb == Path::new("machine") => machine::describe(&load.to_string_lossy()),
        [verb, binary] if verb == Path::new("measure") => measure(binary)?,
        [verb, python, script] if verb == Path::new("argon2") => {
            runtime()?.block_on(argon2::compare(python, script))?;
        }
        [verb, folder] if verb == Path::new("report") => report::write(folder)?,
        _ => bail!(
            "usage: bench machine LOAD | bench measure BINARY | bench argon2 PYTHON SCRIPT | \
             bench report FOLDER"
        ),
    }
    Ok(())
}

fn measure(binary: &Path) -> Result<()> {
    runtime()?.block_on(async {
        server::footprint(binary).await?;
        http::refresh(binary).await?;
        http::login(binary).await?;
        elsewhere::revocation(binary).await?;
        engine::sessions().await
    })
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
