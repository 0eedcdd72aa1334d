//! Names of members as Python strings that are kept: the same few names come with every token, and
//! a kept string need not be made, nor hashed for the dict, again.

use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::PyString;

const SLOTS: usize = 256;

/// Longer names are not kept.
const MAX_BYTES: usize = 64;

type Slot = Option<(Box<str>, Py<PyString>)>;

/// Strings only, which mean the same to everybody, so this is not state that anything depends on.
static KEPT: Mutex<[Slot; SLOTS]> = Mutex::new([const { None }; SLOTS]);

/// The kept names, for one document.
pub(super) struct Names {
    /// Nothing waits for this: making an object may run a finalizer that reads JSON itself, so
    /// whoever finds it locked does without.
    kept: Option<MutexGuard<'static, [Slot; SLOTS]>>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { kept: KEPT.try_lock().ok() }
    }

    /// The name as a Python string.
    pub(super) fn get<'py>(&mut self, py: Python<'py>, name: &str) -> Bound<'py, PyString> {
        let kept = self.kept.as_mut().filter(|_| name.len() <= MAX_BYTES);
        let Some(slot) = kept.and_then(|kept| kept.get_mut(place(name.as_bytes()))) else {
            return PyString::new(py, name);
        };
        if let Some((kept, string)) = slot
            && **kept == *name
        {
            return string.bind(py).clone();
        }
        let string = PyString::new(py, name);
        *slot = Some((name.into(), string.clone().unbind()));
        string
    }
}

/// Where a name is kept: its length and its first and last bytes, mixed.
fn place(name: &[u8]) -> usize {
    let first = name.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
    let last = name.last().copied().map_or(0, u64::from);
    let mixed =
        (first ^ last << 40 ^ (name.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize
}
