//! Where a key stands: a file, standard input, a variable. Never an argument, which every process on
//! the machine could read.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{environment, failure::Failure, tokens::input::STDIN};

/// More than any key or set of keys has, in bytes.
const LARGEST: usize = 512 * 1024;

/// What was read, and what it is called in messages.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Text {
    /// A file, or standard input for `-`.
    pub(crate) fn of_file(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == STDIN {
            return Self::take("standard input".to_owned(), io::stdin());
        }
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Self::take(name, file),
            Err(error) if is_meant_as_name(path) => Err(unreadable(&name, &error)),
            Err(_) => Err(Failure::input(
                "there is no such file (its name is not repeated, as it could be a key): give the \
                 name of a file, or - for standard input",
            )),
        }
    }

    /// A variable of the environment.
    pub(crate) fn of_variable(name: &str) -> Result<Self, Failure> {
        let value = environment().find(|(other, _)| other == name).map(|(_, value)| value);
        let value = value.filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::input(
                "there is no such variable, or it is empty (its name is not repeated, as it could \
                 be the secret): give the name of a variable, without $",
            )
        })?;
        let value = value
            .into_string()
            .map_err(|_| Failure::input(format!("the variable {name} is not UTF-8")))?;
        let bytes = Zeroizing::new(value.into_bytes());
        Ok(Self { name: format!("the variable {name}"), bytes })
    }

    /// The same less one line end, which editors add to a secret.
    pub(super) fn without_line_end(mut self) -> Self {
        for end in [b'\n', b'\r'] {
            if self.bytes.last() == Some(&end) {
                self.bytes.pop();
            }
        }
        self
    }

    fn take(name: String, from: impl Read) -> Result<Self, Failure> {
        // As long as it may be, so that no copy is left behind when it grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
        let mut from = from.take(LARGEST as u64 + 1);
        from.read_to_end(&mut bytes).map_err(|error| unreadable(&name, &error))?;
        if bytes.len() > LARGEST {
            return Err(Failure::input(format!("{name} is larger than 512 KiB: that is no key")));
        }
        Ok(Self { name, bytes })
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::input(format!("{name} cannot be read: {error}"))
}

/// Whether a file was meant, and not a key or secret given in place of its name: those end up in
/// logs otherwise.
fn is_meant_as_name(path: &Path) -> bool {
    const ENDINGS: [&str; 9] = ["pem", "der", "key", "pub", "jwk", "jwks", "json", "txt", "secret"];
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    ENDINGS.contains(&ending) || folder.is_some_and(Path::is_dir)
}

/// Whether this is standard input.
pub(super) fn is_stdin(path: Option<&PathBuf>) -> bool {
    path.is_some_and(|path| path.as_os_str() == STDIN)
}
