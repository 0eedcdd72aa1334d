//! A clock for tests that stands still until it is turned.

use std::{sync::Arc, time::Duration};

use countersign::engine::testing::FakeClock;
use countersign_guard::time::{Clock, Timestamp};
use pyo3::prelude::*;

use crate::error;

/// The latest instant that JWT dates are wanted for: the year 9999.
const LATEST: f64 = 253_402_300_799.0;

/// A clock for tests: it stands still until it is advanced.
#[pyclass(frozen, module = "countersign.testing")]
pub(crate) struct TestClock(Arc<FakeClock>);

impl TestClock {
    pub(crate) fn shared(&self) -> Arc<FakeClock> {
        Arc::clone(&self.0)
    }
}

#[pymethods]
impl TestClock {
    #[new]
    #[pyo3(signature = (now = None))]
    fn new(py: Python<'_>, now: Option<f64>) -> PyResult<Self> {
        let clock = match now {
            Some(now) => FakeClock::new(instant(py, now)?),
            None => FakeClock::default(),
        };
        Ok(Self(Arc::new(clock)))
    }

    /// The time of day, in seconds since 1970.
    #[getter]
    fn now(&self) -> f64 {
        Duration::from_millis(u64::try_from(self.0.now().millis()).unwrap_or(0)).as_secs_f64()
    }

    /// Lets so many seconds pass.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let duration = Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|duration| duration.as_secs_f64() < LATEST)
            .ok_or_else(|| error::config(py, "`seconds` is negative, too many or no number"))?;
        self.0.advance(duration);
        Ok(())
    }

    /// Sets the time of day; what measures durations does not notice.
    fn set(&self, py: Python<'_>, now: f64) -> PyResult<()> {
        self.0.set(instant(py, now)?);
        Ok(())
    }
}

fn instant(py: Python<'_>, seconds: f64) -> PyResult<Timestamp> {
    let since_1970 = Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds < LATEST);
    let since_1970 = since_1970
        .ok_or_else(|| error::config(py, "`now` is no time in seconds between 1970 and 9999"))?;
    Ok(Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)))
}
