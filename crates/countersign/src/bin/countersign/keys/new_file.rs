//! Writing keys where nothing is yet: into a file that did not exist, or to standard output.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{failure::Failure, tokens::input::STDIN};

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Whom the system lets.
    Everybody,
}

/// A place for a key: nothing of it remains unless it is written in full.
#[derive(Debug)]
pub(crate) struct NewFile {
    /// `None` for standard output.
    file: Option<File>,
    path: PathBuf,
    is_done: bool,
}

impl NewFile {
    /// Makes an empty file; `-` is standard output.
    ///
    /// # Errors
    /// There is something already, or the folder does not let anything be made.
    pub(crate) fn make(path: &Path, readers: Readers) -> Result<Self, Failure> {
        if path.as_os_str() == STDIN {
            return Ok(Self { file: None, path: path.to_owned(), is_done: false });
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if matches!(readers, Readers::Owner) {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = readers; // Who may read a file is not said by a mode here.
        let file = options.open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { file: Some(file), path: path.to_owned(), is_done: false })
    }

    /// Whether it is standard output, where nothing else may then stand.
    pub(crate) const fn is_stdout(&self) -> bool {
        self.file.is_none()
    }

    /// Writes all of it, and onto the disk.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(file) = &mut self.file else {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes)?;
            return Ok(stdout.flush()?);
        };
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(|error| {
            Failure::ours(format!("{} cannot be written: {error}", self.path.display()))
        })
    }

    /// Lets it remain.
    pub(crate) fn keep(mut self) {
        self.is_done = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.is_some() && !self.is_done {
            // What cannot be removed either has been said to be wrong already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::input(format!(
            "{path} is there already: no key is ever overwritten; name another file, or remove it"
        )),
        _ => Failure::input(format!("{path} cannot be made: {error}")),
    }
}
