//! What the engine logs, for Python's `logging`. Each engine's threads have a dispatcher of their
//! own, so that two engines in one process do not hear each other.

use std::fmt::Write as _;

use serde_json::json;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::notices::{Notice, Notifier};

/// Hands warnings and errors on; spans are not kept.
pub(crate) struct PythonLog(pub(crate) Notifier);

impl Subscriber for PythonLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("countersign")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let metadata = event.metadata();
        let level = if *metadata.level() == Level::ERROR { "ERROR" } else { "WARNING" };
        let notice = json!({
            "level": level,
            "target": metadata.target(),
            "message": format!("{}{}", line.message, line.fields),
        });
        self.0.send(Notice::Log(notice));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String does not fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}
