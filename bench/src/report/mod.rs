//! `docs/benchmarks.md` and its plot, made of the lines of one run.

mod goals;
mod plot;
mod tables;

use std::{
    fmt::Write,
    fs,
    io::{Read, stdin},
    path::Path,
};

use anyhow::Result;

use crate::figures::Figures;

const INTRODUCTION: &str = "\
# Benchmarks

`make bench` builds everything optimised, measures, and writes this page and its plot. Both sides of a comparison take turns in one run,
so the ratios hold where absolute figures move with the machine. The peers get the same claims, check the same things (signature, `exp`,
`iss`, `aud`) and are configured as their documentation advises, with keys parsed beforehand where they can be. Nothing is asserted.

![the figures as bars: shorter is better for times, longer for shares](benchmarks.svg)
";

/// Reads the lines of a run and writes the page and the plot into `folder`.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let mut lines = String::new();
    stdin().read_to_string(&mut lines)?;
    let figures = Figures::parse(&lines)?;
    fs::write(folder.join("benchmarks.md"), page(&figures)?)?;
    fs::write(folder.join("benchmarks.svg"), plot::draw(&figures)?)?;
    Ok(())
}

fn page(figures: &Figures) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    writeln!(page, "\n## The run\n\n| | |\n|---|---|")?;
    for (name, text) in figures.facts() {
        writeln!(page, "| {name} | {text} |")?;
    }
    goals::write(figures, &mut page)?;
    for table in tables::TABLES {
        table.write(figures, &mut page)?;
    }
    Ok(page)
}

/// Three digits that say something, thousands apart.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.0..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => return thousands(value),
    };
    format!("{value:.decimals$}")
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"name": "Machine", "text": "a small one"}
what a program said
{"id": "HS256 verify/bare", "value": 0.4, "unit": "us", "ratio": 1.0}
{"id": "HS256 verify/countersign", "value": 0.62, "unit": "us", "ratio": 1.55}
{"id": "revocation/let in", "value": 120.0, "unit": "ns a check"}
"#;

    #[test]
    fn numbers_have_three_digits_that_say_something() {
        let written = [0.0494, 0.651, 1.576, 15.52, 282.4, 1_408.0, 12_075.4, 1_234_567.0];
        let written = written.map(number);
        let expected = ["0.049", "0.651", "1.58", "15.5", "282", "1,408", "12,075", "1,234,567"];
        assert_eq!(written, expected);
    }

    #[test]
    fn goals_are_met_missed_or_not_measured() {
        let figures = Figures::parse(LINES).unwrap();
        let page = page(&figures).unwrap();
        assert!(page.contains("| Machine | a small one |"), "{page}");
        assert!(page.contains("at most 1.6 | 1.55 | met"), "{page}");
        assert!(page.contains("at most 100 ns | 120 | **missed**"), "{page}");
        assert!(page.contains("at least 5,000 | | not measured"), "{page}");
    }

    #[test]
    fn what_was_measured_stands_in_tables_and_bars() {
        let figures = Figures::parse(LINES).unwrap();
        let page = page(&figures).unwrap();
        assert!(page.contains("0.620 us (1.55)"), "{page}");
        let plot = plot::draw(&figures).unwrap();
        assert!(plot.starts_with("<svg") && plot.contains("0.620 us"), "{plot}");
    }
}
