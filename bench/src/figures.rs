//! What was measured, one JSON object a line: `id`, `value`, `unit`, and the `ratio` to what it was
//! measured beside. Facts about the run are lines with a `name` and a `text`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Prints a figure; the progress that people see goes to the other stream.
pub(crate) fn figure(id: &str, value: f64, unit: &str) {
    println!("{}", json!({ "id": id, "value": value, "unit": unit }));
    eprintln!("  {id:<48} {value:>12.3} {unit}");
}

/// Prints a figure with its ratio to what it was measured beside.
pub(crate) fn compared(id: &str, value: f64, unit: &str, ratio: f64) {
    println!("{}", json!({ "id": id, "value": value, "unit": unit, "ratio": ratio }));
    eprintln!("  {id:<48} {value:>12.3} {unit}   {ratio:.3} x");
}

/// Prints a fact.
pub(crate) fn fact(name: &str, text: &str) {
    println!("{}", json!({ "name": name, "text": text }));
}

/// All lines of a run.
#[derive(Default)]
pub(crate) struct Figures {
    figures: BTreeMap<String, Figure>,
    facts: Vec<(String, String)>,
}

pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) ratio: Option<f64>,
}

impl Figures {
    pub(crate) fn parse(lines: &str) -> Result<Self> {
        let mut figures = Self::default();
        for line in lines.lines().filter(|line| line.starts_with('{')) {
            let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            let text = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
            let number = |name: &str| line.get(name).and_then(Value::as_f64);
            if let (Some(id), Some(value)) = (text("id"), number("value")) {
                let unit = text("unit").unwrap_or_default();
                figures.figures.insert(id, Figure { value, unit, ratio: number("ratio") });
            } else if let (Some(name), Some(text)) = (text("name"), text("text")) {
                figures.facts.push((name, text));
            }
        }
        Ok(figures)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Figure> {
        self.figures.get(id)
    }

    pub(crate) fn value(&self, id: &str) -> Option<f64> {
        self.get(id).map(|figure| figure.value)
    }

    pub(crate) fn ratio(&self, id: &str) -> Option<f64> {
        self.get(id)?.ratio
    }

    /// How many times the first is the second.
    pub(crate) fn times(&self, first: &str, second: &str) -> Option<f64> {
        Some(self.value(first)? / self.value(second)?)
    }

    /// The smallest of these.
    pub(crate) fn least(&self, ids: &[&str]) -> Option<f64> {
        ids.iter().filter_map(|id| self.value(id)).min_by(f64::total_cmp)
    }

    pub(crate) fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.facts.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}
