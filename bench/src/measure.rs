//! Rates and percentiles.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Result;

/// For so long each rate is measured.
pub(crate) const SPAN: Duration = Duration::from_secs(8);

/// Runs `tasks` loops for [`SPAN`] and prints their joint rate and the spread of single calls.
pub(crate) async fn rate<F, T>(name: &str, tasks: usize, start: impl Fn(usize) -> F) -> Result<()>
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
    spans.sort_unstable();
    let per_second = spans.len() as f64 / elapsed.as_secs_f64();
    println!(
        "{name:<44} {per_second:>8.0}/s   p50 {:>7.2} ms   p99 {:>7.2} ms   ({tasks} at once)",
        millis(&spans, 0.50),
        millis(&spans, 0.99)
    );
    Ok(())
}

/// One loop of load.
pub(crate) trait Load {
    /// One call.
    fn step(&mut self) -> impl Future<Output = Result<()>> + Send;
}

fn millis(sorted: &[Duration], quantile: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * quantile).round() as usize;
    sorted.get(index).map_or(0.0, |span| span.as_secs_f64() * 1_000.0)
}
