//! Python objects as JSON, for claims and keys. Only what has one meaning in JSON is taken.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::MAX_DEPTH;

/// Writes a dict as one JSON object.
///
/// # Errors
/// What cannot be written, as a sentence.
pub(crate) fn write(dict: &Bound<'_, PyDict>) -> Result<Vec<u8>, String> {
    let mut text = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut text);
    Object { dict, depth: 1 }.serialize(&mut serializer).map_err(|error| error.to_string())?;
    Ok(text)
}

struct Object<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    depth: usize,
}

impl Serialize for Object<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        check_depth(self.depth)?;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.dict.iter() {
            let name =
                name.cast::<PyString>().map_err(|_| S::Error::custom("a name is not a str"))?;
            let name = name.to_str().map_err(|_| S::Error::custom(NOT_TEXT))?;
            map.serialize_entry(name, &Json { value: &value, depth: self.depth })?;
        }
        map.end()
    }
}

const NOT_TEXT: &str = "a str has a lone surrogate";

/// A value that is written as it is serialized.
pub(crate) struct Json<'a, 'py> {
    value: &'a Bound<'py, PyAny>,
    depth: usize,
}

impl<'a, 'py> Json<'a, 'py> {
    /// A value that stands inside one object.
    pub(crate) fn new(value: &'a Bound<'py, PyAny>) -> Self {
        Self { value, depth: 1 }
    }
}

impl Serialize for Json<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.value;
        let depth = self.depth + 1;
        if let Ok(text) = value.cast::<PyString>() {
            let text = text.to_str().map_err(|_| S::Error::custom(NOT_TEXT))?;
            return serializer.serialize_str(text);
        }
        if let Ok(truth) = value.cast::<PyBool>() {
            return serializer.serialize_bool(truth.is_true());
        }
        if let Ok(integer) = value.cast::<PyInt>() {
            return serialize_integer(integer, serializer);
        }
        if let Ok(list) = value.cast::<PyList>() {
            return serialize_elements(list.iter(), depth, serializer);
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return Object { dict, depth }.serialize(serializer);
        }
        if value.is_none() {
            return serializer.serialize_unit();
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            return match float.value() {
                finite if finite.is_finite() => serializer.serialize_f64(finite),
                _ => Err(S::Error::custom("a float is not finite")),
            };
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return serialize_elements(tuple.iter(), depth, serializer);
        }
        Err(S::Error::custom(format!("a {} has no json form", type_name(value))))
    }
}

fn serialize_integer<S: Serializer>(
    integer: &Bound<'_, PyInt>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if let Ok(small) = integer.extract::<i64>() {
        return serializer.serialize_i64(small);
    }
    // The type's own way of writing it, not a subclass's.
    let digits = integer.py().get_type::<PyInt>().call_method1("__repr__", (integer,));
    let digits = digits.map_err(|_| S::Error::custom("an int has too many digits"))?;
    // A parser that counts in doubles, as this one does, could not read it.
    if !digits.to_string().parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(S::Error::custom("an int is beyond the range of a double"));
    }
    let raw = RawValue::from_string(digits.to_string()).map_err(S::Error::custom)?;
    raw.serialize(serializer)
}

fn serialize_elements<'py, S: Serializer>(
    elements: impl Iterator<Item = Bound<'py, PyAny>>,
    depth: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    check_depth(depth)?;
    let mut sequence = serializer.serialize_seq(None)?;
    for value in elements {
        sequence.serialize_element(&Json { value: &value, depth })?;
    }
    sequence.end()
}

fn check_depth<E: Error>(depth: usize) -> Result<(), E> {
    if depth > MAX_DEPTH { Err(E::custom("nested too deep, or in itself")) } else { Ok(()) }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "value".to_owned(), |name| name.to_string())
}
