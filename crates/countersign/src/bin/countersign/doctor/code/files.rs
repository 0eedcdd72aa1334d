//! Which files, and their text. Nothing but regular files is opened, links to folders are not
//! followed, and no folder is entered twice.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::rules::unreadable::{NOT_READ, TOO_LARGE};
use crate::{
    doctor::{Finding, Place, Rule},
    failure::Failure,
};

/// No file of people is larger.
const LARGEST: u64 = 512 * 1024;
/// Folders in folders, at most.
const DEEPEST: usize = 64;
/// What other people wrote, what machines wrote.
const SKIPPED: [&str; 6] =
    ["__pycache__", "node_modules", "site-packages", "dist-packages", "build", "dist"];

/// A file's text.
#[derive(Debug)]
pub(super) struct Source {
    /// The file, as it was named or found.
    pub(super) name: String,
    /// What it says.
    pub(super) text: String,
}

/// The Python files among these files and in these folders, in order, each once.
pub(super) fn collect(
    paths: &[PathBuf],
    findings: &mut Vec<Finding>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut walk = Walk { seen: BTreeSet::new(), files: BTreeSet::new(), findings };
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| {
            Failure::input(format!("{} cannot be checked: {error}", path.display()))
        })?;
        if metadata.is_dir() {
            walk.folder(path, 0);
        } else if metadata.is_file() {
            walk.file(path);
        } else {
            let path = path.display();
            return Err(Failure::input(format!("{path} is neither a file nor a folder")));
        }
    }
    Ok(walk.files.into_iter().map(|(_, path)| path).collect())
}

struct Walk<'f> {
    seen: BTreeSet<PathBuf>,
    files: BTreeSet<(String, PathBuf)>,
    findings: &'f mut Vec<Finding>,
}

impl Walk<'_> {
    fn file(&mut self, path: &Path) {
        if self.is_new(path) {
            self.files.insert((path.display().to_string(), path.to_owned()));
        }
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        if depth > DEEPEST || !self.is_new(path) || is_environment(path) {
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.findings.push(refused(&NOT_READ, path, error)),
        };
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let Ok(kind) = entry.file_type() else { continue };
            let name = name.to_string_lossy();
            if kind.is_dir() {
                let skipped = name.starts_with('.') || SKIPPED.contains(&name.as_ref());
                if !skipped && !is_test_folder(&name) {
                    self.folder(&path, depth + 1);
                }
            } else if is_python(&name) && !is_test(&name) && is_regular(&path) {
                self.file(&path);
            }
        }
    }

    /// Whether it was not met before, under whatever name.
    fn is_new(&mut self, path: &Path) -> bool {
        self.seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }
}

fn is_python(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension == "py")
}

/// Tests do on purpose what programs must not do; they are checked when they are named.
fn is_test(name: &str) -> bool {
    name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py"
}

fn is_test_folder(name: &str) -> bool {
    matches!(name, "tests" | "test")
}

/// A link to a file counts, a pipe does not: opening one would wait for ever.
fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// A virtual environment: other people's code.
fn is_environment(path: &Path) -> bool {
    path.join("pyvenv.cfg").is_file()
}

/// The text of a file. What cannot be read is a finding.
pub(super) fn read(path: &Path, findings: &mut Vec<Finding>) -> Option<Source> {
    let mut bytes = Vec::new();
    let opened = File::open(path);
    if let Err(error) = opened.and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)) {
        findings.push(refused(&NOT_READ, path, error));
        return None;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        findings.push(refused(&TOO_LARGE, path, "it is larger than 512 KiB"));
        return None;
    }
    let name = path.display().to_string();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text),
        Err(error) => {
            let bytes = error.into_bytes();
            if !declares_encoding(&bytes) {
                findings.push(refused(&NOT_READ, path, "it is no UTF-8, and names no encoding"));
            }
            // The source is ASCII wherever it matters.
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    Some(Source { name, text })
}

/// PEP 263: in one of the first two lines.
fn declares_encoding(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(2);
    lines.any(|line| {
        let line = String::from_utf8_lossy(line);
        line.trim_start().starts_with('#') && line.contains("coding")
    })
}

fn refused(rule: &'static Rule, path: &Path, problem: impl std::fmt::Display) -> Finding {
    let place = Place::line(path.display().to_string(), 1);
    Finding::new(rule, problem.to_string()).at(Some(place))
}
