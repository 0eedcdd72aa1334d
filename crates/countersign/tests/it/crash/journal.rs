//! What was asked and what was answered, written down before and after.
//!
//! A line that says `asks` without one that says `hears` is a request of which nobody knows what
//! came of it. Of every state change that was acknowledged, the journal keeps the audit row that
//! must be there.

use std::{
    fmt,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// What a client asks; accounts and sessions are numbered by the client that made them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Register {
        account: usize,
    },
    Login {
        account: usize,
    },
    Refresh {
        session: usize,
    },
    Me {
        session: usize,
    },
    Logout {
        session: usize,
        by_refresh_token: bool,
    },
    RevokeSession {
        session: usize,
    },
    RevokeAccess {
        session: usize,
    },
    /// A token that is older than a repetition may be.
    Replay {
        session: usize,
    },
    ChangePassword {
        session: usize,
    },
    LogoutAll {
        session: usize,
    },
}

/// A row that the audit log must hold: its kind, and whom or what it names.
pub(crate) type AuditRow = (&'static str, String);

/// The file that all clients write to.
#[derive(Clone, Debug)]
pub(crate) struct JournalFile {
    file: Arc<Mutex<File>>,
    path: PathBuf,
}

impl JournalFile {
    pub(crate) fn create(path: &Path) -> Self {
        let file = Arc::new(Mutex::new(File::create(path).unwrap()));
        Self { file, path: path.to_owned() }
    }

    /// Says what happened to the server.
    pub(crate) fn note(&self, what: impl fmt::Display) {
        writeln!(self.file.lock().unwrap(), "{what}").unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing went wrong; nobody needs it.
    pub(crate) fn remove(self) {
        fs::remove_file(&self.path).unwrap();
    }
}

/// One client's part.
#[derive(Debug)]
pub(crate) struct Journal {
    client: usize,
    asked: u64,
    file: JournalFile,
    /// Of what was acknowledged and not looked for yet.
    pub(crate) expected: Vec<AuditRow>,
}

impl Journal {
    pub(crate) fn new(client: usize, file: JournalFile) -> Self {
        Self { client, asked: 0, file, expected: Vec::new() }
    }

    /// Before a request.
    pub(crate) fn asks(&mut self, operation: Operation) {
        self.asked += 1;
        self.file.note(format_args!("{} asks {}: {operation:?}", self.client, self.asked));
    }

    /// After its answer.
    pub(crate) fn hears(&self, status: u16) {
        self.file.note(format_args!("{} hears {}: {status}", self.client, self.asked));
    }

    /// A state change was acknowledged.
    pub(crate) fn expect(&mut self, kind: &'static str, whom: impl Into<String>) {
        self.expected.push((kind, whom.into()));
    }

    /// How many requests were made.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }
}
