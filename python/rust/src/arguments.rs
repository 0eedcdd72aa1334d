//! Arguments of constructors. A wrong one is a wrong configuration, so it is refused with a
//! `ConfigurationError` that says what to write, never with a `TypeError`.

use std::str::FromStr;

use countersign_jose::Algorithm;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};

use crate::error;

/// What a call was given, by name.
pub(crate) struct Arguments<'py> {
    py: Python<'py>,
    what: &'static str,
    names: &'static [&'static str],
    given: Bound<'py, PyDict>,
}

impl<'py> Arguments<'py> {
    /// Names the arguments; the first `positional` of `names` may be given without their name.
    pub(crate) fn new(
        what: &'static str,
        names: &'static [&'static str],
        positional: usize,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Self> {
        let py = args.py();
        let given = match kwargs {
            Some(kwargs) => kwargs.copy()?,
            None => PyDict::new(py),
        };
        if args.len() > positional {
            let refusal = format!(
                "{what} takes {positional} arguments without their names; name the others, of: {}",
                names.join(", ")
            );
            return Err(error::config(py, &refusal));
        }
        for (name, value) in names.iter().zip(args) {
            if given.contains(name)? {
                return Err(error::config(py, &format!("{what}: `{name}` is given twice")));
            }
            given.set_item(name, value)?;
        }
        for name in given.keys() {
            let name = name.to_string();
            if !names.contains(&name.as_str()) {
                let refusal =
                    format!("{what} knows no argument `{name}`; it knows {}", names.join(", "));
                return Err(error::config(py, &refusal));
            }
        }
        Ok(Self { py, what, names, given })
    }

    /// The argument, when it was given.
    pub(crate) fn optional(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        debug_assert!(self.names.contains(&name));
        self.given.get_item(name)
    }

    /// The argument; `hint` says what to write when it is missing.
    pub(crate) fn required(&self, name: &str, hint: &str) -> PyResult<Bound<'py, PyAny>> {
        self.optional(name)?.ok_or_else(|| {
            let refusal = format!("{} needs `{name}`: {hint}", self.what);
            error::config(self.py, &refusal)
        })
    }

    /// The argument when it is there and not `None`.
    pub(crate) fn some(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.optional(name)?.filter(|value| !value.is_none()))
    }

    pub(crate) fn optional_text(&self, name: &str) -> PyResult<Option<String>> {
        self.some(name)?.map(|value| text(&value, name)).transpose()
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> PyResult<bool> {
        let Some(value) = self.optional(name)? else { return Ok(default) };
        match value.cast::<PyBool>() {
            Ok(flag) => Ok(flag.is_true()),
            Err(_) => Err(error::config(self.py, &format!("`{name}` is not True or False"))),
        }
    }

    /// A number that is not negative and not above what a `T` holds.
    pub(crate) fn number<T: TryFrom<u64>>(&self, name: &str, default: T) -> PyResult<T> {
        let Some(value) = self.optional(name)? else { return Ok(default) };
        let plain = value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
        let number = if plain { value.extract::<u64>().ok() } else { None };
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
            error::config(
                self.py,
                &format!("`{name}` is not a whole number from 0 up, or too large"),
            )
        })
    }

    pub(crate) fn algorithm(&self, name: &str) -> PyResult<Algorithm> {
        algorithm(&self.required(name, "a key is for one algorithm, such as \"ES256\"")?, name)
    }

    pub(crate) fn optional_algorithm(&self, name: &str) -> PyResult<Option<Algorithm>> {
        self.some(name)?.map(|value| algorithm(&value, name)).transpose()
    }

    pub(crate) fn optional_algorithms(&self, name: &str) -> PyResult<Option<Vec<Algorithm>>> {
        self.some(name)?.map(|value| algorithms(&value, name)).transpose()
    }
}

/// A list of names of algorithms.
pub(crate) fn algorithms(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<Algorithm>> {
    elements(value, name)?.iter().map(|element| algorithm(element, name)).collect()
}

fn algorithm(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Algorithm> {
    let text = text(value, name)?;
    Algorithm::from_str(&text).map_err(|_| {
        let known: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::as_str).collect();
        let refusal = format!("`{name}`: unknown algorithm; known are {}", known.join(", "));
        error::config(value.py(), &refusal)
    })
}

/// A list of strings.
pub(crate) fn texts(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<String>> {
    elements(value, name)?.iter().map(|element| text(element, name)).collect()
}

/// A string.
pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    let string = value.cast::<PyString>().ok().and_then(|string| string.to_str().ok());
    string.map(str::to_owned).ok_or_else(|| {
        error::config(value.py(), &format!("`{name}` is not a str, or not one of whole characters"))
    })
}

/// What a list holds. One string is not taken for the list of its characters.
pub(crate) fn elements<'py>(
    value: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let list = value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
        || value.is_instance_of::<PySet>()
        || value.is_instance_of::<PyFrozenSet>();
    let refused = || error::config(value.py(), &format!("`{name}` is not a list: write [...]"));
    if !list {
        return Err(refused());
    }
    value.try_iter().and_then(Iterator::collect).map_err(|_| refused())
}
