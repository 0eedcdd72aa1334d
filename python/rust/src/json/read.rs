//! One pass from JSON text to Python objects, by the rules of the token parser: what it refuses is
//! refused here.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::names::Names;
use super::text::unescape;

/// Why a text was not read.
pub(crate) enum Fault {
    /// The text is not acceptable.
    Json(&'static str),
    /// Python could not make an object: memory.
    Python(PyErr),
}

impl Fault {
    /// As the exception of a text that somebody gave us.
    pub(crate) fn into_value_error(self) -> PyErr {
        match self {
            Self::Json(what) => PyValueError::new_err(what),
            Self::Python(error) => error,
        }
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

const SYNTAX: Fault = Fault::Json("not json");

/// Reads a document of one value.
pub(crate) fn read<'py>(
    py: Python<'py>,
    text: &str,
    max_depth: usize,
) -> Result<Bound<'py, PyAny>, Fault> {
    let mut reader =
        Reader { py, text, bytes: text.as_bytes(), position: 0, max_depth, names: Names::new() };
    reader.skip_to();
    let value = reader.value(0)?;
    if reader.skip_to().is_some() {
        return Err(SYNTAX);
    }
    Ok(value)
}

struct Reader<'a, 'py> {
    py: Python<'py>,
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    max_depth: usize,
    names: Names,
}

impl<'a, 'py> Reader<'a, 'py> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// Steps over white space and looks at what follows it.
    fn skip_to(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.position += 1,
                other => return other,
            }
        }
    }

    /// Reads the value at the position, which is inside a container at `depth`.
    fn value(&mut self, depth: usize) -> Result<Bound<'py, PyAny>, Fault> {
        let py = self.py;
        match self.peek() {
            Some(b'"') => Ok(self.string()?.into_any()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => Ok(self.object(depth + 1)?.into_any()),
            Some(b'[') => Ok(self.array(depth + 1)?.into_any()),
            Some(b't') => self.word("true", || PyBool::new(py, true).to_owned().into_any()),
            Some(b'f') => self.word("false", || PyBool::new(py, false).to_owned().into_any()),
            Some(b'n') => self.word("null", || py.None().into_bound(py)),
            _ => Err(SYNTAX),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Bound<'py, PyDict>, Fault> {
        self.enter(depth)?;
        let dict = PyDict::new(self.py);
        if self.skip_to() == Some(b'}') {
            self.position += 1;
            return Ok(dict);
        }
        let mut members = 0;
        loop {
            if self.skip_to() != Some(b'"') {
                return Err(SYNTAX);
            }
            let name = self.name()?;
            if self.skip_to() != Some(b':') {
                return Err(SYNTAX);
            }
            self.position += 1;
            self.skip_to();
            dict.set_item(name, self.value(depth)?)?;
            members += 1;
            match self.skip_to() {
                Some(b',') => self.position += 1,
                Some(b'}') => break,
                _ => return Err(SYNTAX),
            }
        }
        self.position += 1;
        // Equal names share a place in the dict, however they were written.
        if dict.len() == members { Ok(dict) } else { Err(Fault::Json("a duplicate name")) }
    }

    fn array(&mut self, depth: usize) -> Result<Bound<'py, PyList>, Fault> {
        self.enter(depth)?;
        let list = PyList::empty(self.py);
        if self.skip_to() == Some(b']') {
            self.position += 1;
            return Ok(list);
        }
        loop {
            self.skip_to();
            list.append(self.value(depth)?)?;
            match self.skip_to() {
                Some(b',') => self.position += 1,
                Some(b']') => break,
                _ => return Err(SYNTAX),
            }
        }
        self.position += 1;
        Ok(list)
    }

    /// Steps over the opening bracket of a container at `depth`; the outermost is at 1.
    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > self.max_depth {
            return Err(Fault::Json("nested too deep"));
        }
        self.position += 1;
        Ok(())
    }

    fn word(
        &mut self,
        word: &str,
        make: impl FnOnce() -> Bound<'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Fault> {
        let rest = self.bytes.get(self.position..).unwrap_or(&[]);
        self.position += word.len();
        if rest.starts_with(word.as_bytes()) { Ok(make()) } else { Err(SYNTAX) }
    }

    fn number(&mut self) -> Result<Bound<'py, PyAny>, Fault> {
        let start = self.position;
        let mut integer = true;
        let mut exponent = false;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            integer = false;
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            integer = false;
            exponent = true;
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.digits()?;
        }
        let number = self.text.get(start..self.position).ok_or(SYNTAX)?;
        // Only an exponent or more than 300 digits can leave the range of a double.
        let wide = exponent || number.len() > 300;
        if integer && !wide {
            return self.integer(number);
        }
        let float = number.parse::<f64>().map_err(|_| SYNTAX)?;
        if !float.is_finite() {
            return Err(Fault::Json("a number out of range"));
        }
        if integer { self.integer(number) } else { Ok(PyFloat::new(self.py, float).into_any()) }
    }

    /// Makes an `int` of any size.
    fn integer(&self, digits: &str) -> Result<Bound<'py, PyAny>, Fault> {
        if let Ok(small) = digits.parse::<i64>() {
            let Ok(int) = small.into_pyobject(self.py);
            return Ok(int.into_any());
        }
        Ok(self.py.get_type::<PyInt>().call1((digits,))?)
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        if self.position > start { Ok(()) } else { Err(SYNTAX) }
    }

    fn name(&mut self) -> Result<Bound<'py, PyString>, Fault> {
        let (raw, escaped) = self.scan_string()?;
        if escaped {
            return Ok(PyString::new(self.py, &unescape(raw).ok_or(SYNTAX)?));
        }
        Ok(self.names.get(self.py, raw))
    }

    fn string(&mut self) -> Result<Bound<'py, PyString>, Fault> {
        let (raw, escaped) = self.scan_string()?;
        if escaped {
            return Ok(PyString::new(self.py, &unescape(raw).ok_or(SYNTAX)?));
        }
        Ok(PyString::new(self.py, raw))
    }

    /// Steps over a string, from its opening to its closing quote, and says whether there are
    /// escapes in it.
    fn scan_string(&mut self) -> Result<(&'a str, bool), Fault> {
        self.position += 1;
        let start = self.position;
        let mut escaped = false;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.position += 2;
                }
                _ => return Err(SYNTAX),
            }
        }
        let raw = self.text.get(start..self.position).ok_or(SYNTAX)?;
        self.position += 1;
        Ok((raw, escaped))
    }

    /// Steps over bytes that mean themselves, eight at a time: stops at a quote, a backslash, a
    /// control character or the end.
    fn skip_plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.position..).and_then(<[u8]>::first_chunk) {
            let special = special_bytes(u64::from_le_bytes(*chunk));
            self.position += (special.trailing_zeros() / 8) as usize;
            if special != 0 {
                return;
            }
        }
        while let Some(byte) = self.peek() {
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                return;
            }
            self.position += 1;
        }
    }
}

/// Marks the high bit of the first byte of `word` that is a quote, a backslash or below 0x20.
/// Later marks may be wrong (a borrow runs upwards), so only the lowest is used.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & HIGH
}
