//! Logs: to standard error, one line each, nothing in them that could move a cursor.
//!
//! Our own crates are logged at the level that is asked for, others from `warn` up. What HTTP and
//! TLS crates log below that shows headers and with them tokens, so it cannot be had at all.

mod filter;
mod writer;

use std::panic;

use countersign::config::LogFormat;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

use self::{filter::parse, writer::OneLine};
use crate::failure::Failure;

/// Starts logging for `serve`.
pub(crate) fn start(format: LogFormat, level: &str) -> Result<(), Failure> {
    let filter = parse(level).map_err(|problem| Failure::input(format!("log.level: {problem}")))?;
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(OneLine::stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Pretty => layer.boxed(),
    };
    // A second start in one process would keep the first; there is none.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    panic::set_hook(Box::new(|panic| {
        // Its message may quote what was being worked on; where it happened is enough.
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic: please report this");
    }));
    Ok(())
}

/// Warnings only, for commands whose output is the answer.
pub(crate) fn start_quiet() {
    // "warn" can be read.
    let _ = start(LogFormat::Pretty, "warn");
}
