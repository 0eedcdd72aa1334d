//! The master key's file: made once with a new database, and never trusted when others could have
//! read or replaced it.
//!
//! Making it cannot overwrite: the key is written to a temporary file that only its owner can read,
//! brought to disk, and linked into place; whoever loses that race reads the winner's. All this
//! happens before the database's first commit, so that no database is ever without its key.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use countersign_engine::{
    master::MasterKeys,
    random::{self, Random},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{DatabaseUrl, config::MasterKeySource};

/// More than 255 keys need.
const LARGEST: u64 = 64 * 1024;

/// A master key that cannot be used. Nothing of a key is ever repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// The text of the variable.
    #[error("COUNTERSIGN_MASTER_KEY cannot be read: {problem}")]
    Text {
        /// What is wrong with it.
        problem: String,
    },
    /// The file is a symbolic link.
    #[error(
        "the master key file {path} is a symbolic link: put the file itself there, or set \
         master_key_file to where it is"
    )]
    Link {
        /// Which file.
        path: String,
    },
    /// It is a folder, a pipe or the like.
    #[error(
        "the master key file {path} is no regular file: put the key file there from its backup"
    )]
    NoFile {
        /// Which file.
        path: String,
    },
    /// Others may read it.
    #[error(
        "the master key file {path} can be read or changed by others (mode {mode:04o}): run `chmod \
         600 {path}`, and if somebody may have read it, treat the key as stolen"
    )]
    Exposed {
        /// Which file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// It holds no keys.
    #[error("the master key file {path} is damaged ({problem}): put it back from its backup")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The database needs a key that is not there.
    #[error(
        "the database has data, but its master key file {path} is missing: put it back from its \
         backup, or set COUNTERSIGN_MASTER_KEY; a new key could not read what is there"
    )]
    Missing {
        /// Which file.
        path: String,
    },
    /// The system refuses.
    #[error("the master key file {path} cannot be {what}: {source}")]
    System {
        /// Which file.
        path: String,
        /// Read or made.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// The keys that `COUNTERSIGN_MASTER_KEY` has.
pub(crate) fn parse(text: &SecretString) -> Result<MasterKeys, MasterKeyError> {
    MasterKeys::parse(text.expose_secret().trim())
        .map_err(|error| MasterKeyError::Text { problem: error.to_string() })
}

/// The master keys of a deployment, read and never made. `None` when there is no file yet.
///
/// # Errors
/// What is wrong with the text or the file, and what to do.
pub fn read_master_keys(
    source: &MasterKeySource,
    database: &DatabaseUrl,
) -> Result<Option<MasterKeys>, MasterKeyError> {
    let DatabaseUrl::Sqlite { path } = database;
    match source {
        MasterKeySource::Text(text) => parse(text).map(Some),
        MasterKeySource::File(path) => read(path),
        MasterKeySource::BesideDatabase => read(&beside(path)),
    }
}

/// Where a database's key is when nobody says: `<database>.key`.
pub(crate) fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".key");
    PathBuf::from(name)
}

/// The keys in the file; `None` when there is no file.
pub(crate) fn read(path: &Path) -> Result<Option<MasterKeys>, MasterKeyError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut text = String::new();
    let size = file
        .take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| damaged(path, format!("it is no text: {error}")))?;
    let text = SecretString::from(text);
    if u64::try_from(size).unwrap_or(u64::MAX) > LARGEST {
        return Err(damaged(path, "it is larger than 64 KiB".into()));
    }
    let keys: Vec<&str> = text
        .expose_secret()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let keys = SecretString::from(keys.join(","));
    MasterKeys::parse(keys.expose_secret())
        .map(Some)
        .map_err(|error| damaged(path, error.to_string()))
}

/// Makes a key and its file, or reads the one that another process made meanwhile.
pub(crate) fn create(path: &Path, random: &dyn Random) -> Result<MasterKeys, MasterKeyError> {
    let key = MasterKeys::generate(1, random);
    let suffix = u64::from_be_bytes(random::bytes(random));
    let mut temporary = OsString::from(path);
    temporary.push(format!(".{suffix:016x}.tmp"));
    let temporary = PathBuf::from(temporary);
    let written = write_new(&temporary, &key).and_then(|()| fs::hard_link(&temporary, path));
    // Whatever came of it, this one has done its work.
    let _ = fs::remove_file(&temporary);
    match written {
        Ok(()) => sync_folder(path).map_err(|error| system(path, "made", error))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(system(path, "made", error)),
    }
    read(path)?.ok_or_else(|| missing(path))
}

pub(crate) fn missing(path: &Path) -> MasterKeyError {
    MasterKeyError::Missing { path: path.display().to_string() }
}

/// Opens the file if it is one that only its owner can have written.
fn open(path: &Path) -> Result<Option<File>, MasterKeyError> {
    let named = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(system(path, "read", error)),
    };
    let name = || path.display().to_string();
    if named.is_symlink() {
        return Err(MasterKeyError::Link { path: name() });
    }
    if !named.is_file() {
        return Err(MasterKeyError::NoFile { path: name() });
    }
    let file = File::open(path).map_err(|error| system(path, "read", error))?;
    let opened = file.metadata().map_err(|error| system(path, "read", error))?;
    private(path, &named, &opened)?;
    Ok(Some(file))
}

/// Looks at the opened file, not at the name: a name can point elsewhere a moment later.
#[cfg(unix)]
fn private(path: &Path, named: &fs::Metadata, opened: &fs::Metadata) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::MetadataExt;

    let name = path.display().to_string();
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(MasterKeyError::Link { path: name });
    }
    let mode = opened.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed { path: name, mode });
    }
    Ok(())
}

/// Who may read a file is not said by a mode here.
#[cfg(not(unix))]
fn private(_: &Path, _: &fs::Metadata, _: &fs::Metadata) -> Result<(), MasterKeyError> {
    Ok(())
}

fn write_new(path: &Path, key: &SecretString) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(
        b"# Countersign's master key. Without it the database beside it cannot be used; with it, \
          its tokens can be made.\n# Keep a copy apart from the database's backup.\n",
    )?;
    file.write_all(key.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// The name is on disk only when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn damaged(path: &Path, problem: String) -> MasterKeyError {
    MasterKeyError::Damaged { path: path.display().to_string(), problem }
}

fn system(path: &Path, what: &'static str, source: io::Error) -> MasterKeyError {
    MasterKeyError::System { path: path.display().to_string(), what, source }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        os::unix::fs::{PermissionsExt, symlink},
        thread,
    };

    use countersign_engine::random::SystemRandom;

    use super::*;

    #[test]
    fn a_new_key_is_private_and_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db.key");
        let made = create(&path, &SystemRandom).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().checks(), made.checks());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the temporary file stayed");
    }

    #[test]
    fn all_who_race_have_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db.key");
        let race = || create(&path, &SystemRandom).unwrap().checks();
        let checks = thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(race)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(checks.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn h31_a_link_an_exposed_and_a_damaged_file_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db.key");
        create(&path, &SystemRandom).unwrap();
        let link = dir.path().join("link.key");
        symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(MasterKeyError::Link { .. })));
        assert!(matches!(create(&link, &SystemRandom), Err(MasterKeyError::Link { .. })));
        assert!(matches!(read(dir.path()), Err(MasterKeyError::NoFile { .. })));
        for mode in [0o640, 0o604, 0o620, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "# only a comment\n", "1:short", "no key at all", &"x".repeat(70_000)] {
            fs::write(&path, text).unwrap();
            assert!(matches!(read(&path), Err(MasterKeyError::Damaged { .. })));
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(read(&path), Err(MasterKeyError::Damaged { .. })));
        assert!(read(&dir.path().join("none")).unwrap().is_none());
    }
}
