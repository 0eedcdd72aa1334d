//! The configuration: the same table of settings as the server's, given by Python.

use std::{collections::BTreeSet, ffi::OsString, path::Path};

use countersign::{
    Config as Parsed, ConfigError, Settings,
    config::Origin,
    http::{HttpConfig, InvalidHttpConfig, inlined, openapi},
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::Value;

use crate::{
    arguments::{text, texts},
    error, json,
};

/// What an engine is opened with: parsed once, valid from then on. Making one opens nothing.
#[pyclass(frozen, module = "countersign")]
pub(crate) struct Config {
    parsed: Parsed,
    ignored: Vec<String>,
}

impl Config {
    pub(crate) fn parsed(&self) -> &Parsed {
        &self.parsed
    }
}

#[pymethods]
impl Config {
    #[new]
    #[pyo3(signature = (settings, *, file = None, environment = None))]
    fn new(
        settings: &Bound<'_, PyDict>,
        file: Option<&Bound<'_, PyAny>>,
        environment: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = settings.py();
        let mut gathered = Settings::new();
        if let Some(file) = file {
            let path = text(file, "file")?;
            let found = gathered.file(Path::new(&path)).map_err(|error| refuse(py, &error))?;
            if !found {
                return Err(error::config(py, &format!("there is no file {path:?}")));
            }
        }
        if let Some(environment) = environment {
            let variables = pairs(environment, "environment")?;
            gathered.environment(variables).map_err(|error| refuse(py, &error))?;
        }
        for (key, value) in settings {
            let key = text(&key, "settings")?;
            let taken = match text(&value, &key) {
                Ok(value) => gathered.set(&key, &value, Origin::Code),
                Err(_) => gathered.set_list(&key, &texts(&value, &key)?, Origin::Code),
            };
            taken.map_err(|error| refuse(py, &error))?;
        }
        let ignored = gathered.ignored().to_vec();
        let parsed = gathered.build().map_err(|error| refuse(py, &error))?;
        Ok(Self { parsed, ignored })
    }

    /// The issuer.
    #[getter]
    fn issuer(&self) -> &str {
        &self.parsed.engine.issuer
    }

    /// The audiences; tokens are issued for the first.
    #[getter]
    fn audiences<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.parsed.engine.audiences)
    }

    /// Variables that begin like ours and are no setting.
    #[getter]
    fn ignored<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.ignored)
    }

    /// The OpenAPI document of these groups of routes under `mount`, its schemas written out where
    /// they are used.
    fn openapi<'py>(
        &self,
        mount: &Bound<'py, PyAny>,
        routes: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = mount.py();
        let http = hosted(&self.parsed.http, mount, routes)?;
        let mut document = inlined(&openapi(self.issuer(), &http));
        put_below(&http.mount, &mut document);
        let text = document.to_string();
        json::read(py, &text, json::MAX_DEPTH).map_err(json::Fault::into_value_error)
    }
}

/// Writes the mount into the paths: a document that this one is merged into has servers of its own.
/// What stands at the root says so by servers of its own.
fn put_below(mount: &str, document: &mut Value) {
    let Some(document) = document.as_object_mut() else { return };
    document.remove("servers");
    let Some(Value::Object(paths)) = document.get_mut("paths") else { return };
    *paths = std::mem::take(paths)
        .into_iter()
        .map(|(path, mut item)| {
            let at_root = item.as_object_mut().and_then(|item| item.remove("servers")).is_some();
            (if at_root { path } else { format!("{mount}{path}") }, item)
        })
        .collect();
}

/// The HTTP configuration of a host: its own mount and groups of routes.
pub(crate) fn hosted(
    http: &HttpConfig,
    mount: &Bound<'_, PyAny>,
    routes: &Bound<'_, PyAny>,
) -> PyResult<HttpConfig> {
    let py = mount.py();
    let invalid = |error: &InvalidHttpConfig| error::config(py, &error.to_string());
    let mut http = http.clone();
    http.mount = text(mount, "prefix")?;
    http.routes = texts(routes, "routes")?
        .iter()
        .map(|group| group.parse())
        .collect::<Result<BTreeSet<_>, _>>()
        .map_err(|error| invalid(&error))?;
    http.validate().map_err(|error| invalid(&error))?;
    Ok(http)
}

fn refuse(py: Python<'_>, refusal: &ConfigError) -> PyErr {
    error::config(py, &refusal.to_string())
}

fn pairs(dict: &Bound<'_, PyDict>, name: &str) -> PyResult<Vec<(OsString, OsString)>> {
    let pair = |(key, value)| Ok((text(&key, name)?.into(), text(&value, name)?.into()));
    dict.iter().map(pair).collect()
}
