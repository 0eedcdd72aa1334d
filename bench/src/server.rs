//! The server as a process: start, readiness, footprint.

use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::figures::figure;

/// A running server.
pub(crate) struct Server {
    pub(crate) base_url: String,
    process: Child,
    folder: Arc<TempDir>,
    ready_after: Duration,
}

impl Server {
    /// Starts `binary` on a new database, on the first core. `settings` are environment variables.
    pub(crate) async fn start(binary: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(Arc::new(tempfile::tempdir()?), binary, settings).await
    }

    /// Starts another process like this one on the same database.
    pub(crate) async fn start_beside(
        &self,
        binary: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        Self::start_in(Arc::clone(&self.folder), binary, settings).await
    }

    async fn start_in(
        folder: Arc<TempDir>,
        binary: &Path,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let database = format!("sqlite:///{}", folder.path().join("bench.db").display());
        let began = Instant::now();
        let mut process = Command::new("taskset")
            .args(["-c", "0"])
            .arg(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
            .args(["--issuer", "http://127.0.0.1:8080", "--audience", "bench"])
            .args(["--database", &database])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("start the server with taskset (package util-linux)")?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.context("the server ended")?;
        let ready_after = began.elapsed();
        let base_url = line.split_whitespace().find(|word| word.starts_with("http"));
        let base_url = base_url.context("no address in the first line")?.to_owned();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { base_url, process, folder, ready_after })
    }

    fn resident_megabytes(&self) -> Result<f64> {
        let id = self.process.id().context("the server ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: f64 = line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }
}

/// Start-up time, idle memory and size of the binary.
pub(crate) async fn footprint(binary: &Path) -> Result<()> {
    let size = fs::metadata(binary)?.len() as f64 / 1e6;
    let server = Server::start(binary, &[]).await?;
    let ready = server.ready_after.as_secs_f64() * 1_000.0;
    tokio::time::sleep(Duration::from_secs(2)).await;
    figure("server/binary", size, "MB");
    figure("server/ready", ready, "ms");
    figure("server/resident", server.resident_megabytes()?, "MB");
    Ok(())
}
