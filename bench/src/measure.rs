//! Rates and percentiles.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::figures::figure;

/// For so long each rate is measured.
pub(crate) const SPAN: Duration = Duration::from_secs(8);

/// Runs `tasks` loops for [`SPAN`] and prints their joint rate and the spread of single calls.
pub(crate) async fn rate<F, T>(id: &str, tasks: usize, start: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: Load + Send + 'static,
{
    let mut loops = Vec::new();
    for index in 0..tasks {
        loops.push(start(index).await?);
    }
    let began = Instant::now();
    let running: Vec<_> = loops
        .into_iter()
        .map(|mut load| {
            tokio::spawn(async move {
                let mut spans = Vec::new();
                while began.elapsed() < SPAN {
                    let at = Instant::now();
                    load.step().await?;
                    spans.push(at.elapsed());
                }
                anyhow::Ok(spans)
            })
        })
        .collect();
    let mut spans = Vec::new();
    for task in running {
        spans.extend(task.await??);
    }
    let elapsed = began.elapsed();
    figure(id, spans.len() as f64 / elapsed.as_secs_f64(), "/s");
    percentiles(id, spans);
    Ok(())
}

/// Prints the middle of these and their 99th percentile.
pub(crate) fn percentiles(id: &str, mut spans: Vec<Duration>) {
    spans.sort_unstable();
    figure(&format!("{id} p50"), millis(&spans, 500), "ms");
    figure(&format!("{id} p99"), millis(&spans, 990), "ms");
}

/// One loop of load.
pub(crate) trait Load {
    /// One call.
    fn step(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// The span below which `per_mille` of a thousand calls stayed.
fn millis(sorted: &[Duration], per_mille: usize) -> f64 {
    let index = sorted.len().saturating_sub(1) * per_mille / 1_000;
    sorted.get(index).map_or(0.0, |span| span.as_secs_f64() * 1_000.0)
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
