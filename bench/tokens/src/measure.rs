//! Taking turns, and medians.

use std::time::{Duration, Instant};

use crate::figures::figure;

/// Each row takes so many turns.
const TURNS: usize = 301;
/// Each turn lasts about so long: short enough to be over before the next interruption.
const TURN: Duration = Duration::from_micros(300);

/// What is compared. The first row is what the others are measured by.
pub(crate) struct Table<'a> {
    title: String,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'static str,
    step: Box<dyn FnMut() -> bool + 'a>,
    calls: u32,
    nanos: Vec<f64>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(title: String) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Adds a row; `step` says whether it did what it should.
    pub(crate) fn row(&mut self, name: &'static str, step: impl FnMut() -> bool + 'a) {
        self.rows.push(Row { name, step: Box::new(step), calls: 1, nanos: Vec::new() });
    }

    /// Measures, and prints figures under the title and the rows' names.
    pub(crate) fn measure(mut self) {
        for row in &mut self.rows {
            row.settle();
        }
        for _ in 0..TURNS {
            for row in &mut self.rows {
                let nanos = row.turn();
                row.nanos.push(nanos);
            }
        }
        let bare = self.rows.first().map(|row| row.nanos.clone()).unwrap_or_default();
        for row in &self.rows {
            let ratios = row.nanos.iter().zip(&bare).map(|(nanos, bare)| nanos / bare).collect();
            let (nanos, ratio) = (median(row.nanos.clone()), median(ratios));
            let id = format!("{}/{}", self.title, row.name);
            figure(&id, nanos / 1_000.0, "us", Some(ratio));
        }
    }
}

impl Row<'_> {
    /// Finds how many calls make a turn.
    fn settle(&mut self) {
        assert!((self.step)(), "{} does not work", self.name);
        while self.calls < 1 << 16 {
            let began = Instant::now();
            self.run();
            if began.elapsed() >= TURN {
                return;
            }
            self.calls *= 2;
        }
    }

    fn run(&mut self) {
        for _ in 0..self.calls {
            assert!((self.step)(), "{} does not work", self.name);
        }
    }

    fn turn(&mut self) -> f64 {
        let began = Instant::now();
        self.run();
        began.elapsed().as_secs_f64() * 1e9 / f64::from(self.calls)
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
