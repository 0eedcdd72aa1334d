//! Rates for the application's own limits.

use countersign::engine::limits::Rates as EngineRates;
use pyo3::prelude::*;

use crate::{arguments::text, error};

/// Rates as people write them: `"5 per minute"`, `"200/day; 50/hour"`.
#[pyclass(frozen, eq, module = "countersign")]
#[derive(PartialEq)]
pub(crate) struct Rates(EngineRates);

impl Rates {
    pub(crate) fn inner(&self) -> &EngineRates {
        &self.0
    }
}

#[pymethods]
impl Rates {
    #[new]
    fn new(rates: &Bound<'_, PyAny>) -> PyResult<Self> {
        let parsed = text(rates, "rates")?.parse();
        parsed.map(Self).map_err(|invalid: countersign::engine::limits::InvalidRate| {
            error::config(rates.py(), &invalid.to_string())
        })
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Rates({:?})", self.0.to_string())
    }
}
